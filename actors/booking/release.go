package booking

import (
	"time"

	"admitone/actors/core"
	"admitone/events"
)

func (b *Booking) release(cmd *Release, now time.Time) ([]events.Fact, error) {
	fact := &events.BookingReleased{Was: b.state.Status, Reason: cmd.Reason}
	switch {
	case !b.isOf(cmd.By):
		return nil, errNotYours
	case b.state.over():
		return nil, nil
	case b.state.Status == events.BookingIsExpired:
		return nil, expired(b.state.ExpiresAt)
	case b.state.Status == events.BookingIsPaying:
		return nil, errPaying
	case b.state.Status == events.BookingIsAwaiting:
		return nil, errAwaiting
	}
	price, refund := b.state.worth()
	if b.state.Status == events.BookingIsBooked && price > 0 {
		refusal := b.state.closed(cmd.On.StartsAt, cmd.Reason, now)
		if cmd.InFull && (refusal != nil || refund < price) {
			return nil, errBooked
		}
		if refusal != nil {
			return nil, refusal
		}
		fact.RefundID, fact.Kept, fact.Terms = b.state.PaymentID, price-refund, cmd.On.Terms
	}
	return []events.Fact{fact}, nil
}

// closed refuses the release of a paid booking after the limit of its cancellation policy:
// cancellation_closed.
func (s *State) closed(startsAt time.Time, reason string, now time.Time) *core.Refusal {
	until := s.Cancellation.Closes(startsAt)
	if until.IsZero() || now.Before(until) || reason != "" {
		return nil
	}
	return &core.Refusal{Code: core.CodeCancellationClosed,
		Detail: "what is paid can't be given back any more", Fields: core.Fields{"until": until.UTC()}}
}
