package bookings

import (
	"context"

	"admitone/actors/allowance"
	"admitone/actors/area"
	"admitone/actors/booking"
	"admitone/actors/core"
	"admitone/actors/performance"
	"admitone/actors/process"
	"admitone/actors/seat"
	"admitone/actors/wallet"
	"admitone/events"
)

// holdProcess takes the allowance and the seats under an attempt; held, the last step, makes the attempt
// the booking. If h is concurrent, allowance and seats are one stage. The process is not announced: what a
// crash leaves expires. The attempt is closed before its seats are released.
func (b *Bookings) holdProcess(h *hold, held process.Step, seatHeld func()) *process.Process {
	p := &process.Process{ID: string(h.id), Resumed: h.found, Joint: true, Begin: func() { h.window = window{} }}
	first := h.takeAllowance(refuseOvertaken)
	seats := b.holdSeats(h, false, events.ReleasedIncomplete, seatHeld,
		func(err error) (error, bool) { return err, false })
	if h.concurrent {
		seats.Steps = append(first.Steps, seats.Steps...)
		first = process.Stage{}
	}
	p.Stages = []process.Stage{
		first,
		seats,
		b.holdAreas(h, false, events.ReleasedIncomplete, seatHeld, refuseOvertaken),
		{Steps: []process.Step{held}},
	}
	p.Close = func(ctx context.Context) error { return b.closeAttempt(ctx, h, p) }
	return p
}

// refuseOvertaken is a [process.Step] Refused function. It returns ErrOvertaken if another run has taken a
// different quantity from an allowance or area, or has taken it for a later attempt.
func refuseOvertaken(_ context.Context, err error) (error, bool) {
	if refusal := refused(err); refusal != nil && refusal.Code == core.CodeNotHeld {
		return ErrOvertaken, true
	}
	return err, false
}

// payProcess debits the money and books the seats. booking.payment_started has announced it. A late payment
// first takes the allowance and the seats again, under a new attempt, and releases what the previous
// attempt may still hold.
func (b *Bookings) payProcess(p *payment) *process.Process {
	all := &process.Process{ID: p.processID(), Announced: true}
	var undoSeats, undoAreas, undoAllowance core.Command // nil if the stages of a late payment undo it
	if p.booking.Late {
		all.Stages = append(b.releasePreviousAttempt(p), b.retakeStages(p)...)
	} else {
		undoAllowance = &allowance.Release{HoldID: p.id}
		undoSeats = &seat.Release{HoldID: p.id, Reason: events.ReleasedUnpaid}
		undoAreas = &area.Release{HoldID: p.id, Reason: events.ReleasedUnpaid}
	}
	all.Stages = append(all.Stages,
		b.debit(p),
		p.keepAllowance(undoAllowance, p.failLate),
		p.bookSeats(undoSeats, p.failLate),
		p.bookAreas(undoAreas, p.failLate),
		b.complete(p),
	)
	if p.booking.PaymentStream != "" {
		all.Close = func(ctx context.Context) error { return b.failExternal(ctx, p, all) }
		return all
	}
	all.Close = func(ctx context.Context) error { return b.abortPayment(ctx, p, all) }
	all.Withdraw = &process.Step{Name: "start-payment", Stream: booking.Stream(p.booking.ID), Undo: p.fail}
	return all
}

// releasePreviousAttempt releases what the attempt before a late payment may still hold.
func (b *Bookings) releasePreviousAttempt(p *payment) []process.Stage {
	before := p.hold
	before.id = events.NewHoldID(p.booking.ID, p.booking.Attempt-1)
	release := func(undo core.Command) process.Step {
		step := process.Step{Name: "before", Undo: undo}
		if p.booking.Delayed && !p.booking.Retaken {
			step.Do = undo // it may have booked seats, which another attempt can't take
		}
		return step
	}
	return []process.Stage{
		before.allowanceStep(release(&allowance.Release{HoldID: before.id})),
		before.eachSeat(func(int, performance.Seat) process.Step {
			return release(&seat.Release{HoldID: before.id, Reason: events.ReleasedUnpaid})
		}),
		before.eachArea(func(int) process.Step {
			return release(&area.Release{HoldID: before.id, Reason: events.ReleasedUnpaid})
		}),
	}
}

// retakeStages takes the seats of a late payment again. If the booking has recorded that, the steps only
// have an undo.
func (b *Bookings) retakeStages(p *payment) []process.Stage {
	retake := &booking.Retake{PaymentID: p.payment}
	retaken := func() { retake.ExpiresAt = p.window.expires }
	stages := []process.Stage{
		p.takeAllowance(func(_ context.Context, err error) (error, bool) { return p.failRetake(err) }),
		b.holdSeats(&p.hold, true, events.ReleasedUnpaid, retaken, p.failRetake),
		b.holdAreas(&p.hold, true, events.ReleasedUnpaid, retaken,
			func(_ context.Context, err error) (error, bool) { return p.failRetake(err) }),
	}
	if !p.booking.Retaken {
		return append(stages, bookingStep(p.booking.ID, process.Step{Name: "retaken", Do: retake}))
	}
	for i := range stages {
		for j := range stages[i].Steps {
			stages[i].Steps[j].Do = nil
		}
	}
	return stages
}

// extendProcess extends the allowance and the seats, before the booking is extended. Nothing need be undone:
// the seats are released with the booking, even if they are held for longer.
func extendProcess(h *hold, to *seat.Extend) *process.Process {
	return &process.Process{ID: string(h.id), Stages: []process.Stage{h.extendAllowance(to), h.extendSeats(to),
		h.extendAreas(to)}}
}

// settleProcess refunds what is owed for a booking that is expired, released or cancelled, and releases what
// it may still hold.
func (b *Bookings) settleProcess(ctx context.Context, from Origin, state *booking.State) (*process.Process, error) {
	reason := events.ReleasedCancelled
	switch state.Status {
	case events.BookingIsExpired:
		reason = events.ReleasedExpired
	case events.BookingIsCancelled:
		reason = events.ReleasedCalledOff
	}
	s, err := b.performanceOf(ctx, state)
	if err != nil {
		return nil, err
	}
	h := holdOf(from, s, state)
	p := &process.Process{ID: string(h.id), Announced: true}
	if state.PaymentStream != "" {
		p.Stages = append(h.releaseDelayedAttempt(state, reason), externalReturnStages(state)...)
	} else if owed, err := b.owed(ctx, &h, state); err != nil {
		return nil, err
	} else if owed {
		p.Stages = append(p.Stages, process.Stage{Steps: []process.Step{h.refundOf(state)}})
	}
	p.Stages = append(p.Stages, h.releaseAreas(reason), h.releaseSeats(reason), h.releaseAllowance())
	if state.Refunding {
		p.Stages = append(p.Stages, bookingStep(state.ID, process.Step{Name: "refunded", Do: &booking.FinishRefund{}}))
	}
	return p, nil
}

// owed reports whether the booking's last payment must be refunded. For a paid booking, its state decides.
// For an expired booking, it reports whether another node has debited the payment after this node had
// aborted it.
func (b *Bookings) owed(ctx context.Context, h *hold, state *booking.State) (owed bool, err error) {
	if state.PaymentID == "" || state.Amount == 0 || state.Refunding || state.Paid {
		return state.Refunding && state.Refunds > 0, nil
	}
	_, err = b.desk.View(ctx, wallet.Stream(h.holder), func(c core.Core) {
		paid, known := c.(*wallet.Wallet).Payment(h.payment)
		owed = known && !paid.Closed
	})
	return owed, err
}

// runSteps runs p for a request until it is completed or undone.
func (b *Bookings) runSteps(ctx context.Context, from Origin, p *process.Process) error {
	err := b.runner.Run(ctx, from.request(), p)
	if err == nil || p.Announced {
		markWritten(ctx)
	}
	return err
}

// Resume completes or undoes everything that is unfinished about a booking: it ends a payment, opens or ends
// an intent, releases what an expired or released booking still holds, and closes the attempts that hold
// seats and have not become the booking, even if a run is still working on them. It returns only failures.
func (b *Bookings) Resume(ctx context.Context, from Origin, bookingID events.BookingID) error {
	_, err := b.locked(ctx, bookingID, func(ctx context.Context) (Answer, error) {
		if err := b.endPayment(ctx, from, bookingID); err != nil {
			return Answer{}, err
		}
		if err := b.resumeCalledOff(ctx, from, bookingID); err != nil {
			return Answer{}, err
		}
		if err := b.openIntent(ctx, from, bookingID); err != nil && refused(err) == nil {
			return Answer{}, err
		}
		if err := b.endIntentWithoutPage(ctx, from, bookingID); err != nil {
			return Answer{}, err
		}
		if err := b.settle(ctx, from, bookingID); err != nil {
			return Answer{}, err
		}
		attempts, err := b.views.UnconfirmedHolds(ctx, bookingID)
		if err != nil {
			return Answer{}, err
		}
		return Answer{}, b.closeAttempts(ctx, from, bookingID, attempts)
	})
	return err
}

// endPayment takes the remaining steps of a payment in progress, so that the booking can be changed. It
// returns only failures.
func (b *Bookings) endPayment(ctx context.Context, from Origin, bookingID events.BookingID) error {
	now, err := b.state(ctx, bookingID)
	if err != nil || now.Booking.Status != events.BookingIsPaying {
		return err
	}
	if _, err = b.finishPayment(ctx, from, bookingID); refused(err) != nil {
		return nil
	}
	return err
}

// settle completes the returns of a booking and, if the booking has ended, its refund and the release of its
// seats.
func (b *Bookings) settle(ctx context.Context, from Origin, bookingID events.BookingID) error {
	now, err := b.state(ctx, bookingID)
	if err != nil {
		return err
	}
	if err := b.finishReturns(ctx, from, &now.Booking); err != nil {
		return err
	}
	switch now.Booking.Status {
	case events.BookingIsReleased, events.BookingIsExpired, events.BookingIsCancelled:
	default:
		return nil
	}
	p, err := b.settleProcess(ctx, from, &now.Booking)
	if err != nil {
		return err
	}
	return b.runSteps(ctx, from, p)
}
