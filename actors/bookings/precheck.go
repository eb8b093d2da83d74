package bookings

import (
	"context"
	"time"

	"admitone/actors/allowance"
	"admitone/actors/booking"
	"admitone/actors/core"
	"admitone/actors/wallet"
	"admitone/events"
)

// precheck refuses a payment that would come to nothing before it begins, so that a
// refusal has written nothing of it: too little money and, if it is late, seats or an
// allowance that can't be had again. It returns what a late payment is decided on. Refusals:
// not_open, sale_closed, hold_expired, limit_exceeded, insufficient_balance.
//
// It promises nothing. Two payments at once, with money for one, may both see the money;
// and a seat that a late one sees free may be taken before it is held. Then the payment has
// begun, fails, and the log says so: booking.payment_failed.
func (b *Bookings) precheck(ctx context.Context, cmd *Pay) (on booking.Terms, err error) {
	now, err := b.state(ctx, cmd.BookingID)
	if err != nil {
		return on, err
	}
	state := &now.Booking
	if state.ID == "" || cmd.By != "" && cmd.By != state.Holder {
		return on, nil // the booking itself says no
	}
	s, err := b.performanceInfo(ctx, state.PerformanceID)
	if err != nil {
		return on, err
	}
	switch state.Status {
	case events.BookingIsHeld: // and may have expired when the payment begins
		return s.on, b.precheckMoney(ctx, state, state.NextPaymentID())
	case events.BookingIsExpired:
		refusal := b.precheckLate(ctx, cmd, s, state)
		if refused(refusal) == nil {
			return s.on, refusal
		}
		// An expired booking gives back what it still has before the refusal says that it is
		// over.
		if err := b.settle(ctx, cmd.Origin, cmd.BookingID); err != nil {
			return on, err
		}
		return on, refusal
	}
	return s.on, nil
}

// precheckLate checks what a late payment would have to take again.
func (b *Bookings) precheckLate(ctx context.Context, cmd *Pay, s *performanceInfo, state *booking.State) error {
	if refusal := s.closed(); refusal != nil {
		return refusal
	}
	h := holdOf(cmd.Origin, s, state)
	if lost := b.taken(ctx, &h, h.seats); lost != nil {
		return tooLate(s, state, lost)
	}
	next := events.NewHoldID(state.ID, state.Attempt+1)
	if s.limit > 0 {
		take := &allowance.Take{HoldID: next, Seats: int64(len(h.seats)), Limit: s.limit}
		refusal, err := b.dryRun(ctx, allowance.Stream(s.id, state.Holder), take)
		if err != nil || refusal != nil && refusal.Code == core.CodeLimitExceeded {
			return either(refusal, err)
		}
	}
	return b.precheckMoney(ctx, state, state.NextPaymentID())
}

func (b *Bookings) precheckMoney(ctx context.Context, state *booking.State, paymentID events.HoldID) error {
	if state.Amount == 0 {
		return nil
	}
	refusal, err := b.dryRun(ctx, wallet.Stream(state.Holder), &wallet.Debit{PaymentID: paymentID, Amount: state.Amount})
	if err != nil || refusal != nil && refusal.Code == core.CodeInsufficientBalance {
		return either(refusal, err)
	}
	return nil // any other refusal is about an id that the payment will deal with
}

// dryRun returns the refusal that an entity would give, nil if it would not refuse.
// Deciding changes nothing, and these rules ask no clock.
func (b *Bookings) dryRun(
	ctx context.Context,
	stream events.StreamID,
	command core.Command,
) (refusal *core.Refusal, err error) {
	_, err = b.desk.View(ctx, stream, func(c core.Core) {
		_, no := c.Decide(command, time.Time{})
		refusal = refused(no)
	})
	return refusal, err
}

// either returns what failed, or else the refusal.
func either(refusal *core.Refusal, err error) error {
	if err != nil {
		return err
	}
	return refusal
}
