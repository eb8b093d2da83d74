package bookings

import (
	"context"

	"admitone/actors"
	"admitone/actors/allowance"
	"admitone/actors/booking"
	"admitone/actors/performance"
	"admitone/actors/seat"
	"admitone/events"
)

// Extend asks to hold a booking for longer.
type Extend struct {
	Origin
	BookingID string
	// By is who asks, "" for the house.
	By string
}

// Extend holds a booking for as long again as it was held, or as far as its seats
// can be held for one holder; once.
//
// Refusals, in this order: not_found, forbidden, released, hold_expired,
// already_confirmed, limit_exceeded.
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
		if state.Status == events.BookingIsHeld && !state.Extended && (cmd.By == "" || cmd.By == state.Holder) {
			s, err := b.show(ctx, state.PerformanceID)
			if err != nil {
				return Answer{}, err
			}
			if to = to.Add(s.holdFor); to.After(state.ExtendableUntil) {
				to = state.ExtendableUntil
			}
			h := holdOf(cmd.Origin, s, state)
			err = b.extendSeats(ctx, &h, &seat.Extend{HoldID: h.id, ExpiresAt: to.Add(seat.Grace), HoldFor: s.holdFor})
			switch {
			case refused(err) != nil: // its time is up, as the booking will say
				to = state.ExpiresAt
			case err != nil:
				return Answer{}, err
			}
		}
		extended, err := b.request(ctx, cmd.Origin, cmd.BookingID, &booking.Extend{By: cmd.By, ExpiresAt: to})
		if err != nil { // if its time was up meanwhile, the seats don't keep theirs
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

// extendedBefore makes the answer of an extension from what has become of the booking
// since. Only the first hold of a booking is ever extended.
func extendedBefore(now Answer, extended actors.Answer) Answer {
	state := now.Booking
	state.Status, state.Attempt = events.BookingIsHeld, 1
	state.Late, state.Retaken, state.Paid, state.Refunding = false, false, false, false
	for _, fact := range extended.Facts {
		if f, ok := fact.(*events.BookingExtended); ok {
			state.ExpiresAt = f.ExpiresAt
		}
	}
	return Answer{Booking: state, Revision: extended.Revision, Position: extended.Position, Replayed: true}
}

// extendSeats holds allowance and seats for longer, before the booking says so: what
// the booking does not come to say ends with it all the same.
func (b *Bookings) extendSeats(ctx context.Context, h *hold, to *seat.Extend) error {
	if h.show.limit > 0 {
		_, err := b.step(ctx, h.from, allowance.Stream(h.show.id, h.holder),
			&allowance.Extend{HoldID: h.id, ExpiresAt: to.ExpiresAt.Add(seat.Grace)})
		if err != nil {
			return err
		}
	}
	return each(h.seats, func(s performance.Seat) error {
		_, err := b.step(ctx, h.from, seat.Stream(h.show.id, h.show.layout.Name(s)), to)
		return err
	})
}
