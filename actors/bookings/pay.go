package bookings

import (
	"context"
	"errors"

	"admitone/actors"
	"admitone/actors/allowance"
	"admitone/actors/booking"
	"admitone/actors/core"
	"admitone/actors/performance"
	"admitone/actors/seat"
	"admitone/actors/wallet"
	"admitone/events"
)

// Pay asks for a booking to be paid from its holder's wallet.
type Pay struct {
	Origin
	BookingID string
	// By is who asks, "" for the house.
	By string
}

// Pay debits the wallet once and books every seat, or does nothing of it.
//
// Refusals, in this order: not_found, forbidden, released, already_confirmed,
// hold_expired (the payment is late, and the seats can't be had again; with seats:
// those that are taken), limit_exceeded (likewise, and the holder has taken others
// since), insufficient_balance. They have written nothing of the payment, unless it
// was overtaken by another; see look.
func (b *Bookings) Pay(ctx context.Context, cmd Pay) (Answer, error) {
	return b.locked(ctx, cmd.BookingID, func(ctx context.Context) (Answer, error) {
		if err := b.look(ctx, &cmd); err != nil {
			return Answer{}, err
		}
		started, err := b.request(ctx, cmd.Origin, cmd.BookingID, &booking.StartPayment{By: cmd.By})
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
			if _, err := b.step(ctx, cmd.Origin, booking.Stream(cmd.BookingID), &booking.StartPayment{By: cmd.By}); err != nil {
				return Answer{}, err
			}
		}
		underWay := started.Replayed && now.Booking.Status == events.BookingIsPaying // begun by another node, or before a crash
		answer, err := b.finish(ctx, cmd.Origin, cmd.BookingID)
		answer.Replayed = underWay
		return answer, err
	})
}

// paidBefore makes the answer of a payment from a booking that was paid by it, whatever
// has become of the booking since.
func (b *Bookings) paidBefore(ctx context.Context, from Origin, now Answer) (Answer, error) {
	booked, err := b.complete(ctx, from, &now.Booking)
	if err != nil && refused(err) == nil {
		return Answer{}, err
	}
	now.Booking.Status, now.Booking.Refunding, now.Replayed = events.BookingIsBooked, false, true
	if booked.Replayed { // else it was paid before completions had keys
		now.Revision, now.Position = booked.Revision, booked.Position
	}
	return now, nil
}

// complete says that the booking is booked. Its id is that of the payment's completion,
// whoever completes it: asked again, the booking answers as it did then.
func (b *Bookings) complete(ctx context.Context, from Origin, state *booking.State) (actors.Answer, error) {
	return b.ask(ctx, actors.Request{Stream: booking.Stream(state.ID), Command: &booking.Complete{PaymentID: state.HoldID()},
		ID:            actors.KeyedCommandID("", "booked/"+state.HoldID()), // no caller has the name ""
		CorrelationID: from.CorrelationID, CausationID: string(from.ID), Actor: from.Actor})
}

// payment is one that is under way.
type payment struct {
	hold
	booking booking.State
}

func (b *Bookings) payment(ctx context.Context, from Origin, bookingID string) (*payment, error) {
	now, err := b.state(ctx, bookingID)
	if err != nil {
		return nil, err
	}
	s, err := b.show(ctx, now.Booking.PerformanceID)
	if err != nil {
		return nil, err
	}
	return &payment{hold: holdOf(from, s, &now.Booking), booking: now.Booking}, nil
}

// holdOf is the present or last hold of a booking.
func holdOf(from Origin, s *show, state *booking.State) hold {
	h := hold{from: from, show: s, id: state.HoldID(), holder: state.Holder, retake: state.Late}
	for _, booked := range state.Seats {
		if at, ok := s.layout.Find(booked.Seat); ok {
			h.seats = append(h.seats, at)
		}
	}
	return h
}

// finish takes the remaining steps of a payment that has started, from wherever it
// stands, and returns the booking as it is booked. Refusals: those of Pay, after
// everything has been given back that has to be.
func (b *Bookings) finish(ctx context.Context, from Origin, bookingID string) (Answer, error) {
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
func (b *Bookings) finishSteps(ctx context.Context, from Origin, bookingID string) error {
	p, err := b.payment(ctx, from, bookingID)
	if err != nil {
		return err
	}
	if p.booking.Late && !p.booking.Retaken {
		if err := b.retake(ctx, p); err != nil {
			return err
		}
	}
	if err := b.debit(ctx, p); err != nil {
		return err
	}
	err = b.bookSeats(ctx, p)
	if err == nil {
		var booked actors.Answer
		if booked, err = b.complete(ctx, from, &p.booking); err == nil && !booked.Replayed && len(booked.Facts) > 0 {
			b.paid(Purchase{from, p.holder, p.show.room})
		}
	}
	if refused(err) != nil {
		return b.giveUp(ctx, p, events.FailedLate, errTooLate)
	}
	return err
}

var errTooLate = &core.Refusal{Code: "hold_expired",
	Detail: "the booking was not paid in time, and its seats can't be had again; nothing is debited"}

// tooLate refuses a late payment whose seats others have by now.
func tooLate(s *show, lost []performance.Seat) *core.Refusal {
	refusal := *errTooLate
	refusal.Fields = map[string]any{"seats": s.layout.Names(lost)}
	return &refusal
}

// retake takes the seats of a late payment again.
func (b *Bookings) retake(ctx context.Context, p *payment) error {
	all, err := b.take(ctx, &p.hold)
	if lost := (*lostError)(nil); errors.As(err, &lost) {
		return b.giveUp(ctx, p, events.FailedLate, tooLate(p.show, lost.seats))
	}
	if refusal := refused(err); refusal != nil {
		return b.giveUp(ctx, p, events.FailedLimit, refusal)
	}
	if err != nil {
		return err
	}
	_, err = b.step(ctx, p.from, booking.Stream(p.booking.ID), &booking.Retake{PaymentID: p.id, ExpiresAt: all.expires})
	return err
}

// debit takes the money. Without enough of it the payment has failed.
func (b *Bookings) debit(ctx context.Context, p *payment) error {
	if p.booking.Amount == 0 {
		return nil
	}
	_, err := b.step(ctx, p.from, wallet.Stream(p.holder), &wallet.Debit{PaymentID: p.id, Amount: p.booking.Amount})
	refusal := refused(err)
	switch {
	case refusal == nil:
		return err
	case refusal.Code != "insufficient_balance": // it was given up before, and that was not finished
		return b.giveUp(ctx, p, events.FailedLate, errTooLate)
	case p.booking.Late:
		return b.giveUp(ctx, p, events.FailedBalance, refusal)
	}
	expired, err := b.failed(ctx, p, events.FailedBalance)
	if expired && err == nil {
		err = b.giveBack(ctx, &p.hold, p.seats, events.ReleasedExpired)
	}
	if err != nil {
		return err
	}
	return refusal
}

// bookSeats makes what is held the holder's: the allowance, then every seat.
// Refusal: something is not held any more.
func (b *Bookings) bookSeats(ctx context.Context, p *payment) error {
	if p.show.limit > 0 {
		if _, err := b.step(ctx, p.from, allowance.Stream(p.show.id, p.holder), &allowance.Keep{HoldID: p.id}); err != nil {
			return err
		}
	}
	return each(p.seats, func(s performance.Seat) error {
		_, err := b.step(ctx, p.from, seat.Stream(p.show.id, p.show.layout.Name(s)), &seat.Book{HoldID: p.id})
		return err
	})
}

// giveUp ends a payment that can't be completed: the money first, so that it is not
// debited any more, then seats and allowance, of this attempt and of the one before,
// which may not have been given back yet. It returns the refusal, or what failed. A
// payment that another node has completed meanwhile is not given up.
func (b *Bookings) giveUp(ctx context.Context, p *payment, reason events.FailReason, refusal *core.Refusal) error {
	if now, err := b.state(ctx, p.booking.ID); err != nil || now.Booking.Status == events.BookingIsBooked {
		return either(refusal, err)
	}
	if p.booking.Amount > 0 { // also if nobody has asked the wallet yet: another node may be about to
		if _, err := b.step(ctx, p.from, wallet.Stream(p.holder), &wallet.Refund{PaymentID: p.id}); err != nil {
			return err
		}
	}
	for attempt := p.booking.Attempt; attempt > 0 && attempt >= p.booking.Attempt-1; attempt-- {
		h := p.hold
		h.id = events.HoldID(p.booking.ID, attempt)
		if err := b.giveBack(ctx, &h, h.seats, events.ReleasedUnpaid); err != nil {
			return err
		}
	}
	if _, err := b.failed(ctx, p, reason); err != nil {
		return err
	}
	return refusal
}

// failed records that the payment came to nothing, and says whether the booking's
// time is up as well. Somebody else may have recorded it.
func (b *Bookings) failed(ctx context.Context, p *payment, reason events.FailReason) (expired bool, err error) {
	answer, err := b.step(ctx, p.from, booking.Stream(p.booking.ID), &booking.FailPayment{PaymentID: p.id, Reason: reason})
	if err != nil && refused(err) == nil {
		return false, err
	}
	for _, fact := range answer.Facts {
		f, ok := fact.(*events.BookingPaymentFailed)
		expired = ok && f.Status == events.BookingIsExpired
	}
	return expired, nil
}
