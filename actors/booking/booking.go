package booking

import (
	"encoding/json"
	"io"
	"time"

	"admitone/actors/core"
	"admitone/events"
)

// Kind of bookings.
var Kind = core.Kind{Category: events.BookingCategory, New: New, SnapshotVersion: snapshotVersion}

// Stream of the booking with this id.
func Stream(id events.BookingID) events.StreamID {
	return events.NewStreamID(events.BookingCategory, string(id))
}

// snapshotVersion changes with the format that Freeze writes.
const snapshotVersion = 3

// MaxSeats is the maximum number of seats and places of one booking.
const MaxSeats = 50

// Hold creates the booking. All of its seats must already be held under Attempt. Refusals:
// already_exists, [ErrAbandoned], cancelled, not_open, sale_closed, hold_expired (it took too long).
type Hold struct {
	ID            events.BookingID
	PerformanceID events.PerformanceID
	Holder        events.Holder
	// Attempt is the number in the hold's id: State.Closed + 1.
	Attempt int64
	// Seats must not be changed afterwards.
	Seats []events.BookedSeat
	// Areas must not be changed afterwards.
	Areas []events.BookedPlaces
	// ExpiresAt is the last moment at which a payment is in time, ExtendableUntil
	// how far an extension can move that.
	ExpiresAt, ExtendableUntil time.Time
	// On are the terms of the performance as the caller last read them.
	On Terms
	// Order is kept in the fact, and must not be changed afterwards.
	Order events.OrderData
	// Label permits seats that are blocked under it; "" for none.
	Label events.BlockLabel
}

// Terms are the performance's terms, as last read by the caller.
type Terms struct {
	events.SaleTerms
	// Times are the bounds of the sale.
	Times events.SaleTimes
	// Cancellation is the cancellation policy, StartsAt the time of the performance.
	Cancellation events.Cancellation
	StartsAt     time.Time
	// CalledOff: the organiser has cancelled the performance.
	CalledOff bool
}

// Refuse returns the refusal of a purchase on these terms at the time now: cancelled, not_open,
// sale_closed; nil if it is allowed.
func (t *Terms) Refuse(now time.Time) *core.Refusal {
	if t.CalledOff {
		return ErrCalledOff
	}
	return core.Sale{Times: t.Times}.Refuse(now)
}

// Abandon closes an attempt of a booking that is not held, so that its seats can be released. No-op
// if the attempt is already closed, even when a later one holds the booking. Refusals:
// already_exists (the booking is or was held under this attempt), [ErrAhead].
type Abandon struct {
	ID            events.BookingID
	PerformanceID events.PerformanceID
	Holder        events.Holder
	Attempt       int64
}

// Extend moves the deadline, once. The seats must already be held that long. Refusals: forbidden, released,
// cancelled, hold_expired, already_confirmed (booked, or a payment is in progress),
// payment_in_progress (an intent is open), limit_exceeded (extended before, or beyond
// ExtendableUntil).
type Extend struct {
	By        events.Holder
	ExpiresAt time.Time
	// CalledOff: the organiser has cancelled the performance.
	CalledOff bool
}

// StartPayment starts a payment, under an id of its own. No-op while a payment of the same source
// is in progress. A late payment acquires the seats again, on the terms of now; one in time needs
// none. Refusals: payment_in_progress (another payment), cancelled, already_confirmed, released;
// not_open, sale_closed (if it is late); not_held (this external payment has its outcome).
type StartPayment struct {
	By events.Holder
	On Terms
	// Payment is the stream of the external payment, "" for one from the holder's wallet. An
	// external payment starts even if it is late and the sale is over: it fails then.
	Payment events.StreamID
}

// BeginIntent makes the booking wait for a payment that a provider is taking, until a deadline of
// its own. The caller then extends the allowance and the seats. No-op while an equal intent is
// open; all intents with a checkout page count as equal. Refusals: forbidden, cancelled,
// payment_in_progress (a payment, or another intent), already_confirmed, hold_expired, released.
type BeginIntent struct {
	Intent   events.IntentID
	Provider events.Provider
	// Seconds it waits, from 1 to [events.MaxIntent].
	Seconds int64
	By      events.Holder
	// Checkout describes the payment page to create, zero for none.
	Checkout events.Checkout
	// CalledOff: the organiser has cancelled the performance.
	CalledOff bool
}

// OpenIntent records that allowance and seats are held as long as the intent lasts. Idempotent.
// Refusal: not_held (the intent has ended).
type OpenIntent struct{ Intent events.IntentID }

// EndIntent ends an intent without a payment. Idempotent.
type EndIntent struct {
	Intent events.IntentID
	Reason events.IntentEnd
}

// Delay records that the seat holds expired before an external payment that arrived in time could
// book them: it continues as a late payment. Idempotent. Refusal: not_held (the payment has ended).
type Delay struct{ PaymentID events.HoldID }

// Retake records that a late payment has taken every seat again. Idempotent. Refusal: not_held (the
// payment has ended).
type Retake struct {
	PaymentID events.HoldID
	ExpiresAt time.Time
}

// Complete records that the payment is debited and every seat booked. Idempotent. Refusal: not_held
// (the payment has ended).
type Complete struct{ PaymentID events.HoldID }

// FailPayment ends the payment; see [events.BookingPaymentFailed] for its preconditions.
// Refusal: not_held (the payment has ended).
type FailPayment struct {
	PaymentID events.HoldID
	Reason    events.FailReason
}

// Release releases the booking. A paid one is refunded by the cancellation policy it was held under.
// Idempotent. Refusals: forbidden, hold_expired, not_held (a payment is in progress and must end first),
// payment_in_progress (an intent is open), cancellation_closed, already_confirmed (see InFull).
type Release struct {
	By events.Holder
	// On has the start of the performance.
	On Terms
	// Reason is why an organiser overrides the time limit, "" if the limit applies.
	Reason string
	// InFull refuses the release unless everything is refunded: the caller did not know it was paid.
	InFull bool
}

// ReturnSeat returns one seat, or place, of a booked booking. Its price is refunded by the
// cancellation policy. No-op for one already returned. Refusals: forbidden,
// not_found (no seat of the booking), not_held (it is held), payment_in_progress (also while an intent is open),
// hold_expired, cancellation_closed.
type ReturnSeat struct {
	By   events.Holder
	Seat events.SeatName
	// Area and Place identify a standing place; then Seat is "".
	Area  events.AreaID
	Place int64
	// On and Reason are as in [Release].
	On     Terms
	Reason string
}

// FinishReturn records that the money of a returned seat is refunded and the seat is free. No-op
// for any other seat.
type FinishReturn struct {
	Seat  events.SeatName
	Area  events.AreaID
	Place int64
}

// FinishRefund records that the money of a paid booking that was released or cancelled is refunded
// and its seats are free. No-op for any other booking.
type FinishRefund struct{}

// Annotate replaces the order data, whatever the booking's status.
type Annotate struct {
	// Order must not be changed afterwards.
	Order events.OrderData
}

// State is the whole state of a booking. Amounts are in minor units.
type State struct {
	ID            events.BookingID
	PerformanceID events.PerformanceID
	Holder        events.Holder
	// Seats are shared and must not be changed.
	Seats []events.BookedSeat
	// Areas are shared and must not be changed.
	Areas  []events.BookedPlaces `json:",omitempty"`
	Amount int64
	Status events.BookingStatus
	// ExpiresAt is the last moment at which a payment is in time, ExtendableUntil
	// how far an extension can move that.
	ExpiresAt, ExtendableUntil time.Time
	Extended                   bool
	// Closed is the number of the last abandoned attempt; all before it are closed too.
	Closed int64 `json:",omitempty"`
	// Attempt is the number of the present or last hold.
	Attempt int64
	// PaymentID is the hold id of the present or last payment, Payments the number of payments so far,
	// and Payment the stream of the present or last one if it is external.
	PaymentID events.HoldID
	Payments  int64
	Payment   events.StreamID
	// Intent is the open one; its ID is "" if there is none.
	Intent Intent
	// Outside are the external payments with a final outcome. They must not be changed.
	Outside []Outside `json:",omitempty"`
	// Delayed: the external payment arrived in time, but the seats expired before it could book
	// them.
	Delayed bool
	// Late: the present or last payment started after the deadline. Retaken: it has all the seats
	// again.
	Late, Retaken bool
	// Paid: the booking was booked, even if it was released or cancelled since.
	Paid bool
	// Refunding: a released or cancelled booking still has money to refund or seats to release.
	Refunding bool
	// Kept is the sum of cancellation fees withheld.
	Kept int64 `json:",omitempty"`
	// Refunds is the amount refunded when the whole booking was released or cancelled.
	Refunds int64 `json:",omitempty"`
	// MadeUp is the part of Refunds that had been withheld before.
	MadeUp int64 `json:",omitempty"`
	// Returned are the seats and places returned one by one, in that order; Seats and Areas are the
	// others. They must not be changed.
	Returned []Returned `json:",omitempty"`
	// Cancellation is the cancellation policy, fixed when the booking was held.
	Cancellation events.Cancellation `json:",omitzero"`
	// SaleTerms are the terms of the current or last hold.
	events.SaleTerms
	// Order is the newest order data. It must not be changed.
	Order events.OrderData
	// Label permits seats that are blocked under it; "" for none.
	Label events.BlockLabel `json:",omitempty"`
}

// Intent is the open payment intent of a booking.
type Intent struct {
	ID       events.IntentID
	Provider events.Provider
	Seconds  int64
	// ExpiresAt is the last moment at which its payment is in time.
	ExpiresAt time.Time
	// Opened: allowance and seats are held until ExpiresAt.
	Opened bool
	// Checkout describes the payment page, zero for none; Session and URL are "" until the page
	// exists.
	Checkout     events.Checkout `json:",omitzero"`
	Session, URL string          `json:",omitempty"`
}

// Outside is an external payment with a final outcome: it has paid for the booking, or failed.
type Outside struct {
	Payment   events.StreamID
	PaymentID events.HoldID
	Booked    bool
}

// Decided returns the final outcome of an external payment; ok is false if it has none yet.
func (s *State) Decided(payment events.StreamID) (Outside, bool) {
	for _, o := range s.Outside {
		if o.Payment == payment {
			return o, true
		}
	}
	return Outside{}, false
}

// NextPaymentID returns the id that a payment gets if it starts now.
func (s *State) NextPaymentID() events.HoldID {
	attempt := s.Attempt
	if s.Status == events.BookingIsExpired {
		attempt++
	}
	return events.NewPaymentID(events.NewHoldID(s.ID, attempt), s.Payments+1)
}

// HoldID is the id of the present or last hold.
func (s *State) HoldID() events.HoldID { return events.NewHoldID(s.ID, s.Attempt) }

// FirstAttempt is the attempt of the first hold, past or next.
func (s *State) FirstAttempt() int64 { return s.Closed + 1 }

// StateOf returns the state of a booking after its first hold.
func StateOf(f *events.BookingHeld) State {
	return State{ID: f.BookingID, PerformanceID: f.PerformanceID, Holder: f.Holder, Seats: f.Seats,
		Areas: f.Areas, Amount: f.Amount,
		Status: events.BookingIsHeld, ExpiresAt: f.ExpiresAt, ExtendableUntil: f.ExtendableUntil,
		Closed: f.Attempt - 1, Attempt: f.Attempt, SaleTerms: f.SaleTerms,
		Order: f.OrderData, Cancellation: f.Cancellation, Label: f.Label}
}

// Booking is the state and the rules of one booking. It implements [core.Core].
type Booking struct {
	state State // ID is "" before the first hold
}

// New returns a booking that does not exist yet.
func New() core.Core { return &Booking{} }

// Exists reports whether the booking was held.
func (b *Booking) Exists() bool { return b.state.ID != "" }

// State returns a shallow copy; its slices must not be changed.
func (b *Booking) State() State { return b.state }

// NextDeadline implements [core.Core].
func (b *Booking) NextDeadline() time.Time {
	switch b.state.Status {
	case events.BookingIsHeld:
		return b.state.ExpiresAt
	case events.BookingIsAwaiting:
		return b.state.Intent.ExpiresAt
	}
	return time.Time{}
}

// Freeze implements [core.Core].
func (b *Booking) Freeze() func(io.Writer) error {
	state := b.state
	return func(w io.Writer) error { return json.NewEncoder(w).Encode(state) }
}

// Restore implements [core.Core].
func (b *Booking) Restore(r io.Reader) error { return json.NewDecoder(r).Decode(&b.state) }
