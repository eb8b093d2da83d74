package bookings

import (
	"context"

	"admitone/actors/booking"
	"admitone/events"
)

// Cancel is the request to cancel a booking.
type Cancel struct {
	Origin
	BookingID events.BookingID
	// By is the holder who cancels, or "" for the organiser.
	By events.Holder
}

// Cancel cancels a booking and refunds it if it was paid. It is idempotent, and returns once the
// seats are free and the money is refunded.
//
// Refusals, in this order: not_found, forbidden, hold_expired.
func (b *Bookings) Cancel(ctx context.Context, cmd Cancel) (Answer, error) {
	return b.locked(ctx, cmd.BookingID, func(ctx context.Context) (Answer, error) {
		if err := b.endPayment(ctx, cmd.Origin, cmd.BookingID); err != nil {
			return Answer{}, err
		}
		released, err := b.request(ctx, cmd.Origin, cmd.BookingID, &booking.Release{By: cmd.By})
		if err != nil {
			return Answer{}, err
		}
		if err := b.settle(ctx, cmd.Origin, cmd.BookingID); err != nil {
			return Answer{}, err
		}
		now, err := b.state(ctx, cmd.BookingID)
		now.Replayed = released.Replayed
		return now, err
	})
}
