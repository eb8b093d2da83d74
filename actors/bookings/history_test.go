package bookings

import (
	"context"
	"slices"
	"sync/atomic"

	"admitone/actors/allowance"
	"admitone/actors/area"
	"admitone/actors/booking"
	"admitone/actors/core"
	money "admitone/actors/payment"
	"admitone/actors/performance"
	"admitone/actors/seat"
	"admitone/actors/wallet"
	"admitone/events"
)

// history is the state according to the log.
type history struct {
	head         events.Position
	performances map[events.PerformanceID]*performance.Performance
	seats        map[events.StreamID]*seat.Seat
	bookings     map[events.BookingID]*booking.Booking
	wallets      map[string]*wallet.Wallet
	allowances   map[events.StreamID]*allowance.Allowance
	payments     map[events.StreamID]*money.Payment
	areas        map[events.StreamID]*area.Area
	streams      map[events.StreamID]core.Core
	// unconfirmed has the streams of holds that no booking lists.
	unconfirmed map[events.HoldID][]events.StreamID
	charged     int64
	names       []string // the names of the facts, in order
	// cancelled has the cancelled performances. kept has the fees withheld after the cancellation, by booking.
	cancelled map[events.StreamID]bool
	kept      map[events.BookingID]int64
}

func newHistory() *history {
	return &history{
		performances: map[events.PerformanceID]*performance.Performance{},
		seats:        map[events.StreamID]*seat.Seat{},
		bookings:     map[events.BookingID]*booking.Booking{},
		wallets:      map[string]*wallet.Wallet{},
		allowances:   map[events.StreamID]*allowance.Allowance{},
		payments:     map[events.StreamID]*money.Payment{},
		areas:        map[events.StreamID]*area.Area{},
		streams:      map[events.StreamID]core.Core{},
		unconfirmed:  map[events.HoldID][]events.StreamID{},
		cancelled:    map[events.StreamID]bool{},
		kept:         map[events.BookingID]int64{},
	}
}

// track updates the fields about attempts and cancellations.
func (h *history) track(stream events.StreamID, fact events.Fact) {
	drop := func(hold events.HoldID, done func(events.StreamID) bool) {
		h.unconfirmed[hold] = slices.DeleteFunc(h.unconfirmed[hold], done)
	}
	this := func(other events.StreamID) bool { return other == stream }
	switch f := fact.(type) {
	case *events.PerformanceCancelled:
		h.cancelled[stream] = true
	case *events.BookingReleased:
		h.addKept(stream, f.Kept)
	case *events.BookingSeatReturned:
		h.addKept(stream, f.Kept)
	case *events.SeatHeld:
		h.add(stream, f.HoldID)
	case *events.AllowanceTaken:
		h.add(stream, f.HoldID)
	case *events.AreaHeld:
		h.add(stream, f.HoldID)
	case *events.AreaBooked:
		drop(f.HoldID, this)
	case *events.AreaReleased:
		drop(f.HoldID, this)
	case *events.AreaExpired:
		drop(f.HoldID, this)
	case *events.SeatBooked:
		drop(f.HoldID, this)
	case *events.SeatReleased:
		drop(f.HoldID, this)
	case *events.SeatExpired:
		drop(f.HoldID, this)
	case *events.AllowanceKept:
		drop(f.HoldID, this)
	case *events.AllowanceReleased:
		drop(f.HoldID, this)
	case *events.AllowanceExpired:
		drop(f.HoldID, this)
	case *events.BookingHeld:
		state := booking.StateOf(f)
		drop(state.HoldID(), func(other events.StreamID) bool { return owns(&state, state.HoldID(), other) })
	}
}

// addKept adds a fee withheld after a cancellation.
func (h *history) addKept(stream events.StreamID, kept int64) {
	id := events.BookingID(stream.Entity())
	if h.cancelled[performance.Stream(h.bookings[id].State().PerformanceID)] {
		h.kept[id] += kept
	}
}

func (h *history) add(stream events.StreamID, hold events.HoldID) {
	id, _, _ := events.CutHoldID(hold)
	if b := h.bookings[id]; b != nil {
		if state := b.State(); owns(&state, hold, stream) {
			return
		}
	}
	h.unconfirmed[hold] = append(h.unconfirmed[hold], stream)
}

// owns reports whether a booking lists the stream as part of a hold.
func owns(s *booking.State, hold events.HoldID, stream events.StreamID) bool {
	_, attempt, _ := events.CutHoldID(hold)
	_, name := events.CutPerformance(stream.Entity())
	if attempt != s.FirstAttempt() {
		return attempt > s.FirstAttempt() && attempt <= s.Attempt
	}
	return s.ID != "" &&
		(stream.Category() != events.SeatCategory ||
			slices.ContainsFunc(s.Seats, func(b events.BookedSeat) bool { return b.Seat == events.SeatName(name) }))
}

// read folds the facts appended since the last read. The cores panic on impossible facts: two owners of a seat, a
// booking paid twice, a negative balance.
func (w *harness) read() *history {
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
		h.track(event.Stream, fact)
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
		h.performances[events.PerformanceID(stream.Entity())] = c
	case *seat.Seat:
		h.seats[stream] = c
	case *booking.Booking:
		h.bookings[events.BookingID(stream.Entity())] = c
	case *wallet.Wallet:
		h.wallets[stream.Entity()] = c
	case *allowance.Allowance:
		h.allowances[stream] = c
	case *money.Payment:
		h.payments[stream] = c
	case *area.Area:
		h.areas[stream] = c
	}
	return c
}

// reader reads a seat map.
type reader func(ctx context.Context, performanceID events.PerformanceID) ([]byte, events.Position, error)

// foldedViews are views of the log. Until CatchUp, their seat map comes from read.
type foldedViews struct {
	*harness
	read   reader
	caught atomic.Bool // the views have caught up, so the map is that of the log
	lags   bool        // the views never catch up
}

func (w *harness) views(read reader) *foldedViews { return &foldedViews{harness: w, read: read} }

// TakenSeats implements Views.
func (v *foldedViews) TakenSeats(
	ctx context.Context,
	performanceID events.PerformanceID,
) ([]byte, events.Position, error) {
	if v.caught.Load() {
		return v.seats(ctx, performanceID)
	}
	return v.read(ctx, performanceID)
}

// Hall implements Views.
func (v *foldedViews) Hall(ctx context.Context, id events.PlanID) (*events.Hall, error) {
	return events.ReadHall(ctx, v.store, id)
}

// CatchUp implements Views.
func (v *foldedViews) CatchUp(context.Context) error {
	v.caught.Store(!v.lags)
	return nil
}

// UnconfirmedHolds implements Views.
func (v *foldedViews) UnconfirmedHolds(
	_ context.Context,
	bookingID events.BookingID,
) (map[events.HoldID][]events.StreamID, error) {
	log := v.harness.read()
	v.mu.Lock()
	defer v.mu.Unlock()
	holds := map[events.HoldID][]events.StreamID{}
	for hold, streams := range log.unconfirmed {
		if id, _, _ := events.CutHoldID(hold); id == bookingID && len(streams) > 0 {
			holds[hold] = slices.Clone(streams)
		}
	}
	return holds, nil
}

// KeptAfter implements Views.
func (v *foldedViews) KeptAfter(_ context.Context, bookingID events.BookingID) (int64, error) {
	log := v.harness.read()
	v.mu.Lock()
	defer v.mu.Unlock()
	return log.kept[bookingID], nil
}

// orphanedBookings returns the bookings whose attempts hold something that belongs to no booking.
func (h *history) orphanedBookings() (ids []events.BookingID) {
	for hold, streams := range h.unconfirmed {
		if id, _, _ := events.CutHoldID(hold); len(streams) > 0 {
			ids = append(ids, id)
		}
	}
	return ids
}

// checkNoOrphanedHolds checks that every hold in the log belongs to a booking.
func (w *harness) checkNoOrphanedHolds(when any) {
	w.Helper()
	for hold, streams := range w.read().unconfirmed {
		if len(streams) > 0 {
			w.Errorf("%v: got streams %[3]v of hold %[2]s, which belongs to no booking; want none", when, hold, streams)
		}
	}
}
