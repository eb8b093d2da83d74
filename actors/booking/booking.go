package booking

import (
	"encoding/json"
	"io"
	"time"

	"admitone/actors/core"
	"admitone/events"
)

// Kind registers bookings with the shell.
var Kind = core.Kind{Category: events.BookingCategory, New: New, SnapshotVersion: snapshotVersion}

// Stream returns the stream of the booking with this id.
func Stream(id events.BookingID) events.StreamID {
	return events.NewStreamID(events.BookingCategory, string(id))
}

// snapshotVersion changes with the format that Freeze writes.
const snapshotVersion = 3

// MaxSeats is the maximum number of seats and places of one booking.
const MaxSeats = 50

// Hold creates the booking. All of its seats must already be held under Attempt. Refusals:
// already_exists, [ErrAbandoned], cancelled, not_open, sale_closed, hold_expired (ExpiresAt has
// passed).
type Hold struct {
	ID            events.BookingID
	PerformanceID events.PerformanceID
	Holder        events.Holder
	// Attempt is the number in the hold's id: [State.FirstAttempt].
	Attempt int64
	// Seats must not be changed afterwards.
	Seats []events.BookedSeat
	// Areas must not be changed afterwards.
	Areas []events.BookedPlaces
	// ExpiresAt is the payment deadline, ExtendableUntil the latest deadline that an extension can set.
	ExpiresAt, ExtendableUntil time.Time
	// Terms of the performance.
	Terms Terms
	// Order must not be changed afterwards.
	Order events.OrderData
	// Label permits seats that are blocked under it; "" for none.
	Label events.BlockLabel
}

// Terms are the performance's terms, as last read by the caller.
type Terms struct {
	events.SaleTerms
	// Times are the bounds of the sale.
	Times events.SaleTimes
	// Cancellation is the cancellation policy, StartsAt the start of the performance.
	Cancellation events.Cancellation
	StartsAt     time.Time
	// CalledOff: the organiser has cancelled the performance.
	CalledOff bool
}

// Refuse returns the refusal of a purchase on these terms at the time now (cancelled, not_open or
// sale_closed), or nil if it is allowed.
func (t *Terms) Refuse(now time.Time) *core.Refusal {
	if t.CalledOff {
		return ErrCalledOff
	}
	return core.Sale{Times: t.Times}.Refuse(now)
}

// Abandon closes an attempt that has not become a booking, so that its seats can be released. No-op
// if the attempt is already closed, even if a later attempt holds the booking. Refusals:
// already_exists (the booking is or was held under this attempt), [ErrStaleState].
type Abandon struct {
	ID            events.BookingID
	PerformanceID events.PerformanceID
	Holder        events.Holder
	Attempt       int64
}

// Extend moves the payment deadline to ExpiresAt, once. The seats must already be held until then.
// Refusals: forbidden, released, cancelled, hold_expired, already_confirmed (booked, or a payment is in
// progress), payment_in_progress (an intent is open), limit_exceeded (already extended, or ExpiresAt is
// not later than the deadline, or later than ExtendableUntil).
type Extend struct {
	By        events.Holder
	ExpiresAt time.Time
	// CalledOff: the organiser has cancelled the performance.
	CalledOff bool
}

// StartPayment starts a payment under a new id. No-op while a payment from the same source is in
// progress. A payment after the deadline is late: it acquires the seats again, under Terms. Refusals:
// forbidden, payment_in_progress (another payment, or an intent is open and PaymentStream is ""),
// cancelled, already_confirmed, released, not_open or sale_closed (if it is late), not_held (this
// external payment has an outcome).
type StartPayment struct {
	By events.Holder
	// Terms are the current terms of the performance.
	Terms Terms
	// PaymentStream is the stream of an external payment, "" for a payment from the holder's wallet. A
	// late external payment starts even if the sale is closed, and then fails immediately.
	PaymentStream events.StreamID
}

// BeginIntent makes the booking wait for a payment that a provider is taking, with a new deadline.
// The caller then extends the allowance and the seats. No-op if an intent with the same provider and
// seconds is open, and both or neither have a checkout page. Refusals: forbidden, cancelled,
// payment_in_progress (a payment, or another intent), already_confirmed, hold_expired, released.
type BeginIntent struct {
	Intent   events.IntentID
	Provider events.Provider
	// Seconds until the intent lapses: at least 1; capped at [events.MaxIntent].
	Seconds int64
	By      events.Holder
	// Checkout describes the checkout page to create, zero for none.
	Checkout events.Checkout
	// CalledOff: the organiser has cancelled the performance.
	CalledOff bool
}

// OpenIntent records that the allowance and the seats are held until the intent's deadline.
// Idempotent. Refusal: not_held (the intent has ended).
type OpenIntent struct{ Intent events.IntentID }

// EndIntent ends an intent without a payment. No-op if the intent is not open.
type EndIntent struct {
	Intent events.IntentID
	Reason events.IntentEnd
}

// Delay turns an external payment that arrived in time into a late payment, because the seat holds
// expired before the seats were booked. Idempotent. Refusal: not_held (the payment is not in progress,
// or not external).
type Delay struct{ PaymentID events.HoldID }

// Retake records that a late payment has taken every seat again. Idempotent. Refusal: not_held (the
// payment is not in progress, or not late).
type Retake struct {
	PaymentID events.HoldID
	ExpiresAt time.Time
}

// Complete records that the money has been debited and every seat booked. Idempotent. Refusal:
// not_held (the payment is not in progress, or is late and has not taken the seats again).
type Complete struct{ PaymentID events.HoldID }

// FailPayment ends a payment without booking the seats; see [events.BookingPaymentFailed] for its
// preconditions. Refusal: not_held (the payment is not in progress).
type FailPayment struct {
	PaymentID events.HoldID
	Reason    events.FailReason
}

// Release releases the booking. A paid booking is refunded according to the cancellation policy it was
// held under. Idempotent. Refusals: forbidden, hold_expired, not_held (a payment is in progress and
// must end first), payment_in_progress (an intent is open), cancellation_closed, already_confirmed (see
// FullRefundOnly).
type Release struct {
	By events.Holder
	// Terms are the current terms of the performance.
	Terms Terms
	// Reason is why an organiser overrides the policy's time limit, "" if the limit applies.
	Reason string
	// FullRefundOnly refuses the release of a paid booking with already_confirmed unless its whole price
	// is refunded. It is set if the caller may not know that the booking is paid.
	FullRefundOnly bool
}

// ReturnSeat returns one seat or standing place of a paid booking. Its price is refunded according to
// the cancellation policy. No-op if it was already returned. Refusals: forbidden, not_found (not a seat
// of the booking), payment_in_progress (a payment, or an intent is open), hold_expired, not_held (the
// booking is held, not booked), cancellation_closed.
type ReturnSeat struct {
	By   events.Holder
	Seat events.SeatName
	// Area and Place identify a standing place; then Seat is "".
	Area  events.AreaID
	Place int64
	// Terms and Reason are as in [Release].
	Terms  Terms
	Reason string
}

// FinishReturn records that the money for a returned seat has been refunded and the seat is free.
// No-op for any other seat.
type FinishReturn struct {
	Seat  events.SeatName
	Area  events.AreaID
	Place int64
}

// FinishRefund records that a paid booking that was released or cancelled has been refunded, and its
// seats are free. No-op for any other booking.
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
	// ExpiresAt is the payment deadline, ExtendableUntil the latest deadline that an extension can set.
	ExpiresAt, ExtendableUntil time.Time
	Extended                   bool
	// Closed is the number of the last abandoned attempt; all earlier attempts are closed too.
	Closed int64 `json:",omitempty"`
	// Attempt is the number of the current or most recent hold.
	Attempt int64
	// PaymentID is the id of the current or most recent payment, and PaymentStream its stream if it is
	// external. Payments is the number of payments so far.
	PaymentID     events.HoldID
	Payments      int64
	PaymentStream events.StreamID `json:"Payment"`
	// Intent is the open intent; its ID is "" if there is none.
	Intent Intent
	// SettledPayments are the external payments with a final outcome. They must not be changed.
	SettledPayments []SettledPayment `json:"Outside,omitempty"`
	// Delayed: the current or most recent payment arrived in time, but the seats expired before they were
	// booked.
	Delayed bool
	// Late: the current or most recent payment started after the deadline, or is Delayed. Retaken: it has
	// taken every seat again.
	Late, Retaken bool
	// Paid: the booking was booked, even if it has since been released or cancelled.
	Paid bool
	// Refunding: a released or cancelled booking still has money to refund or seats to release.
	Refunding bool
	// Kept is the sum of cancellation fees withheld.
	Kept int64 `json:",omitempty"`
	// Refunds is the amount refunded when the whole booking was released or cancelled.
	Refunds int64 `json:",omitempty"`
	// FeesRefunded is the part of Refunds that had been withheld as fees.
	FeesRefunded int64 `json:"MadeUp,omitempty"`
	// Returned are the seats and places returned one by one, in the order of their return. Seats and Areas
	// do not include them. They must not be changed.
	Returned []Returned `json:",omitempty"`
	// Cancellation is the cancellation policy, fixed when the booking was held.
	Cancellation events.Cancellation `json:",omitzero"`
	// SaleTerms are the terms of the current or last hold.
	events.SaleTerms
	// Order is the current order data. It must not be changed.
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
	// Opened: the allowance and the seats are held until ExpiresAt.
	Opened bool
	// Checkout describes the checkout page, zero for none; Session and URL are "" until the page
	// exists.
	Checkout     events.Checkout `json:",omitzero"`
	Session, URL string          `json:",omitempty"`
}

// SettledPayment is an external payment with a final outcome: it has paid for the booking, or failed.
type SettledPayment struct {
	Stream    events.StreamID `json:"Payment"`
	PaymentID events.HoldID
	Booked    bool
}

// Outcome returns the final outcome of an external payment, and false if it has none yet.
func (s *State) Outcome(payment events.StreamID) (SettledPayment, bool) {
	for _, o := range s.SettledPayments {
		if o.Stream == payment {
			return o, true
		}
	}
	return SettledPayment{}, false
}

// NextPaymentID returns the id of the next payment.
func (s *State) NextPaymentID() events.HoldID {
	attempt := s.Attempt
	if s.Status == events.BookingIsExpired {
		attempt++
	}
	return events.NewPaymentID(events.NewHoldID(s.ID, attempt), s.Payments+1)
}

// HoldID is the id of the current or most recent hold.
func (s *State) HoldID() events.HoldID { return events.NewHoldID(s.ID, s.Attempt) }

// FirstAttempt is the attempt that created the booking, or will create it.
func (s *State) FirstAttempt() int64 { return s.Closed + 1 }

// StateOf returns the state of a booking after the fact that created it.
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
