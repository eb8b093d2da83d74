package booking

import (
	"encoding/json"
	"io"
	"time"

	"admitone/actors/core"
	"admitone/events"
)

// Category of the streams of bookings.
const Category = "booking"

// Stream of the booking with this id.
func Stream(id string) events.StreamID { return events.NewStreamID(Category, id) }

// SnapshotVersion changes with what Freeze writes; a snapshot of another version
// is not read.
const SnapshotVersion = 1

// MaxSeats is how many seats one booking can have.
const MaxSeats = 50

// Hold makes the booking known, all of whose seats are held under its first
// attempt. Refusals: already_exists, hold_expired (it took too long).
type Hold struct {
	ID            string
	PerformanceID string
	Holder        string
	// Seats must not be changed afterwards.
	Seats []events.BookedSeat
	// ExpiresAt is the last moment at which a payment is in time, ExtendableUntil
	// how far an extension can move that.
	ExpiresAt, ExtendableUntil time.Time
}

// Extend moves the deadline, once. The seats are held that long already. Refusals:
// released, hold_expired, already_confirmed (booked, or being paid),
// limit_exceeded (extended before, or as far as it goes).
type Extend struct {
	By        string
	ExpiresAt time.Time
}

// StartPayment begins to pay. While a payment is under way it does nothing.
// Refusals: already_confirmed, released.
type StartPayment struct{ By string }

// Retake says that a late payment has taken every seat again. Again it does
// nothing. Refusal: not_held (the payment is over).
type Retake struct {
	PaymentID string
	ExpiresAt time.Time
}

// Complete says that the payment is debited and every seat booked. Again it does
// nothing. Refusal: not_held (the payment is over).
type Complete struct{ PaymentID string }

// FailPayment ends the payment; see [events.BookingPaymentFailed] for what has to
// be done before. Refusal: not_held (the payment is over).
type FailPayment struct {
	PaymentID string
	Reason    events.FailReason
}

// Release gives the booking back. Again it does nothing. Refusals: hold_expired,
// not_held (a payment is under way: it has to end first).
type Release struct{ By string }

// FinishRefund says that the money and the seats of a booked booking that was
// released have been given back. It does nothing to any other.
type FinishRefund struct{}

// State is what there is to know of a booking.
type State struct {
	ID            string
	PerformanceID string
	Holder        string
	// Seats are shared and must not be changed.
	Seats  []events.BookedSeat
	Amount int64
	Status events.BookingStatus
	// ExpiresAt is the last moment at which a payment is in time, ExtendableUntil
	// how far an extension can move that.
	ExpiresAt, ExtendableUntil time.Time
	Extended                   bool
	// Attempt is the number of the present or last hold, and of its payment.
	Attempt int64
	// Late says that the payment that is under way or was the last began after the
	// deadline, Retaken that it has all the seats again.
	Late, Retaken bool
	// Paid says that it was booked, whatever became of it since.
	Paid bool
	// Refunding says that a booked booking was released and not everything has been
	// given back.
	Refunding bool
}

// HoldID is the id of the present or last hold, and of its payment.
func (s *State) HoldID() string { return events.HoldID(s.ID, s.Attempt) }

// Booking is the state and the rules of one booking. It implements [core.Core].
type Booking struct {
	state State // ID is "" before it is held
}

// New returns a booking that is not known yet.
func New() core.Core { return &Booking{} }

// Exists says whether the booking is known.
func (b *Booking) Exists() bool { return b.state.ID != "" }

// State returns what there is to know of it.
func (b *Booking) State() State { return b.state }

// NextDeadline implements [core.Core].
func (b *Booking) NextDeadline() time.Time {
	if b.state.Status != events.BookingIsHeld {
		return time.Time{}
	}
	return b.state.ExpiresAt
}

// Freeze implements [core.Core].
func (b *Booking) Freeze() func(io.Writer) error {
	state := b.state
	return func(w io.Writer) error { return json.NewEncoder(w).Encode(state) }
}

// Restore implements [core.Core].
func (b *Booking) Restore(r io.Reader) error { return json.NewDecoder(r).Decode(&b.state) }
