package booking

import (
	"time"

	"admitone/actors/core"
	"admitone/events"
)

// CallOff cancels the booking because its performance was cancelled, and refunds a paid booking in
// full. No-op if the booking is already cancelled, or is released and KeptSince is 0. Refusals:
// forbidden, not_held (a payment or a refund is in progress and must finish first, or Kept is stale),
// hold_expired (unless Expired).
type CallOff struct {
	By events.Holder
	// Expired also cancels an expired booking, so that a late payment becomes owed to the payer.
	Expired bool
	// Kept is the sum of cancellation fees withheld so far, in minor units; KeptSince the part of it that
	// was withheld after the performance was cancelled, which is refunded as well.
	Kept, KeptSince int64
}

// ErrCalledOff refuses a hold or payment because the performance was cancelled.
var ErrCalledOff = &core.Refusal{Code: core.CodeCancelled,
	Detail: "the performance was cancelled; paid bookings are refunded"}

var errReleasing = &core.Refusal{Code: core.CodeNotHeld, Detail: "the booking is being released; try again"}

// calledOff reports whether the booking was cancelled with its performance, or will be if
// performanceCancelled.
func (s *State) calledOff(performanceCancelled bool) bool {
	return s.Status == events.BookingIsCancelled || performanceCancelled && s.Status != events.BookingIsReleased
}

// over reports whether the whole booking was released or cancelled.
func (s *State) over() bool {
	return s.Status == events.BookingIsReleased || s.Status == events.BookingIsCancelled
}

func (b *Booking) callOff(cmd *CallOff, now time.Time) (facts []events.Fact, err error) {
	s := &b.state
	fact := &events.BookingCancelled{Was: s.Status}
	switch {
	case !b.belongsTo(cmd.By):
		return nil, errNotYours
	case s.Status == events.BookingIsCancelled:
		return nil, nil
	case s.Status == events.BookingIsPaying:
		return nil, errPaying
	case s.Refunding, len(s.Returning()) > 0, s.Kept != cmd.Kept, cmd.KeptSince > s.Kept:
		return nil, errReleasing
	case s.Status == events.BookingIsReleased && cmd.KeptSince == 0:
		return nil, nil
	case s.Status == events.BookingIsExpired && !cmd.Expired:
		return nil, expired(s.ExpiresAt)
	case s.Status == events.BookingIsAwaiting:
		ended := b.newIntentEnded(events.IntentCancelled, now)
		fact.Was = ended.Status
		facts = append(facts, ended)
	case s.Status == events.BookingIsBooked:
		fact.Amount = s.Price()
	}
	fact.MadeUp = cmd.KeptSince
	if fact.Amount += cmd.KeptSince; fact.Amount > 0 {
		fact.PaymentID = s.PaymentID
	}
	return append(facts, fact), nil
}

// canCancel reports whether f is a valid next fact. It does not check that f.Was is the status.
func (s *State) canCancel(f *events.BookingCancelled) bool {
	due := f.MadeUp
	switch f.Was {
	case events.BookingIsBooked:
		due += s.Price()
	case events.BookingIsReleased:
		if due == 0 {
			return false
		}
	case events.BookingIsHeld, events.BookingIsExpired:
	default:
		return false
	}
	idle := !s.Refunding && len(s.Returning()) == 0
	return idle && f.Amount == due && f.MadeUp <= s.Kept && (due == 0 || f.PaymentID == s.PaymentID)
}

func (s *State) applyCancelled(f *events.BookingCancelled) {
	s.Refunding = f.Was == events.BookingIsBooked || f.Amount > 0
	s.Status, s.Refunds, s.FeesRefunded = events.BookingIsCancelled, f.Amount, f.MadeUp
	s.Kept -= f.MadeUp
}
