package bookings

import (
	"context"
	"errors"

	"admitone/actors"
	"admitone/actors/booking"
	"admitone/actors/process"
	"admitone/events"
)

// Pay asks for a booking to be paid from its holder's wallet.
type Pay struct {
	Origin
	BookingID events.BookingID
	// By is the holder who asks, "" for the organiser.
	By events.Holder
}

// Pay debits the wallet once and books every seat, or does nothing of it.
//
// Refusals, in this order: not_found, forbidden, released, already_confirmed, not_open and
// sale_closed (the payment is late, and nothing can be had now), hold_expired (the payment is late,
// and the seats can't be had again; with seats: those that are taken), limit_exceeded (likewise,
// and the holder has taken others since), insufficient_balance. They have written nothing of the
// payment, unless it was overtaken by another; see precheck.
func (b *Bookings) Pay(ctx context.Context, cmd Pay) (Answer, error) {
	return b.locked(ctx, cmd.BookingID, func(ctx context.Context) (Answer, error) {
		if err := b.endOutside(ctx, cmd.Origin, cmd.BookingID); err != nil {
			return Answer{}, err
		}
		on, err := b.precheck(ctx, &cmd)
		if err != nil {
			return Answer{}, err
		}
		start := &booking.StartPayment{By: cmd.By, On: on}
		started, err := b.request(ctx, cmd.Origin, cmd.BookingID, start)
		if err != nil {
			return Answer{}, err
		}
		now, err := b.state(ctx, cmd.BookingID)
		switch {
		case err != nil:
			return Answer{}, err
		case started.Replayed && now.Booking.Paid:
			return b.paidBefore(ctx, cmd.Origin, now)
		case started.Replayed && now.Booking.Status != events.BookingIsPaying:
			// That payment has failed. A refusal is not kept: this is another one.
			if err := b.runSteps(ctx, cmd.Origin, starting(cmd.BookingID, start)); err != nil {
				return Answer{}, err
			}
		}
		// Begun by another node, or before a crash.
		underWay := started.Replayed && now.Booking.Status == events.BookingIsPaying
		answer, err := b.finish(ctx, cmd.Origin, cmd.BookingID)
		answer.Replayed = underWay
		return answer, err
	})
}

// paidBefore makes the answer of a payment from a booking that was paid by it, also if the
// booking was given back since.
func (b *Bookings) paidBefore(ctx context.Context, from Origin, now Answer) (Answer, error) {
	paymentID := now.Booking.PaymentID
	booked, err := b.desk.Ask(ctx, actors.Request{Stream: booking.Stream(now.Booking.ID), ID: completion(paymentID),
		Command:       &booking.Complete{PaymentID: paymentID},
		CorrelationID: from.CorrelationID, CausationID: string(from.ID), Actor: from.Actor})
	if err != nil && refused(err) == nil {
		return Answer{}, err
	}
	now.Booking.Status, now.Booking.Refunding, now.Replayed = events.BookingIsBooked, false, true
	now.Booking.Kept = 0
	if booked.Replayed { // else it was paid before completions had ids of their own
		now.Revision, now.Position = booked.Revision, booked.Position
	}
	return now, nil
}

// finish takes the remaining steps of a payment that has started, from wherever it
// stands, and returns the booking as it is booked. Refusals: those of Pay, after
// everything has been given back that has to be.
func (b *Bookings) finish(ctx context.Context, from Origin, bookingID events.BookingID) (Answer, error) {
	err := b.finishSteps(ctx, from, bookingID)
	if err != nil && refused(err) == nil {
		return Answer{}, err
	}
	now, failed := b.state(ctx, bookingID)
	switch {
	case failed != nil:
		return Answer{}, failed
	case err != nil && now.Booking.Status != events.BookingIsBooked: // else another node was faster
		return Answer{}, err
	case now.Booking.Paid && now.Booking.Status != events.BookingIsBooked: // it was cancelled at another since
		now, failed = b.paidBefore(ctx, from, now)
		now.Replayed = false
		return now, failed
	}
	return now, nil
}

// finishSteps is finish without the answer.
func (b *Bookings) finishSteps(ctx context.Context, from Origin, bookingID events.BookingID) error {
	p, err := b.payment(ctx, from, bookingID)
	if err != nil {
		return err
	}
	err = b.runSteps(ctx, from, b.paying(p))
	if refused(err) != nil && p.delayed { // it came in time, and goes on as one that is late
		if p, err = b.payment(ctx, from, bookingID); err != nil {
			return err
		}
		if p.booking.Status != events.BookingIsPaying {
			return nil
		}
		err = b.runSteps(ctx, from, b.paying(p))
	}
	switch {
	case errors.Is(err, errCompleted):
		return nil
	case refused(err) != nil && p.fail.Reason == events.FailedBalance && !p.booking.Late:
		// It still has its seats, unless its time is up meanwhile.
		if failed := b.settle(ctx, from, bookingID); failed != nil {
			return failed
		}
	}
	return err
}

// starting announces a payment for a request whose earlier payment has failed.
func starting(bookingID events.BookingID, start *booking.StartPayment) *process.Process {
	return &process.Process{ID: string(bookingID), Announced: true, Stages: []process.Stage{
		bookingStep(bookingID, process.Step{Name: "start-payment", Do: start}),
	}}
}
