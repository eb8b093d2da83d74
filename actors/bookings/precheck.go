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

// precheck refuses a payment that would fail before it starts, so that nothing is appended: the balance is
// insufficient or, if the payment is late, seats or allowance are no longer available. It returns the
// current terms of the performance. Refusals: not_open, sale_closed, limit_exceeded, hold_expired,
// insufficient_balance.
//
// A payment that passes may still fail, which is recorded as booking.payment_failed. Two concurrent
// payments may both see a balance that suffices for only one of them, and a seat that a late payment finds
// free may be taken before the payment holds it.
func (b *Bookings) precheck(ctx context.Context, cmd *Pay) (terms booking.Terms, err error) {
	now, err := b.state(ctx, cmd.BookingID)
	if err != nil {
		return terms, err
	}
	state := &now.Booking
	if state.ID == "" || cmd.By != "" && cmd.By != state.Holder {
		return terms, nil // the booking will refuse
	}
	s, err := b.performanceInfo(ctx, state.PerformanceID)
	if err != nil {
		return terms, err
	}
	if s.terms.CalledOff {
		return s.terms, nil // the booking will refuse
	}
	switch state.Status {
	case events.BookingIsHeld:
		return s.terms, b.precheckMoney(ctx, state, state.NextPaymentID())
	case events.BookingIsExpired:
		refusal := b.precheckLate(ctx, cmd, s, state)
		if refused(refusal) == nil {
			return s.terms, refusal
		}
		// The expired booking may still hold seats.
		if err := b.settle(ctx, cmd.Origin, cmd.BookingID); err != nil {
			return terms, err
		}
		return terms, refusal
	}
	return s.terms, nil
}

// precheckLate checks the seats and the allowance that a late payment has to take again.
func (b *Bookings) precheckLate(ctx context.Context, cmd *Pay, s *performanceInfo, state *booking.State) error {
	if refusal := s.refusePurchase(); refusal != nil {
		return refusal
	}
	h := holdOf(cmd.Origin, s, state)
	next := events.NewHoldID(state.ID, state.Attempt+1)
	if s.limit > 0 {
		take := &allowance.Take{HoldID: next, Seats: h.places(), Limit: s.limit}
		refusal, err := b.dryRun(ctx, allowance.Stream(s.id, state.Holder), take)
		if err != nil || refusal != nil && refusal.Code == core.CodeLimitExceeded {
			return either(refusal, err)
		}
	}
	taken := b.takenBy(ctx, &h, h.seats, func(owner events.HoldID) bool {
		bookingID, _, _ := events.CutHoldID(owner) // a run of this payment on another node may hold the seat
		return bookingID != state.ID
	})
	if lost := (lostError{taken, b.tooFew(ctx, &h, 0)}); lost.seats != nil || lost.areas != nil {
		return tooLate(s, state, &lost)
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
	return nil // other refusals concern the payment id, and are handled by the debit
}

// dryRun returns the refusal of a command by an entity, nil if the entity would accept it. The decision on
// the command must not depend on the time.
func (b *Bookings) dryRun(
	ctx context.Context,
	stream events.StreamID,
	command core.Command,
) (refusal *core.Refusal, err error) {
	_, err = b.desk.View(ctx, stream, func(c core.Core) {
		_, err := c.Decide(command, time.Time{})
		refusal = refused(err)
	})
	return refusal, err
}

// either returns the failure if there is one, otherwise the refusal.
func either(refusal *core.Refusal, err error) error {
	if err != nil {
		return err
	}
	return refusal
}
