package bookings

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"admitone/actors"
	"admitone/actors/allowance"
	"admitone/actors/booking"
	"admitone/actors/core"
	"admitone/actors/performance"
	"admitone/actors/seat"
	"admitone/actors/wallet"
	"admitone/events"
	"admitone/events/embedded"
)

// quiet keeps expected complaints out of the test's output.
var quiet = slog.New(slog.DiscardHandler)

// clock is moved by the test.
type clock struct{ nanos atomic.Int64 }

var day = time.Date(2026, 5, 1, 20, 0, 0, 0, time.UTC)

func (c *clock) now() time.Time       { return day.Add(time.Duration(c.nanos.Load())) }
func (c *clock) move(d time.Duration) { c.nanos.Add(int64(d)) }

var kinds = []actors.Kind{
	{Category: performance.Category, New: performance.New, SnapshotVersion: performance.SnapshotVersion},
	{Category: seat.Category, New: seat.New, SnapshotVersion: seat.SnapshotVersion},
	{Category: booking.Category, New: booking.New, SnapshotVersion: booking.SnapshotVersion},
	{Category: wallet.Category, New: wallet.New, SnapshotVersion: wallet.SnapshotVersion},
	{Category: allowance.Category, New: allowance.New, SnapshotVersion: allowance.SnapshotVersion},
}

// world is a log, a desk on it, and the bookings on that.
type world struct {
	testing.TB
	*Bookings
	store events.Store
	desk  *actors.Desk
	clock *clock
	gala  string // the performance
	mu    sync.Mutex
	log   *history // as far as it has been read; guarded by mu, but once all is quiet
}

// begin opens a log with a performance of one section: holds of a minute.
func begin(t testing.TB, rows, perRow, limit int64) *world {
	t.Helper()
	store, err := embedded.Open(t.TempDir(), embedded.Options{Logger: quiet, Fatal: func(err error) { panic(err) }})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := store.Close(); err != nil {
			t.Error(err)
		}
	})
	w := &world{TB: t, store: store, clock: &clock{}, log: newHistory()}
	w.start(nil)
	w.perform("gala", rows, perRow, limit)
	return w
}

// perform puts another performance on sale, which is the one from now on.
func (w *world) perform(id string, rows, perRow, limit int64) {
	w.Helper()
	w.gala = id
	w.must(w.step(w.ctx(), w.origin("house"), performance.Stream(id), &performance.Create{
		ID: id, Title: "Gala", Venue: "Hall", StartsAt: day.Add(24 * time.Hour), HoldSeconds: 60, LimitPerHolder: limit,
		Sections: []events.Section{{ID: "A", Rows: rows, SeatsPerRow: perRow, Price: 100}},
	}))
}

// start opens a desk on the log, as after a restart. between may stand between the
// bookings and the desk.
func (w *world) start(between func(Desk) Desk) {
	w.Helper()
	engine, err := actors.NewEngine()
	if err != nil {
		w.Fatal(err)
	}
	w.desk = actors.NewDesk(engine, actors.Config{Store: w.store, Kinds: kinds, Now: w.clock.now, Logger: quiet,
		AppendTimeout: time.Minute})
	desk := w.desk
	w.Cleanup(func() { closeDesk(w, desk) })
	w.between(between)
}

// between puts something between the bookings and the desk.
func (w *world) between(between func(Desk) Desk) {
	var desk Desk = w.desk
	if between != nil {
		desk = between(desk)
	}
	w.Bookings = New(desk, w.seats)
}

func closeDesk(t testing.TB, desk *actors.Desk) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	if err := desk.Close(ctx); err != nil {
		t.Errorf("closing the desk: %v", err)
	}
}

func (w *world) ctx() context.Context { return context.Background() }

func (w *world) must(_ actors.Answer, err error) {
	w.Helper()
	if err != nil {
		w.Fatal(err)
	}
}

// seats is the seat map: a fold of the whole log.
func (w *world) seats(ctx context.Context, performanceID string) ([]byte, events.Position, error) {
	log := w.read()
	w.mu.Lock()
	defer w.mu.Unlock()
	layout := log.performances[performanceID].Layout()
	taken := make([]byte, layout.Seats())
	for stream, s := range log.seats {
		of, name := events.CutPerformance(stream.Entity())
		if at, ok := layout.Find(name); ok && of == performanceID && s.Status() != events.SeatIsFree {
			taken[at] = 1
		}
	}
	return taken, log.head, nil
}

// blindly lets the house choose from a map that knows nothing.
func (w *world) blindly() {
	w.read()
	w.maps.read = func(_ context.Context, performanceID string) ([]byte, events.Position, error) {
		w.mu.Lock()
		defer w.mu.Unlock()
		return make([]byte, w.log.performances[performanceID].Layout().Seats()), 0, nil
	}
}

func (w *world) origin(actor string) Origin {
	id := actors.NewCommandID()
	return Origin{ID: id, CorrelationID: string(id), CausationID: string(id), Actor: actor}
}

// keyed is the origin of a request with a key.
func (w *world) keyed(actor, key string, body string) Origin {
	o := w.origin(actor)
	o.ID = actors.KeyedCommandID(actor, key, []byte(body))
	return o
}

func (w *world) book(holder string, seats ...string) (Answer, error) {
	return w.Book(w.ctx(), Book{Origin: w.origin(holder), PerformanceID: w.gala, Holder: holder, Seats: seats})
}

func (w *world) best(holder string, quantity int) (Answer, error) {
	return w.Book(w.ctx(), Book{Origin: w.origin(holder), PerformanceID: w.gala, Holder: holder, Quantity: quantity})
}

func (w *world) pay(id, by string) (Answer, error) {
	return w.Pay(w.ctx(), Pay{Origin: w.origin(by), BookingID: id, By: by})
}

func (w *world) cancel(id, by string) (Answer, error) {
	return w.Cancel(w.ctx(), Cancel{Origin: w.origin(by), BookingID: id, By: by})
}

func (w *world) extend(id, by string) (Answer, error) {
	return w.Extend(w.ctx(), Extend{Origin: w.origin(by), BookingID: id, By: by})
}

func (w *world) charge(holder string, amount int64) {
	w.Helper()
	w.must(w.step(w.ctx(), w.origin(holder), wallet.Stream(holder), &wallet.Charge{ID: "c", Amount: amount}))
}

// mustBook is a booking that has to come about.
func (w *world) mustBook(holder string, seats ...string) string {
	w.Helper()
	answer, err := w.book(holder, seats...)
	if err != nil {
		w.Fatal(err)
	}
	return answer.Booking.ID
}

// code of a refusal; "ok" for nil, else the error's text.
func code(err error) string {
	if err == nil {
		return "ok"
	}
	if refusal := refused(err); refusal != nil {
		return refusal.Code
	}
	return err.Error()
}

func (w *world) want(err error, want string) {
	w.Helper()
	if got := code(err); got != want {
		w.Fatalf("%s, want %s", got, want)
	}
}

// history is what a log adds up to.
type history struct {
	head         events.Position
	performances map[string]*performance.Performance
	seats        map[events.StreamID]*seat.Seat
	bookings     map[string]*booking.Booking
	wallets      map[string]*wallet.Wallet
	allowances   map[events.StreamID]*allowance.Allowance
	streams      map[events.StreamID]core.Core
	charged      int64
	names        []string // of the facts, in order
}

func newHistory() *history {
	return &history{performances: map[string]*performance.Performance{}, seats: map[events.StreamID]*seat.Seat{},
		bookings: map[string]*booking.Booking{}, wallets: map[string]*wallet.Wallet{},
		allowances: map[events.StreamID]*allowance.Allowance{}, streams: map[events.StreamID]core.Core{}}
}

// read folds the log, on from where it was. The rules themselves panic at what can't be, at every prefix:
// two owners of a seat, a booking paid twice, a balance below nothing.
func (w *world) read() *history {
	w.mu.Lock()
	defer w.mu.Unlock()
	h := w.log
	for event, err := range events.All(context.Background(), w.store, h.head) {
		if err != nil {
			w.Fatal(err)
		}
		fact, err := events.Decode(event.Type, event.Data)
		if err != nil {
			w.Fatal(err)
		}
		c := h.streams[event.Stream]
		if c == nil {
			c = h.open(event.Stream)
		}
		c.Evolve(fact)
		if f, ok := fact.(*events.WalletCharged); ok {
			h.charged += f.Amount
		}
		h.head = event.Position
		h.names = append(h.names, event.Type)
	}
	return h
}

func (h *history) open(stream events.StreamID) (c core.Core) {
	for _, kind := range kinds {
		if kind.Category == stream.Category() {
			c = kind.New()
		}
	}
	h.streams[stream] = c
	switch c := c.(type) {
	case *performance.Performance:
		h.performances[stream.Entity()] = c
	case *seat.Seat:
		h.seats[stream] = c
	case *booking.Booking:
		h.bookings[stream.Entity()] = c
	case *wallet.Wallet:
		h.wallets[stream.Entity()] = c
	case *allowance.Allowance:
		h.allowances[stream] = c
	}
	return c
}

// check holds the log to what must always be: every seat of a booking that is held
// or booked is that booking's, the wallets' money is what was charged less what is
// booked, and nobody has more than the allowance.
func (w *world) check(limit int64) *history {
	w.Helper()
	h := w.read()
	spent, taken := int64(0), map[events.StreamID]int64{}
	for id, b := range h.bookings {
		s := b.State()
		if s.Status == events.BookingIsBooked || s.Refunding {
			spent += s.Amount
		}
		if s.Status == events.BookingIsHeld || s.Status == events.BookingIsBooked {
			taken[allowance.Stream(s.PerformanceID, s.Holder)] += int64(len(s.Seats))
			for _, booked := range s.Seats {
				if why := owner(h, &s, booked.Seat); why != "" {
					w.Errorf("booking %s is %s, and %s", id, s.Status, why)
				}
			}
		}
	}
	total := int64(0)
	for _, wallet := range h.wallets {
		total += wallet.Balance()
	}
	if total != h.charged-spent {
		w.Errorf("the wallets have %d; %d were charged and %d are booked", total, h.charged, spent)
	}
	for stream, seats := range taken {
		if limit == 0 {
			continue
		}
		if got := h.allowances[stream].Taken(); got < seats || seats > limit {
			w.Errorf("%s: %d are taken of %d, and the bookings have %d", stream, got, limit, seats)
		}
	}
	return h
}

// owner says what is wrong with a seat of a booking.
func owner(h *history, s *booking.State, name string) string {
	at := h.seats[seat.Stream(s.PerformanceID, name)]
	if at == nil {
		return "nobody has touched " + name
	}
	hold, _ := at.Owner()
	want := events.SeatIsHeld
	if s.Status == events.BookingIsBooked {
		want = events.SeatIsBooked
	}
	if hold != s.HoldID() || at.Status() != want {
		return fmt.Sprintf("%s is %s for %q", name, at.Status(), hold)
	}
	return ""
}

// settled is check once everything is over: what is not booked is free.
func (w *world) settled(limit int64) *history {
	w.Helper()
	h := w.check(limit)
	booked := map[string]int64{} // by hold
	for id, b := range h.bookings {
		switch s := b.State(); {
		case s.Status == events.BookingIsBooked:
			booked[s.HoldID()] = int64(len(s.Seats))
		case s.Status == events.BookingIsPaying, s.Status == events.BookingIsHeld, s.Refunding:
			w.Errorf("booking %s is still %s, refunding %t", id, s.Status, s.Refunding)
		}
	}
	for stream, s := range h.seats {
		if hold, _ := s.Owner(); s.Status() == events.SeatIsHeld || s.Status() == events.SeatIsBooked && booked[hold] == 0 {
			w.Errorf("%s is still %s for %q", stream, s.Status(), hold)
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
			w.Errorf("%s: %d are taken, and %d booked", stream, a.Taken(), seats)
		}
	}
	return h
}

// wake lets everything expire that is due, as the deadline index does.
func (w *world) wake() {
	w.Helper()
	for stream, c := range w.read().streams {
		if next := c.NextDeadline(); !next.IsZero() && next.Before(w.clock.now()) {
			if _, err := w.desk.Wake(w.ctx(), stream); err != nil {
				w.Fatal(err)
			}
		}
	}
}

// resume takes the steps that are left of every booking.
func (w *world) resume() {
	w.Helper()
	for id, b := range w.read().bookings {
		if b.State().PerformanceID != w.gala {
			continue
		}
		if err := w.Resume(w.ctx(), w.origin("system"), id); err != nil {
			w.Fatal(err)
		}
	}
}

// errGone is how a process that has died answers.
var errGone = errors.New("the process is gone")
