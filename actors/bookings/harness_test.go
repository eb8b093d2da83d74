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

// clock is advanced by the test.
type clock struct{ nanos atomic.Int64 }

var day = time.Date(2026, 5, 1, 20, 0, 0, 0, time.UTC)

func (c *clock) now() time.Time       { return day.Add(time.Duration(c.nanos.Load())) }
func (c *clock) move(d time.Duration) { c.nanos.Add(int64(d)) }

var kinds = []core.Kind{performance.Kind, seat.Kind, booking.Kind, wallet.Kind, allowance.Kind, money.Kind,
	area.Kind}

// harness is a log, a desk on it, and the bookings on that.
type harness struct {
	testing.TB
	*Bookings
	store events.Store
	desk  *actors.Desk
	clock *clock
	gala  events.PerformanceID // the performance
	after string               // ends the names of performances on a log of earlier runs
	// backwards determines which appends of a turn a dying process executes; see dying.
	backwards bool
	mu        sync.Mutex
	log       *history // the part read so far; guarded by mu, except when nothing runs
}

// begin opens a log with a performance of one section and holds of one minute.
func begin(t testing.TB, rows, perRow, limit int64) *harness {
	t.Helper()
	return beginOn(t, stores.Embedded(t), rows, perRow, limit)
}

func beginOn(t testing.TB, store events.Store, rows, perRow, limit int64) *harness {
	t.Helper()
	return beginAfter(t, store, 0, "", rows, perRow, limit)
}

func beginAfter(t testing.TB, store events.Store, head events.Position, suffix string,
	rows, perRow, limit int64) *harness {
	t.Helper()
	t.Cleanup(func() {
		if err := store.Close(); err != nil {
			t.Error(err)
		}
	})
	w := &harness{TB: t, store: store, clock: &clock{}, log: newHistory(), after: suffix}
	w.log.head = head
	w.start(nil)
	w.perform("gala", rows, perRow, limit)
	return w
}

// perform creates another performance, which is used from then on.
func (w *harness) perform(id string, rows, perRow, limit int64) {
	w.Helper()
	id += w.after
	w.gala = events.PerformanceID(id)
	w.must(w.step(w.ctx(), w.origin("house"), performance.Stream(events.PerformanceID(id)), &performance.Create{
		ID: events.PerformanceID(id), Title: "Gala", Venue: "Hall", StartsAt: day.Add(24 * time.Hour), HoldSeconds: 60,
		LimitPerHolder: limit * w.parts(),
		Sections:       []events.Section{{ID: "A", Rows: rows, SeatsPerRow: perRow, Price: 100}},
	}))
}

// start opens a desk on the log, as after a restart. between may wrap the desk.
func (w *harness) start(between func(actors.Dispatcher) actors.Dispatcher) {
	w.Helper()
	engine, err := actors.NewEngine()
	if err != nil {
		w.Fatal(err)
	}
	store := w.store
	if os.Getenv(separately) == oneStream {
		store = single{store}
	}
	w.desk = actors.NewDesk(engine, actors.Config{Store: store, Kinds: kinds, Now: w.clock.now, Logger: quiet,
		AppendTimeout: time.Minute})
	desk := w.desk
	w.Cleanup(func() { closeDesk(w, desk) })
	w.wrapDesk(between)
}

// wrapDesk wraps the desk of the bookings.
func (w *harness) wrapDesk(between func(actors.Dispatcher) actors.Dispatcher) {
	var desk actors.Dispatcher = w.desk
	if os.Getenv(separately) == oneCommand {
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
		t.Errorf("closing the desk: %v", err)
	}
}

func (w *harness) ctx() context.Context { return context.Background() }

// step sends a command to one entity under a unique id.
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

// seats returns the seat map: a fold of the whole log.
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

// chooseFromEmptyMap makes best seats be chosen from an empty map until a fresh one is required.
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

// code returns the code of a refusal, "ok" for nil, and otherwise the error's text. For an expired
// hold it includes the deadline.
func code(err error) string {
	if err == nil {
		return "ok"
	}
	if refusal := refused(err); refusal != nil {
		if at, _ := refusal.Fields["expired_at"].(time.Time); refusal.Code == "hold_expired" && at.IsZero() {
			return "hold_expired, and nobody knows when"
		}
		return string(refusal.Code)
	}
	return err.Error()
}

func (w *harness) want(err error, want string) {
	w.Helper()
	if got := code(err); got != want {
		w.Fatalf("%s, want %s", got, want)
	}
}

// check checks the invariants of the log: every seat of a held or booked booking belongs to that
// booking, the wallets contain the charges less the booked prices, and no holder exceeds the
// allowance.
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
				if why := owner(h, &s, booked.Seat); why != "" {
					w.Errorf("booking %s is %s, but %s", id, s.Status, why)
				}
			}
		}
	}
	total := int64(0)
	for _, wallet := range h.wallets {
		total += wallet.Balance()
	}
	if total != h.charged-spent {
		w.Errorf("the wallets have %d in total, want %d charged less %d spent", total, h.charged, spent)
	}
	for stream, seats := range taken {
		if limit == 0 {
			continue
		}
		if got := h.allowances[stream].Taken(); got < seats || seats > limit*w.parts() {
			w.Errorf("%s: %d taken of %d, want at least the bookings' %d", stream, got, limit, seats)
		}
	}
	return h
}

// owner returns the owner of a seat that a booking should have.
func owner(h *history, s *booking.State, name events.SeatName) events.Holder {
	at := h.seats[seat.Stream(s.PerformanceID, name)]
	if at == nil {
		return events.Holder("nobody has touched " + string(name))
	}
	hold, _ := at.Owner()
	want := events.SeatIsHeld
	if s.Status == events.BookingIsBooked {
		want = events.SeatIsBooked
	}
	if hold != s.HoldID() || at.Status() != want {
		return events.Holder(fmt.Sprintf("%s is %s for %q", name, at.Status(), hold))
	}
	return ""
}

// checkSettled is check after everything has ended: seats that are not booked are free.
func (w *harness) checkSettled(limit int64) *history {
	w.Helper()
	h := w.check(limit)
	booked := map[events.HoldID]int64{} // by hold
	for id, b := range h.bookings {
		switch s := b.State(); {
		case s.Status == events.BookingIsBooked:
			booked[s.HoldID()] = int64(len(s.Seats)) + events.CountPlaces(s.Areas)
		case s.Status == events.BookingIsPaying, s.Status == events.BookingIsHeld, s.Refunding, len(s.Returning()) > 0:
			w.Errorf("booking %s is %s, refunding %t; want it ended", id, s.Status, s.Refunding)
		}
	}
	w.checkPaymentsSettled(h)
	w.checkReturnedAreFree(h)
	w.checkPlacesSettled(h, booked)
	for stream, s := range h.seats {
		if hold, _ := s.Owner(); s.Status() == events.SeatIsHeld || s.Status() == events.SeatIsBooked && booked[hold] == 0 {
			w.Errorf("seat %s is %s for %q, want it free", stream, s.Status(), hold)
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
			w.Errorf("%s: %d taken, want %d as booked", stream, a.Taken(), seats)
		}
	}
	return h
}

// wake expires everything whose deadline has passed, as the deadline index does.
func (w *harness) wake() {
	w.Helper()
	for stream, c := range w.read().streams {
		if next := c.NextDeadline(); !next.IsZero() && next.Before(w.clock.now()) {
			if _, err := w.desk.Wake(w.ctx(), stream); err != nil {
				w.Fatal(err)
			}
		}
	}
}

// resume resumes every booking and the change of blocks in progress, and closes unfinished
// attempts.
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
	for _, id := range h.unowned() {
		ids[id] = true
	}
	for id, of := range ids {
		if !of {
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

// errGone is the answer of a process that has crashed.
var errGone = errors.New("the process is gone")
