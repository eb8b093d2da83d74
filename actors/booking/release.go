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
	case b.state.Status == events.BookingIsReleased:
		return nil, nil
	case b.state.Status == events.BookingIsExpired:
		return nil, expired(b.state.ExpiresAt)
	case b.state.Status == events.BookingIsPaying:
		return nil, errPaying
	case b.state.Status == events.BookingIsAwaiting:
		return nil, errAwaiting
	case b.state.Status == events.BookingIsBooked && b.state.Amount > 0:
		if refusal := b.state.closed(cmd, now); refusal != nil {
			return nil, refusal
		}
		fact.RefundID, fact.Kept, fact.Terms = b.state.PaymentID, b.state.Amount-b.state.Refund(), cmd.On.Terms
		if fact.Kept > 0 && cmd.InFull {
			return nil, errBooked
		}
	}
	return []events.Fact{fact}, nil
}

// closed refuses to give back what is paid once its time is over: cancellation_closed.
func (s *State) closed(cmd *Release, now time.Time) *core.Refusal {
	until := s.Cancellation.Closes(cmd.On.StartsAt)
	if until.IsZero() || now.Before(until) || cmd.Reason != "" {
		return nil
	}
	return &core.Refusal{Code: core.CodeCancellationClosed,
		Detail: "what is paid can't be given back any more", Fields: core.Fields{"until": until.UTC()}}
}
