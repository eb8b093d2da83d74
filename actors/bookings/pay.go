package bookings

import (
	"context"
	"errors"

	"admitone/actors"
	"admitone/actors/booking"
	"admitone/actors/process"
	"admitone/events"
)

// Pay requests the payment of a booking from its holder's wallet.
type Pay struct {
	Origin
	BookingID events.BookingID
	// By is the holder, or "" for the organiser.
	By events.Holder
}

// Pay debits the wallet once and books every seat, or does neither.
//
// Refusals: not_found, forbidden, cancelled, payment_in_progress (an intent is open), released,
// already_confirmed; if the payment is late also not_open and sale_closed (the seats can't be acquired
// now), limit_exceeded (the holder has acquired other seats since) and hold_expired (the seats are no
// longer available; seats has the taken ones); insufficient_balance. A refused payment has appended
// nothing, unless another command intervened; see precheck.
func (b *Bookings) Pay(ctx context.Context, cmd Pay) (Answer, error) {
	return b.locked(ctx, cmd.BookingID, func(ctx context.Context) (Answer, error) {
		if err := b.endExternal(ctx, cmd.Origin, cmd.BookingID); err != nil {
			return Answer{}, err
		}
		terms, err := b.precheck(ctx, &cmd)
		if err != nil {
			return Answer{}, err
		}
		start := &booking.StartPayment{By: cmd.By, Terms: terms}
		started, err := b.request(ctx, cmd.Origin, cmd.BookingID, start)
		if err != nil {
			return Answer{}, err
		}
		now, err := b.state(ctx, cmd.BookingID)
		switch {
		case err != nil:
			return Answer{}, err
		case started.Replayed && now.Booking.Paid:
			return b.paidAnswer(ctx, cmd.Origin, now)
		case started.Replayed && now.Booking.Status != events.BookingIsPaying:
			// The payment of the earlier request has failed. Refusals are not replayed, so start a new one.
			if err := b.runSteps(ctx, cmd.Origin, startPaymentProcess(cmd.BookingID, start)); err != nil {
				return Answer{}, err
			}
		}
		// Another node, or a run that crashed, may have started the payment.
		resumed := started.Replayed && now.Booking.Status == events.BookingIsPaying
		answer, err := b.finishPayment(ctx, cmd.Origin, cmd.BookingID)
		answer.Replayed = resumed
		return answer, err
	})
}

// paidAnswer derives the answer of the payment that has paid the booking from the current state of the
// booking, which may have been released since.
func (b *Bookings) paidAnswer(ctx context.Context, from Origin, now Answer) (Answer, error) {
	paymentID := now.Booking.PaymentID
	booked, err := b.desk.Ask(ctx, actors.Request{Stream: booking.Stream(now.Booking.ID), ID: completion(paymentID),
		Command:       &booking.Complete{PaymentID: paymentID},
		CorrelationID: from.CorrelationID, CausationID: string(from.ID), Actor: from.Actor})
	if err != nil && refused(err) == nil {
		return Answer{}, err
	}
	now.Booking.Status, now.Booking.Refunding, now.Replayed = events.BookingIsBooked, false, true
	now.Booking = now.Booking.WithReturned()
	now.Booking.Kept, now.Booking.Refunds = 0, 0
	if booked.Replayed { // false for old payments, which were completed under another id
		now.Revision, now.Position = booked.Revision, booked.Position
	}
	return now, nil
}

// finishPayment takes the remaining steps of a payment that has started, and returns the booking as it was
// when it was booked. It returns the refusals of Pay once everything has been released and refunded.
func (b *Bookings) finishPayment(ctx context.Context, from Origin, bookingID events.BookingID) (Answer, error) {
	err := b.runPaymentSteps(ctx, from, bookingID)
	if err != nil && refused(err) == nil {
		return Answer{}, err
	}
	now, failed := b.state(ctx, bookingID)
	switch {
	case failed != nil:
		return Answer{}, failed
	case err != nil && now.Booking.Status != events.BookingIsBooked: // another node may have booked it
		return Answer{}, err
	case now.Booking.Paid && now.Booking.Status != events.BookingIsBooked: // released by another node since
		now, failed = b.paidAnswer(ctx, from, now)
		now.Replayed = false
		return now, failed
	}
	return now, nil
}

// runPaymentSteps takes the remaining steps of a payment that has started.
func (b *Bookings) runPaymentSteps(ctx context.Context, from Origin, bookingID events.BookingID) error {
	p, err := b.payment(ctx, from, bookingID)
	if err != nil {
		return err
	}
	err = b.runSteps(ctx, from, b.payProcess(p))
	if refused(err) != nil && p.delayed { // continue it as a late payment
		if p, err = b.payment(ctx, from, bookingID); err != nil {
			return err
		}
		if p.booking.Status != events.BookingIsPaying {
			return nil
		}
		err = b.runSteps(ctx, from, b.payProcess(p))
	}
	switch {
	case errors.Is(err, errCompleted):
		return nil
	case refused(err) != nil && p.fail.Reason == events.FailedBalance && !p.booking.Late:
		// The booking still has its seats, unless its deadline has passed meanwhile.
		if failed := b.settle(ctx, from, bookingID); failed != nil {
			return failed
		}
	}
	return err
}

// startPaymentProcess announces a payment for a request whose earlier payment has failed.
func startPaymentProcess(bookingID events.BookingID, start *booking.StartPayment) *process.Process {
	return &process.Process{ID: string(bookingID), Announced: true, Stages: []process.Stage{
		bookingStep(bookingID, process.Step{Name: "start-payment", Do: start}),
	}}
}
