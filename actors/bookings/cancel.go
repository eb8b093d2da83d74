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
	// Reason is why the organiser cancels it whatever the rule says of the time, "" if the time counts.
	Reason string
}

// Cancel cancels a booking and refunds it if it was paid. It is idempotent, and returns once the
// seats are free and the money is refunded.
//
// What is paid is refunded by the rule that it was held on. One that has just been paid by a request
// under way is cancelled only if that is in full.
//
// Refusals, in this order: not_found, forbidden, hold_expired, cancellation_closed,
// already_confirmed.
func (b *Bookings) Cancel(ctx context.Context, cmd Cancel) (Answer, error) {
	return b.locked(ctx, cmd.BookingID, func(ctx context.Context) (Answer, error) {
		before, err := b.state(ctx, cmd.BookingID)
		if err != nil {
			return Answer{}, err
		}
		if err := b.endPayment(ctx, cmd.Origin, cmd.BookingID); err != nil {
			return Answer{}, err
		}
		release := &booking.Release{By: cmd.By, Reason: cmd.Reason,
			InFull: before.Booking.Status == events.BookingIsPaying}
		if before.Booking.ID != "" {
			s, err := b.performanceInfo(ctx, before.Booking.PerformanceID)
			if err != nil {
				return Answer{}, err
			}
			release.On = s.on
		}
		released, err := b.request(ctx, cmd.Origin, cmd.BookingID, release)
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
