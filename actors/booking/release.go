package booking

import (
	"time"

	"admitone/actors/core"
	"admitone/events"
)

func (b *Booking) release(cmd *Release, now time.Time) ([]events.Fact, error) {
	fact := &events.BookingReleased{Was: b.state.Status, Reason: cmd.Reason}
	switch {
	case !b.belongsTo(cmd.By):
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
	price, refund := b.state.value()
	if b.state.Status == events.BookingIsBooked && price > 0 {
		refusal := b.state.refuseCancellation(cmd.Terms.StartsAt, cmd.Reason, now)
		if cmd.FullRefundOnly && (refusal != nil || refund < price) {
			return nil, errBooked
		}
		if refusal != nil {
			return nil, refusal
		}
		fact.RefundID, fact.Kept, fact.Terms = b.state.PaymentID, price-refund, cmd.Terms.Terms
	}
	return []events.Fact{fact}, nil
}

// refuseCancellation returns cancellation_closed after the time limit of the cancellation policy, unless
// there is a reason to override it.
func (s *State) refuseCancellation(startsAt time.Time, reason string, now time.Time) *core.Refusal {
	until := s.Cancellation.Closes(startsAt)
	if until.IsZero() || now.Before(until) || reason != "" {
		return nil
	}
	return &core.Refusal{Code: core.CodeCancellationClosed,
		Detail: "a paid booking can no longer be given back", Fields: core.Fields{"until": until.UTC()}}
}
