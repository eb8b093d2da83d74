package process_test

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"testing"
	"time"

	"admitone/actors"
	"admitone/actors/allowance"
	"admitone/actors/booking"
	"admitone/actors/core"
	"admitone/actors/process"
	"admitone/actors/seat"
	"admitone/actors/wallet"
	"admitone/events"
	"admitone/events/embedded"
)

var discard = slog.New(slog.DiscardHandler)

func openStore(dir string) (events.Store, error) {
	return embedded.Open(dir, embedded.Options{Logger: discard, Fatal: func(err error) { panic(err) }})
}

// openDesk opens a node on the log.
func openDesk(store events.Store) (*actors.Desk, error) {
	engine, err := actors.NewEngine()
	if err != nil {
		return nil, err
	}
	return actors.NewDesk(engine, actors.Config{Store: store, Logger: discard, AppendTimeout: time.Minute,
		Kinds: []core.Kind{seat.Kind, booking.Kind, wallet.Kind, allowance.Kind}}), nil
}

// harness is a log with purchases.
type harness struct {
	testing.TB
	store events.Store
	desk  *actors.Desk
}

func newHarness(t testing.TB) *harness {
	store, err := openStore(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := store.Close(); err != nil {
			t.Error(err)
		}
	})
	w := &harness{TB: t, store: store}
	w.desk = w.node()
	return w
}

// node opens another node on the log.
func (w *harness) node() *actors.Desk {
	desk, err := openDesk(w.store)
	if err != nil {
		w.Fatal(err)
	}
	w.Cleanup(func() {
		if err := desk.Close(context.Background()); err != nil {
			w.Error(err)
		}
	})
	return desk
}

var from = actors.Request{ID: "request", CorrelationID: "request", CausationID: "request", Actor: "ann"}

// do sends a command that belongs to no process.
func (w *harness) do(stream events.StreamID, command core.Command) {
	w.Helper()
	request := from
	request.Stream, request.Command, request.ID = stream, command, actors.NewCommandID()
	if _, err := w.desk.Ask(w.Context(), request); err != nil {
		w.Fatal(err)
	}
}

// purchase is a process with steps of every kind: it takes two seats and the money for them. Its own
// stream is that of a booking with the same id.
type purchase struct {
	id    events.BookingID
	limit int64
}

func (p purchase) holder() events.Holder { return events.Holder("ann-" + string(p.id)) }
func (p purchase) hold() events.HoldID   { return events.NewHoldID(p.id, 1) }
func (p purchase) seat(name events.SeatName) events.StreamID {
	return seat.Stream(events.PerformanceID(p.id), name)
}
func (p purchase) wallet() events.StreamID { return wallet.Stream(p.holder()) }
func (p purchase) allowance() events.StreamID {
	return allowance.Stream(events.PerformanceID(p.id), p.holder())
}

var seats = []events.SeatName{"A-1-1", "A-1-2"}

// announce records the start of a purchase in its stream.
func (w *harness) announce(id events.BookingID, balance, limit int64) purchase {
	w.Helper()
	p := purchase{id: id, limit: limit}
	w.do(p.wallet(), &wallet.Charge{ID: "c", Amount: balance})
	w.do(booking.Stream(id), &booking.Hold{ID: id, PerformanceID: events.PerformanceID(id), Holder: p.holder(), Attempt: 1,
		Seats:     []events.BookedSeat{{Seat: seats[0], Price: 100}, {Seat: seats[1], Price: 100}},
		ExpiresAt: time.Now().Add(time.Hour)})
	w.do(booking.Stream(id), &booking.StartPayment{})
	return p
}

var errEnded = errors.New("another run has completed the purchase")

// describe returns the steps of a purchase according to its stream, nil if it has ended.
func (p purchase) describe(ctx context.Context, entities actors.Dispatcher,
	r *process.Runner) (*process.Process, error) {
	paying, booked := false, false
	read := func() error {
		_, err := entities.View(ctx, booking.Stream(p.id), func(c core.Core) {
			status := c.(*booking.Booking).State().Status
			paying, booked = status == events.BookingIsPaying, status == events.BookingIsBooked
		})
		return err
	}
	if err := read(); err != nil || !paying {
		return nil, err
	}
	hold := p.hold()
	described := &process.Process{ID: string(hold), Announced: true,
		Withdraw: &process.Step{Name: "start", Stream: booking.Stream(p.id),
			Undo: &booking.FailPayment{PaymentID: hold, Reason: events.FailedLate}}}
	takeStage, bookStage := process.Stage{Ordered: true}, process.Stage{}
	for _, name := range seats {
		takeStage.Steps = append(takeStage.Steps, process.Step{Name: "take", Stream: p.seat(name),
			Do:   &seat.Hold{HoldID: hold, Holder: p.holder(), Price: 100, HoldFor: time.Hour},
			Undo: &seat.Release{HoldID: hold, Reason: events.ReleasedUnpaid}})
		bookStage.Steps = append(bookStage.Steps, process.Step{Name: "keep", Stream: p.seat(name),
			Do: &seat.Book{HoldID: hold}})
	}
	described.Stages = []process.Stage{
		{Steps: []process.Step{{Name: "allow", Stream: p.allowance(),
			Do:   &allowance.Take{HoldID: hold, Seats: 2, Limit: p.limit, For: time.Hour},
			Undo: &allowance.Release{HoldID: hold}}}},
		takeStage,
		{Steps: []process.Step{{Name: "debit", Stream: p.wallet(), Do: &wallet.Debit{PaymentID: hold, Amount: 200}}}},
		bookStage,
		{Steps: []process.Step{{Name: "complete", ID: process.ID("complete", string(hold)), Stream: booking.Stream(p.id),
			Do: &booking.Complete{PaymentID: hold}}}},
	}
	described.Close = func(ctx context.Context) error {
		if err := read(); err != nil || booked {
			return errors.Join(err, errEnded)
		}
		_, err := r.Take(ctx, from, described, &process.Step{Name: "refund", Stream: p.wallet(),
			Do: &wallet.Refund{PaymentID: hold}})
		return err
	}
	return described, nil
}

// resume runs the purchase as described from its stream, on one node.
func (p purchase) resume(ctx context.Context, entities actors.Dispatcher, observe func([]events.Fact)) error {
	r := &process.Runner{Entities: entities, Observe: observe}
	all, err := p.describe(ctx, entities, r)
	if err != nil || all == nil {
		return err
	}
	return r.Run(ctx, from, all)
}

// outcome returns the state of a purchase: "booked" or "nothing" if it has ended consistently,
// "in progress", or "inconsistent".
func (w *harness) outcome(p purchase, balance int64) string {
	w.Helper()
	view := func(stream events.StreamID, read func(core.Core)) {
		if _, err := w.desk.View(context.Background(), stream, read); err != nil {
			w.Fatal(err)
		}
	}
	var status events.BookingStatus
	var left, taken int64
	heldSeats, bookedSeats := 0, 0
	view(booking.Stream(p.id), func(c core.Core) { status = c.(*booking.Booking).State().Status })
	view(p.wallet(), func(c core.Core) { left = c.(*wallet.Wallet).Balance() })
	view(p.allowance(), func(c core.Core) { taken = c.(*allowance.Allowance).Taken() })
	for _, name := range seats {
		view(p.seat(name), func(c core.Core) {
			if owner, _ := c.(*seat.Seat).Owner(); owner == p.hold() {
				heldSeats++
				if c.(*seat.Seat).Status() == events.SeatIsBooked {
					bookedSeats++
				}
			}
		})
	}
	switch {
	case status == events.BookingIsBooked && left == balance-200 && taken == 2 && bookedSeats == 2:
		return "booked"
	case status == events.BookingIsExpired && left == balance && taken == 0 && heldSeats == 0:
		return "nothing"
	case status == events.BookingIsPaying:
		return "in progress"
	}
	return "inconsistent"
}

// recorded returns the names of the facts of a purchase's process, in order, and the number of
// command ids used for more than one decision.
func (w *harness) recorded(p purchase) (names []string, reused int) {
	w.Helper()
	decided := map[string]events.Revision{}
	for event, err := range events.All(context.Background(), w.store, 0) {
		if err != nil {
			w.Fatal(err)
		}
		metadata, err := events.ParseMetadata(event.Metadata)
		if err != nil {
			w.Fatal(err)
		}
		if _, derived := actors.CommandID(metadata.CommandID).Key(); !derived || !p.includes(event.Stream) {
			continue
		}
		names = append(names, event.Type)
		command := string(event.Stream) + " " + metadata.CommandID
		if last, ok := decided[command]; ok && event.Revision != last+1 {
			reused++
		}
		decided[command] = event.Revision
	}
	return names, reused
}

func (p purchase) includes(stream events.StreamID) bool {
	switch stream {
	case booking.Stream(p.id), p.wallet(), p.allowance(), p.seat(seats[0]), p.seat(seats[1]):
		return true
	}
	return false
}

var errCrashed = errors.New("the node has crashed")

// faults is a faulty connection between a runner and its desk.
type faults struct {
	actors.Dispatcher
	mu sync.Mutex // held during a command, so that decisions can be counted
	// at is the number of commands with facts before the one that the fault affects. Guarded by mu.
	at       int
	injected bool // the fault has occurred; guarded by mu
	// persisted means that the affected command is executed, gone that every later one fails.
	persisted, crash bool
	err              error // returned for the affected command; nil for ErrUnavailable
}

// Ask executes a command, or fails before or after it, as configured.
func (f *faults) Ask(ctx context.Context, request actors.Request) (answer actors.Answer, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.injected && f.crash {
		return actors.Answer{}, errCrashed
	}
	affected := false
	if f.at == 0 && !f.injected {
		_, err := f.View(ctx, request.Stream, func(c core.Core) {
			facts, _ := c.Decide(request.Command, time.Now())
			affected = len(facts) > 0
		})
		if err != nil {
			return actors.Answer{}, err
		}
	}
	if affected && !f.persisted {
		f.injected = true
		return actors.Answer{}, f.failure()
	}
	answer, err = f.Dispatcher.Ask(ctx, request)
	switch {
	case affected:
		f.injected = true
		return actors.Answer{}, f.failure()
	case err == nil && len(answer.Facts) > 0 && !answer.Replayed:
		f.at--
	}
	return answer, err
}

func (f *faults) failure() error {
	switch {
	case f.err != nil:
		return f.err
	case f.crash:
		return errCrashed
	}
	return actors.ErrUnavailable
}
