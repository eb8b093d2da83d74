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

// snapshotVersion changes with what Freeze writes.
const snapshotVersion = 2

// MaxSeats is how many seats one booking can have.
const MaxSeats = 50

// Hold makes the booking known, all of whose seats are held under an attempt. Refusals:
// already_exists, [ErrAbandoned], not_open, sale_closed, hold_expired (it took too long).
type Hold struct {
	ID            events.BookingID
	PerformanceID events.PerformanceID
	Holder        events.Holder
	// Attempt is the number in the hold's id: the one behind those that are closed.
	Attempt int64
	// Seats must not be changed afterwards.
	Seats []events.BookedSeat
	// ExpiresAt is the last moment at which a payment is in time, ExtendableUntil
	// how far an extension can move that.
	ExpiresAt, ExtendableUntil time.Time
	// On is what it is decided on.
	On Terms
	// Order is kept in the fact, and must not be changed afterwards.
	Order events.OrderData
}

// Terms are what a performance states, as far as it is known to whoever decides on it.
type Terms struct {
	events.SaleTerms
	// Times are the bounds of the sale.
	Times events.SaleTimes
	// Cancellation is the rule for giving back, and StartsAt when the show starts.
	Cancellation events.Cancellation
	StartsAt     time.Time
}

// refuse refuses what can't be acquired on the terms at the time now: not_open, sale_closed.
func (t *Terms) refuse(now time.Time) *core.Refusal { return core.Sale{Times: t.Times}.Refuse(now) }

// Abandon closes an attempt of a booking that is not held, so that what the attempt has
// taken can be given back. It does nothing to one that is closed, be it because the
// booking is held under a later one. Refusals: already_exists (it is held under this one,
// or was), [ErrAhead].
type Abandon struct {
	ID            events.BookingID
	PerformanceID events.PerformanceID
	Holder        events.Holder
	Attempt       int64
}

// Extend moves the deadline, once. The seats are held that long already. Refusals:
// released, hold_expired, already_confirmed (booked, or being paid),
// limit_exceeded (extended before, or as far as it goes).
type Extend struct {
	By        events.Holder
	ExpiresAt time.Time
}

// StartPayment begins to pay, under an id of its own. While a payment of the same source is under way
// it does nothing. A late one acquires the seats again, on the terms of now; one in time needs none.
// Refusals: already_confirmed, released, payment_in_progress (another is under way); not_open,
// sale_closed (if it is late); not_held (this payment from outside is over).
type StartPayment struct {
	By events.Holder
	On Terms
	// Payment is the stream of the payment from outside, "" for the holder's wallet. It begins also
	// if it is late and the sale is over: then it fails.
	Payment events.StreamID
}

// BeginIntent has the booking wait for money that a provider is taking, until a deadline of its own.
// Allowance and seats are prolonged next. While an intent like it is under way it does nothing.
// Refusals: payment_in_progress (a payment, or another intent), already_confirmed, hold_expired,
// released.
type BeginIntent struct {
	Intent   events.IntentID
	Provider events.Provider
	// Seconds is how long it waits, from 1 to those of [events.MaxIntent].
	Seconds int64
}

// OpenIntent says that allowance and seats are held as long as the intent lasts. It does nothing to
// one that is open. Refusal: not_held (the intent is over).
type OpenIntent struct{ Intent events.IntentID }

// EndIntent ends an intent without a payment. It does nothing to one that is over.
type EndIntent struct {
	Intent events.IntentID
	Reason events.IntentEnd
}

// Delay says that the seats of a payment from outside ran out before they were booked, though it came
// in time: it goes on as a late one. Again it does nothing. Refusal: not_held (the payment is over).
type Delay struct{ PaymentID events.HoldID }

// Retake says that a late payment has taken every seat again. Again it does
// nothing. Refusal: not_held (the payment is over).
type Retake struct {
	PaymentID events.HoldID
	ExpiresAt time.Time
}

// Complete says that the payment is debited and every seat booked. Again it does
// nothing. Refusal: not_held (the payment is over).
type Complete struct{ PaymentID events.HoldID }

// FailPayment ends the payment; see [events.BookingPaymentFailed] for what has to
// be done before. Refusal: not_held (the payment is over).
type FailPayment struct {
	PaymentID events.HoldID
	Reason    events.FailReason
}

// Release gives the booking back; of what is paid, the rule that it was held on says how much is
// refunded, and until when. Again it does nothing. Refusals: hold_expired, not_held (a payment is
// under way: it has to end first), cancellation_closed, already_confirmed (see InFull).
type Release struct {
	By events.Holder
	// On says when the show starts.
	On Terms
	// Reason is why the organiser gives it back whatever the time is, "" if the time counts.
	Reason string
	// InFull says that it was not known to be paid, and is not to be given back for less.
	InFull bool
}

// FinishRefund says that the money and the seats of a booked booking that was
// released have been given back. It does nothing to any other.
type FinishRefund struct{}

// Annotate states the order data, all of it, whatever the booking's status.
type Annotate struct {
	// Order must not be changed afterwards.
	Order events.OrderData
}

// State is what there is to know of a booking.
type State struct {
	ID            events.BookingID
	PerformanceID events.PerformanceID
	Holder        events.Holder
	// Seats are shared and must not be changed.
	Seats  []events.BookedSeat
	Amount int64
	Status events.BookingStatus
	// ExpiresAt is the last moment at which a payment is in time, ExtendableUntil
	// how far an extension can move that.
	ExpiresAt, ExtendableUntil time.Time
	Extended                   bool
	// Closed is the number of attempts that are abandoned: those up to this number.
	Closed int64 `json:",omitempty"`
	// Attempt is the number of the present or last hold.
	Attempt int64
	// PaymentID is the present or last payment, Payments how many there were, and Payment the stream
	// of that one if it comes from outside.
	PaymentID events.HoldID
	Payments  int64
	Payment   events.StreamID
	// Intent that is under way; its ID is "" if none is.
	Intent Intent
	// Outside are the payments from outside that were decided. They must not be changed.
	Outside []Outside `json:",omitempty"`
	// Delayed says that the payment came in time, and that its seats ran out.
	Delayed bool
	// Late says that the payment that is under way or was the last began after the
	// deadline, Retaken that it has all the seats again.
	Late, Retaken bool
	// Paid says that it was booked, whatever became of it since.
	Paid bool
	// Refunding says that a booked booking was released and not everything has been
	// given back.
	Refunding bool
	// Kept is how much of what was paid was not refunded when it was released.
	Kept int64 `json:",omitempty"`
	// Cancellation is the rule for giving it back, frozen when it was held.
	Cancellation events.Cancellation `json:",omitzero"`
	// SaleTerms are what the present or last hold was decided on.
	events.SaleTerms
	// Order is what was stated last, and must not be changed.
	Order events.OrderData
}

// Refund is what is refunded if the booking is given back: of each seat, rounded up.
func (s *State) Refund() (amount int64) {
	for i := range s.Seats {
		amount += s.Cancellation.Refund(s.Seats[i].Price)
	}
	return amount
}

// Intent is one that a booking waits for.
type Intent struct {
	ID       events.IntentID
	Provider events.Provider
	Seconds  int64
	// ExpiresAt is the last moment of it.
	ExpiresAt time.Time
	// Opened says that allowance and seats are held that long.
	Opened bool
}

// Outside is a payment from outside that was decided: it has paid for the booking, or failed.
type Outside struct {
	Payment   events.StreamID
	PaymentID events.HoldID
	Booked    bool
}

// Decided returns what was decided about a payment from outside, and whether anything was.
func (s *State) Decided(payment events.StreamID) (Outside, bool) {
	for _, o := range s.Outside {
		if o.Payment == payment {
			return o, true
		}
	}
	return Outside{}, false
}

// NextPaymentID is the id that a payment has which starts now.
func (s *State) NextPaymentID() events.HoldID {
	attempt := s.Attempt
	if s.Status == events.BookingIsExpired {
		attempt++
	}
	return events.NewPaymentID(events.NewHoldID(s.ID, attempt), s.Payments+1)
}

// HoldID is the id of the present or last hold.
func (s *State) HoldID() events.HoldID { return events.NewHoldID(s.ID, s.Attempt) }

// HeldUnder is the attempt under which it was held first, or will be.
func (s *State) HeldUnder() int64 { return s.Closed + 1 }

// StateOf is a booking as its first hold makes it.
func StateOf(f *events.BookingHeld) State {
	return State{ID: f.BookingID, PerformanceID: f.PerformanceID, Holder: f.Holder, Seats: f.Seats, Amount: f.Amount,
		Status: events.BookingIsHeld, ExpiresAt: f.ExpiresAt, ExtendableUntil: f.ExtendableUntil,
		Closed: f.Attempt - 1, Attempt: f.Attempt, SaleTerms: f.SaleTerms,
		Order: f.OrderData, Cancellation: f.Cancellation}
}

// Booking is the state and the rules of one booking. It implements [core.Core].
type Booking struct {
	state State // ID is "" before it is held
}

// New returns a booking that is not known yet.
func New() core.Core { return &Booking{} }

// Exists reports whether the booking is known.
func (b *Booking) Exists() bool { return b.state.ID != "" }

// State returns what there is to know of it.
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
