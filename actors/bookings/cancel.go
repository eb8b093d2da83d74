package bookings

import (
	"context"

	"admitone/actors/booking"
	"admitone/events"
)

// Cancel requests the release of a booking.
type Cancel struct {
	Origin
	BookingID events.BookingID
	// By is the holder, or "" for the organiser.
	By events.Holder
	// Reason is why the organiser overrides the time limit of the cancellation policy, "" if the
	// limit applies.
	Reason string
}

// Cancel releases a booking and refunds it if it was paid. It is idempotent, and returns once the
// seats are free and the money is refunded.
//
// A paid booking is refunded according to its cancellation policy. If a payment was in progress when the
// request began, the booking is released only if it is refunded in full.
//
// Refusals: not_found, forbidden, hold_expired, payment_in_progress (an intent is open),
// cancellation_closed, already_confirmed (see above).
func (b *Bookings) Cancel(ctx context.Context, cmd Cancel) (Answer, error) {
	return b.locked(ctx, cmd.BookingID, func(ctx context.Context) (Answer, error) {
		before, err := b.state(ctx, cmd.BookingID)
		if err != nil {
			return Answer{}, err
		}
		if calledOff, err := b.calledOff(ctx, &before.Booking); err != nil {
			return Answer{}, err
		} else if calledOff {
			return b.cancelCalledOff(ctx, &cmd)
		}
		if err := b.endPayment(ctx, cmd.Origin, cmd.BookingID); err != nil {
			return Answer{}, err
		}
		release := &booking.Release{By: cmd.By, Reason: cmd.Reason,
			FullRefundOnly: before.Booking.Status == events.BookingIsPaying}
		if before.Booking.ID != "" {
			s, err := b.performanceInfo(ctx, before.Booking.PerformanceID)
			if err != nil {
				return Answer{}, err
			}
			release.Terms = s.terms
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
