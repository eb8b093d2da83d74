package bookings

import (
	"context"

	"admitone/actors/booking"
	"admitone/actors/core"
	"admitone/actors/wallet"
	"admitone/events"
)

// Cancel asks to give a booking back.
type Cancel struct {
	Origin
	BookingID string
	// By is who asks, "" for the house.
	By string
}

// Cancel gives a booking back, and its money if it was paid. Again it changes
// nothing. It answers when everything has been given back.
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

// endPayment finishes a payment that is under way, so that something else can be
// done about the booking; however it ends.
func (b *Bookings) endPayment(ctx context.Context, from Origin, bookingID string) error {
	now, err := b.state(ctx, bookingID)
	if err != nil || now.Booking.Status != events.BookingIsPaying {
		return err
	}
	if _, err = b.finish(ctx, from, bookingID); refused(err) != nil {
		return nil
	}
	return err
}

// Resume takes the steps that are left of whatever was begun about a booking: it
// ends a payment, and gives back what a booking still has that has expired or was
// released. It does nothing else, and nothing if nothing is left. Only failures are
// errors.
func (b *Bookings) Resume(ctx context.Context, from Origin, bookingID string) error {
	_, err := b.locked(ctx, bookingID, func(ctx context.Context) (Answer, error) {
		if err := b.endPayment(ctx, from, bookingID); err != nil {
			return Answer{}, err
		}
		return Answer{}, b.settle(ctx, from, bookingID)
	})
	return err
}

// settle gives back what a booking still has and should not.
func (b *Bookings) settle(ctx context.Context, from Origin, bookingID string) error {
	now, err := b.state(ctx, bookingID)
	if err != nil {
		return err
	}
	reason := events.ReleasedCancelled
	switch now.Booking.Status {
	case events.BookingIsReleased:
	case events.BookingIsExpired:
		reason = events.ReleasedExpired
	default:
		return nil
	}
	s, err := b.show(ctx, now.Booking.PerformanceID)
	if err != nil {
		return err
	}
	h := holdOf(from, s, &now.Booking)
	if err := b.refund(ctx, &h, &now.Booking); err != nil {
		return err
	}
	if err := b.giveBack(ctx, &h, h.seats, reason); err != nil || !now.Booking.Refunding {
		return err
	}
	_, err = b.step(ctx, from, booking.Stream(bookingID), &booking.FinishRefund{})
	return err
}

// refund gives the money of the booking's last payment back, if it was debited and
// that has not been done. Of a booking that expired that is money which another node
// debited when the payment had been given up here.
func (b *Bookings) refund(ctx context.Context, h *hold, state *booking.State) error {
	if state.Amount == 0 {
		return nil
	}
	stream, debited := wallet.Stream(h.holder), state.Refunding
	if debited { // no look: if another node has debited it, ours may not have heard, and only an append would tell
		_, err := b.step(ctx, h.from, stream, &wallet.Refund{PaymentID: h.id})
		return err
	}
	if _, err := b.desk.View(ctx, stream, func(c core.Core) {
		paid, known := c.(*wallet.Wallet).Payment(h.id)
		debited = known && !paid.Closed
	}); err != nil || !debited {
		return err
	}
	_, err := b.step(ctx, h.from, stream, &wallet.Refund{PaymentID: h.id})
	return err
}
