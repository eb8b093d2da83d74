package bookings

import (
	"context"

	"admitone/actors"
	"admitone/actors/booking"
	"admitone/actors/process"
	"admitone/actors/seat"
	"admitone/events"
)

// Extend requests a longer hold of a booking.
type Extend struct {
	Origin
	BookingID events.BookingID
	// By is the holder, or "" for the organiser.
	By events.Holder
}

// Extend extends the hold of a booking, once, by its initial duration, or less if the seats can't be held
// for that long.
//
// Refusals: not_found, forbidden, released, cancelled, hold_expired, payment_in_progress (an intent is
// open), already_confirmed, limit_exceeded.
func (b *Bookings) Extend(ctx context.Context, cmd Extend) (Answer, error) {
	return b.locked(ctx, cmd.BookingID, func(ctx context.Context) (Answer, error) {
		if err := b.endPayment(ctx, cmd.Origin, cmd.BookingID); err != nil {
			return Answer{}, err
		}
		before, err := b.state(ctx, cmd.BookingID)
		if err != nil {
			return Answer{}, err
		}
		state, to := &before.Booking, before.Booking.ExpiresAt
		calledOff, err := b.calledOff(ctx, state)
		if err != nil {
			return Answer{}, err
		}
		mine := cmd.By == "" || cmd.By == state.Holder
		if state.Status == events.BookingIsHeld && !state.Extended && !calledOff && mine {
			s, err := b.performanceOf(ctx, state)
			if err != nil {
				return Answer{}, err
			}
			if to = to.Add(s.holdFor); to.After(state.ExtendableUntil) {
				to = state.ExtendableUntil
			}
			h := holdOf(cmd.Origin, s, state)
			err = b.runSteps(ctx, cmd.Origin, extendProcess(&h,
				&seat.Extend{HoldID: h.id, ExpiresAt: to.Add(seat.Grace), HoldFor: s.holdFor}))
			switch {
			case refused(err) != nil: // the deadline has passed, which the booking will refuse
				to = state.ExpiresAt
			case err != nil: // some of the seats may have been extended
				return Answer{}, process.UnknownIfOverloaded(err)
			}
		}
		extended, err := b.request(ctx, cmd.Origin, cmd.BookingID, &booking.Extend{By: cmd.By, ExpiresAt: to,
			CalledOff: calledOff})
		if err != nil { // settle releases the seats if the deadline has passed
			if failed := b.settle(ctx, cmd.Origin, cmd.BookingID); failed != nil && refused(failed) == nil {
				return Answer{}, failed
			}
			return Answer{}, err
		}
		now, err := b.state(ctx, cmd.BookingID)
		if err == nil && extended.Replayed {
			now = extendedBefore(now, extended)
		}
		return now, err
	})
}

// extendedBefore derives the answer of an earlier, identical request from the current state of the
// booking. It relies on the fact that only the first hold of a booking can be extended.
func extendedBefore(now Answer, extended actors.Answer) Answer {
	state := now.Booking.WithReturned()
	state.Status, state.Attempt = events.BookingIsHeld, state.FirstAttempt()
	state.Late, state.Retaken, state.Paid, state.Refunding, state.Kept = false, false, false, false, 0
	state.Refunds = 0
	state.Delayed = false
	state.PaymentID, state.Payments, state.PaymentStream, state.SettledPayments = "", 0, "", nil
	for _, fact := range extended.Facts {
		if f, ok := fact.(*events.BookingExtended); ok {
			state.ExpiresAt = f.ExpiresAt
		}
	}
	return Answer{Booking: state, Revision: extended.Revision, Position: extended.Position, Replayed: true}
}
