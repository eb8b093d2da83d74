package bookings

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"admitone/actors"
	"admitone/actors/allowance"
	"admitone/actors/area"
	"admitone/actors/booking"
	"admitone/actors/core"
	money "admitone/actors/payment"
	"admitone/actors/performance"
	"admitone/actors/seat"
	"admitone/actors/wallet"
	"admitone/events"
	"admitone/events/storetest/stores"
)

// quiet discards the log of the desk.
var quiet = slog.New(slog.DiscardHandler)

// clock is a clock that tests advance.
type clock struct{ nanos atomic.Int64 }

// day is the time at which clocks start.
var day = time.Date(2026, 5, 1, 20, 0, 0, 0, time.UTC)

func (c *clock) now() time.Time { return day.Add(time.Duration(c.nanos.Load())) }

func (c *clock) move(d time.Duration) { c.nanos.Add(int64(d)) }

var kinds = []core.Kind{performance.Kind, seat.Kind, booking.Kind, wallet.Kind, allowance.Kind, money.Kind,
	area.Kind}

// harness is a log, a desk that uses it, and Bookings that use the desk.
type harness struct {
	testing.TB
	*Bookings
	store  events.Store
	desk   *actors.Desk
	clock  *clock
	gala   events.PerformanceID // the performance that requests are about
	suffix string               // ends the names of performances on a log of earlier runs
	// backwards is as in crashingDesk.
	backwards bool
	mu        sync.Mutex
	log       *history // the part read so far; guarded by mu, except when nothing runs
}

// newHarness returns a harness on an embedded log, with a performance of one section and holds of one minute.
func newHarness(t testing.TB, rows, perRow, limit int64) *harness {
	t.Helper()
	return newHarnessOn(t, stores.Embedded(t), rows, perRow, limit)
}

func newHarnessOn(t testing.TB, store events.Store, rows, perRow, limit int64) *harness {
	t.Helper()
	return newHarnessAfter(t, store, 0, "", rows, perRow, limit)
}

func newHarnessAfter(t testing.TB, store events.Store, head events.Position, suffix string,
	rows, perRow, limit int64) *harness {
	t.Helper()
	t.Cleanup(func() {
		if err := store.Close(); err != nil {
			t.Error(err)
		}
	})
	w := &harness{TB: t, store: store, clock: &clock{}, log: newHistory(), suffix: suffix}
	w.log.head = head
	w.start(nil)
	w.createPerformance("gala", rows, perRow, limit)
	return w
}

// createPerformance creates a performance, to which later requests refer.
func (w *harness) createPerformance(id string, rows, perRow, limit int64) {
	w.Helper()
	id += w.suffix
	w.gala = events.PerformanceID(id)
	w.must(w.step(w.ctx(), w.origin("house"), performance.Stream(events.PerformanceID(id)), &performance.Create{
		ID: events.PerformanceID(id), Title: "Gala", Venue: "Hall", StartsAt: day.Add(24 * time.Hour), HoldSeconds: 60,
		LimitPerHolder: limit * w.partsPerSeat(),
		Sections:       []events.Section{{ID: "A", Rows: rows, SeatsPerRow: perRow, Price: 100}},
	}))
}

// start opens a new desk on the log, like a restarted process. between may wrap the desk; it may be nil.
func (w *harness) start(between func(actors.Dispatcher) actors.Dispatcher) {
	w.Helper()
	engine, err := actors.NewEngine()
	if err != nil {
		w.Fatal(err)
	}
	store := w.store
	if os.Getenv(separatelyEnv) == oneStream {
		store = singleStreamStore{store}
	}
	w.desk = actors.NewDesk(engine, actors.Config{Store: store, Kinds: kinds, Now: w.clock.now, Logger: quiet,
		AppendTimeout: time.Minute})
	desk := w.desk
	w.Cleanup(func() { closeDesk(w, desk) })
	w.wrapDesk(between)
}

// wrapDesk makes the bookings use the desk through between, unless that is nil.
func (w *harness) wrapDesk(between func(actors.Dispatcher) actors.Dispatcher) {
	var desk actors.Dispatcher = w.desk
	if os.Getenv(separatelyEnv) == oneCommand {
		desk = separateDesk{desk}
	}
	if between != nil {
		desk = between(desk)
	}
	w.Bookings = w.newBookings(desk, w.views(w.seats))
}

func closeDesk(t testing.TB, desk *actors.Desk) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	if err := desk.Close(ctx); err != nil {
		t.Errorf("Close: %v", err)
	}
}

func (w *harness) ctx() context.Context { return context.Background() }

// step sends a command to one entity under a new id.
func (w *harness) step(
	ctx context.Context,
	from Origin,
	stream events.StreamID,
	command core.Command,
) (actors.Answer, error) {
	return w.Bookings.desk.Ask(ctx, actors.Request{Stream: stream, Command: command, ID: actors.NewCommandID(),
		CorrelationID: from.CorrelationID, CausationID: string(from.ID), Actor: from.Actor})
}

func (w *harness) must(_ actors.Answer, err error) {
	w.Helper()
	if err != nil {
		w.Fatal(err)
	}
}

// seats returns the seat map according to the whole log.
func (w *harness) seats(ctx context.Context, performanceID events.PerformanceID) ([]byte, events.Position, error) {
	log := w.read()
	w.mu.Lock()
	defer w.mu.Unlock()
	layout := log.performances[performanceID].Layout()
	taken := make([]byte, layout.Seats())
	for stream, s := range log.seats {
		of, name := events.CutPerformance(stream.Entity())
		if at, ok := layout.Find(events.SeatName(name)); ok && of == performanceID && s.Status() != events.SeatIsFree {
			taken[at] = 1
		}
	}
	return taken, log.head, nil
}

// chooseFromEmptyMap makes the next choice of best seats use a map in which all seats are free.
func (w *harness) chooseFromEmptyMap() {
	w.read()
	w.maps.views = w.views(func(_ context.Context, performanceID events.PerformanceID) ([]byte, events.Position, error) {
		w.mu.Lock()
		defer w.mu.Unlock()
		return make([]byte, w.log.performances[performanceID].Layout().Seats()), 0, nil
	})
}

func (w *harness) origin(actor string) Origin {
	id := actors.NewCommandID()
	return Origin{ID: id, CorrelationID: string(id), CausationID: string(id), Actor: actor}
}

// keyed returns the origin of a request with a key.
func (w *harness) keyed(actor, key string, body string) Origin {
	o := w.origin(actor)
	o.ID = actors.KeyedCommandID(actor, key, []byte(body))
	return o
}

func (w *harness) book(holder events.Holder, seats ...events.SeatName) (Answer, error) {
	return w.Book(w.ctx(), Book{Origin: w.origin(string(holder)), PerformanceID: w.gala, Holder: holder, Seats: seats})
}

func (w *harness) best(holder events.Holder, quantity int) (Answer, error) {
	return w.Book(
		w.ctx(),
		Book{Origin: w.origin(string(holder)), PerformanceID: w.gala, Holder: holder, Quantity: quantity},
	)
}

func (w *harness) pay(id events.BookingID, by events.Holder) (Answer, error) {
	return w.Pay(w.ctx(), Pay{Origin: w.origin(string(by)), BookingID: id, By: by})
}

func (w *harness) cancel(id events.BookingID, by events.Holder) (Answer, error) {
	return w.Cancel(w.ctx(), Cancel{Origin: w.origin(string(by)), BookingID: id, By: by})
}

func (w *harness) extend(id events.BookingID, by events.Holder) (Answer, error) {
	return w.Extend(w.ctx(), Extend{Origin: w.origin(string(by)), BookingID: id, By: by})
}

func (w *harness) charge(holder events.Holder, amount int64) {
	w.Helper()
	w.must(w.step(w.ctx(), w.origin(string(holder)), wallet.Stream(holder), &wallet.Charge{ID: "c", Amount: amount}))
}

// mustBook makes a booking that must succeed.
func (w *harness) mustBook(holder events.Holder, seats ...events.SeatName) events.BookingID {
	w.Helper()
	answer, err := w.book(holder, seats...)
	if err != nil {
		w.Fatal(err)
	}
	return answer.Booking.ID
}

// code returns the code of a refusal, "ok" for nil, and otherwise the text of the error.
func code(err error) string {
	if err == nil {
		return "ok"
	}
	if refusal := refused(err); refusal != nil {
		if at, _ := refusal.Fields["expired_at"].(time.Time); refusal.Code == "hold_expired" && at.IsZero() {
			return "hold_expired without expired_at"
		}
		return string(refusal.Code)
	}
	return err.Error()
}

// want checks the code of an error.
func (w *harness) want(err error, want string) {
	w.Helper()
	if got := code(err); got != want {
		w.Fatalf("got %s, want %s", got, want)
	}
}

// check checks the invariants of the log: bookings own their seats and places, the wallets have the charges less
// the booked prices, and no holder exceeds the limit.
func (w *harness) check(limit int64) *history {
	w.Helper()
	h := w.read()
	spent, taken := int64(0), map[events.StreamID]int64{}
	for id, b := range h.bookings {
		s := b.State()
		if s.PaymentStream == "" {
			spent += h.unrefunded(&s)
		}
		if s.Status == events.BookingIsBooked && s.PaymentStream == "" {
			spent += s.Price()
		}
		if s.Status == events.BookingIsHeld || s.Status == events.BookingIsBooked {
			taken[allowance.Stream(s.PerformanceID, s.Holder)] += int64(len(s.Seats)) + events.CountPlaces(s.Areas)
			w.checkPlaces(h, &s)
			for _, booked := range s.Seats {
				if why := seatFault(h, &s, booked.Seat); why != "" {
					w.Errorf("booking %s in status %s: %s", id, s.Status, why)
				}
			}
		}
	}
	total := int64(0)
	for _, wallet := range h.wallets {
		total += wallet.Balance()
	}
	if total != h.charged-spent {
		w.Errorf("got total balance %d, want %d charged less %d spent", total, h.charged, spent)
	}
	for stream, seats := range taken {
		if limit == 0 {
			continue
		}
		if got := h.allowances[stream].Taken(); got < seats || seats > limit*w.partsPerSeat() {
			w.Errorf("%s: got %d taken of %d, want at least the %d of bookings", stream, got, limit, seats)
		}
	}
	return h
}

// seatFault describes why a booking does not own its seat, "" if it does.
func seatFault(h *history, s *booking.State, name events.SeatName) string {
	at := h.seats[seat.Stream(s.PerformanceID, name)]
	if at == nil {
		return "seat " + string(name) + " has no facts"
	}
	hold, _ := at.Owner()
	want := events.SeatIsHeld
	if s.Status == events.BookingIsBooked {
		want = events.SeatIsBooked
	}
	if hold != s.HoldID() || at.Status() != want {
		return fmt.Sprintf("seat %s has status %s, hold %q", name, at.Status(), hold)
	}
	return ""
}

// checkSettled is like check, after everything has ended: seats that are not booked must be free.
func (w *harness) checkSettled(limit int64) *history {
	w.Helper()
	h := w.check(limit)
	booked := map[events.HoldID]int64{} // by hold
	for id, b := range h.bookings {
		switch s := b.State(); {
		case s.Status == events.BookingIsBooked:
			booked[s.HoldID()] = int64(len(s.Seats)) + events.CountPlaces(s.Areas)
		case s.Status == events.BookingIsPaying, s.Status == events.BookingIsHeld, s.Refunding, len(s.Returning()) > 0:
			w.Errorf("booking %s: got status %s, refunding %t; want it ended", id, s.Status, s.Refunding)
		}
	}
	w.checkPaymentsSettled(h)
	w.checkReturnedAreFree(h)
	w.checkPlacesSettled(h, booked)
	for stream, s := range h.seats {
		if hold, _ := s.Owner(); s.Status() == events.SeatIsHeld || s.Status() == events.SeatIsBooked && booked[hold] == 0 {
			w.Errorf("seat %s: got status %s, hold %q; want it free", stream, s.Status(), hold)
		}
	}
	for stream, a := range h.allowances {
		seats := int64(0)
		for _, b := range h.bookings {
			if s := b.State(); allowance.Stream(s.PerformanceID, s.Holder) == stream {
				seats += booked[s.HoldID()]
			}
		}
		if a.Taken() != seats {
			w.Errorf("%s: got %d taken, want %d as booked", stream, a.Taken(), seats)
		}
	}
	return h
}

// expireDue expires everything whose deadline has passed.
func (w *harness) expireDue() {
	w.Helper()
	for stream, c := range w.read().streams {
		if next := c.NextDeadline(); !next.IsZero() && next.Before(w.clock.now()) {
			if _, err := w.desk.Wake(w.ctx(), stream); err != nil {
				w.Fatal(err)
			}
		}
	}
}

// resume resumes the change of blocks in progress, and everything about bookings of the performance.
func (w *harness) resume() {
	w.Helper()
	h := w.read()
	if p := h.performances[w.gala]; p != nil && p.Blocks().Open != nil {
		if err := w.ResumeBlocks(w.ctx(), w.origin("system"), w.gala); err != nil {
			w.Fatal(err)
		}
	}
	ids := map[events.BookingID]bool{}
	for id, b := range h.bookings {
		ids[id] = b.State().PerformanceID == w.gala
	}
	for _, id := range h.orphanedBookings() {
		ids[id] = true
	}
	for id, current := range ids {
		if !current { // of another performance
			continue
		}
		if err := w.Resume(w.ctx(), w.origin("system"), id); err != nil {
			w.Fatal(err)
		}
	}
	for stream, p := range h.payments {
		if s := p.State(); s.Open > 0 && ids[s.Received.BookingID] {
			if err := w.ResumePayment(w.ctx(), w.origin("system"), stream); err != nil {
				w.Fatal(err)
			}
		}
	}
}

// errCrashed is returned by the desk of a process that has crashed.
var errCrashed = errors.New("the process has crashed")
