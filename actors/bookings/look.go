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

// look refuses a payment that would come to nothing before it begins, so that a
// refusal has written nothing of it: too little money and, if it is late, seats or an
// allowance that can't be had again. Refusals: hold_expired, limit_exceeded,
// insufficient_balance.
//
// It is a look and no promise. Two payments at once, with money for one, may both see
// the money; and what a late one sees free may be somebody else's before it is taken.
// Then the payment has begun, fails, and the log says so: booking.payment_failed.
func (b *Bookings) look(ctx context.Context, cmd *Pay) error {
	now, err := b.state(ctx, cmd.BookingID)
	if err != nil {
		return err
	}
	state := &now.Booking
	if cmd.By != "" && cmd.By != state.Holder {
		return nil // the booking itself says no
	}
	switch state.Status {
	case events.BookingIsHeld:
		return b.lookAtMoney(ctx, state, state.HoldID())
	case events.BookingIsExpired:
		refusal := b.lookLate(ctx, cmd, state)
		if refused(refusal) == nil {
			return refusal
		}
		// What an expired booking still has is given back without waiting for others to
		// do it: whoever asked knows that it is over.
		if err := b.settle(ctx, cmd.Origin, cmd.BookingID); err != nil {
			return err
		}
		return refusal
	}
	return nil
}

// lookLate looks at what a late payment would have to take again.
func (b *Bookings) lookLate(ctx context.Context, cmd *Pay, state *booking.State) error {
	s, err := b.show(ctx, state.PerformanceID)
	if err != nil {
		return err
	}
	h := holdOf(cmd.Origin, s, state)
	if lost := b.taken(ctx, &h, h.seats); lost != nil {
		return tooLate(s, lost)
	}
	next := events.HoldID(state.ID, state.Attempt+1)
	if s.limit > 0 {
		take := &allowance.Take{HoldID: next, Seats: int64(len(h.seats)), Limit: s.limit}
		if refusal, err := b.would(ctx, allowance.Stream(s.id, state.Holder), take); err != nil || refusal != nil && refusal.Code == "limit_exceeded" {
			return either(refusal, err)
		}
	}
	return b.lookAtMoney(ctx, state, next)
}

func (b *Bookings) lookAtMoney(ctx context.Context, state *booking.State, paymentID string) error {
	if state.Amount == 0 {
		return nil
	}
	refusal, err := b.would(ctx, wallet.Stream(state.Holder), &wallet.Debit{PaymentID: paymentID, Amount: state.Amount})
	if err != nil || refusal != nil && refusal.Code == "insufficient_balance" {
		return either(refusal, err)
	}
	return nil // any other refusal is about an id that the payment will deal with
}

// would returns the refusal that an entity would give, nil if it would not refuse.
// Deciding changes nothing, and these rules ask no clock.
func (b *Bookings) would(ctx context.Context, stream events.StreamID, command core.Command) (refusal *core.Refusal, err error) {
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
