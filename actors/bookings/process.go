package bookings

import (
	"context"

	"admitone/actors/allowance"
	"admitone/actors/booking"
	"admitone/actors/core"
	"admitone/actors/performance"
	"admitone/actors/process"
	"admitone/actors/seat"
	"admitone/actors/wallet"
	"admitone/events"
)

// The processes of a booking, each as the list of its steps. Every list is made of what the
// booking's stream says, and of nothing else that is not in the request.

// holding takes allowance and seats under an attempt, and with held, the last step, the
// attempt becomes the booking. Its deadlines undo what a crash leaves behind, so it is not
// announced; before anything of it is given back the attempt is closed.
func (b *Bookings) holding(h *hold, held process.Step, seatHeld func()) *process.Process {
	p := &process.Process{ID: string(h.id), Resumed: h.found, Joint: true, Begin: func() { h.window = window{} }}
	p.Stages = []process.Stage{
		h.takeAllowance(outrun),
		b.holdSeats(h, false, events.ReleasedIncomplete, seatHeld, func(err error) (error, bool) { return err, false }),
		{Steps: []process.Step{held}},
	}
	p.Close = func(ctx context.Context) error { return b.closeAttempt(ctx, h, p) }
	return p
}

// outrun: an allowance that another run has taken for another number of seats, or for a
// later attempt, says that this attempt is not to go on.
func outrun(_ context.Context, err error) (error, bool) {
	if refused(err).Code == core.CodeNotHeld {
		return ErrOvertaken, true
	}
	return err, false
}

// paying takes the money and makes the seats the holder's. It was announced by
// booking.payment_started. A late payment takes seats and allowance again before, and what
// the attempt before may still have of them is given back with its own.
func (b *Bookings) paying(p *payment) *process.Process {
	all := &process.Process{ID: p.processID(), Announced: true}
	var undoSeats, undoAllowance core.Command // of what the booking has held since before
	if p.booking.Late {
		all.Stages = append(b.leftBefore(p), b.retaking(p)...)
	} else {
		undoAllowance = &allowance.Release{HoldID: p.id}
		undoSeats = &seat.Release{HoldID: p.id, Reason: events.ReleasedUnpaid}
	}
	all.Stages = append(all.Stages,
		b.debit(p),
		p.keepAllowance(undoAllowance, p.late),
		p.bookSeats(undoSeats, p.late),
		b.complete(p),
	)
	if p.booking.Payment != "" {
		all.Close = func(ctx context.Context) error { return b.failOutside(ctx, p, all) }
		return all
	}
	all.Close = func(ctx context.Context) error { return b.abortPayment(ctx, p, all) }
	all.Withdraw = &process.Step{Name: "start-payment", Stream: booking.Stream(p.booking.ID), Undo: p.fail}
	return all
}

// leftBefore undoes what the attempt before a late payment may still have.
func (b *Bookings) leftBefore(p *payment) []process.Stage {
	before := p.hold
	before.id = events.NewHoldID(p.booking.ID, p.booking.Attempt-1)
	release := func(undo core.Command) process.Step {
		step := process.Step{Name: "before", Undo: undo}
		if p.booking.Delayed && !p.booking.Retaken {
			step.Do = undo // what was booked in time can't be retaken
		}
		return step
	}
	return []process.Stage{
		before.allowanceStep(release(&allowance.Release{HoldID: before.id})),
		before.eachSeat(func(int, performance.Seat) process.Step {
			return release(&seat.Release{HoldID: before.id, Reason: events.ReleasedUnpaid})
		}),
	}
}

// retaking takes the seats of a late payment again. Of one that has them, by what its stream
// says, only the undo is left.
func (b *Bookings) retaking(p *payment) []process.Stage {
	retake := &booking.Retake{PaymentID: p.payment}
	stages := []process.Stage{
		p.takeAllowance(func(_ context.Context, err error) (error, bool) { return p.notRetaken(err) }),
		b.holdSeats(&p.hold, true, events.ReleasedUnpaid, func() { retake.ExpiresAt = p.window.expires }, p.notRetaken),
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

// extending holds allowance and seats for longer, before the booking says so: what the
// booking does not come to say ends with it all the same. So there is nothing to undo.
func extending(h *hold, to *seat.Extend) *process.Process {
	return &process.Process{ID: string(h.id), Stages: []process.Stage{h.extendAllowance(to), h.extendSeats(to)}}
}

// settling gives back what a booking that has expired or was released, as its stream says,
// still has.
func (b *Bookings) settling(ctx context.Context, from Origin, state *booking.State) (*process.Process, error) {
	reason := events.ReleasedCancelled
	if state.Status == events.BookingIsExpired {
		reason = events.ReleasedExpired
	}
	s, err := b.performanceOf(ctx, state)
	if err != nil {
		return nil, err
	}
	h := holdOf(from, s, state)
	p := &process.Process{ID: string(h.id), Announced: true}
	if state.Payment != "" {
		p.Stages = append(h.settleDelayed(state, reason), h.returnOutside(state)...)
	} else if owed, err := b.owed(ctx, &h, state); err != nil {
		return nil, err
	} else if owed {
		p.Stages = append(p.Stages, process.Stage{Steps: []process.Step{h.refundOf(state)}})
	}
	p.Stages = append(p.Stages, h.releaseSeats(reason), h.releaseAllowance())
	if state.Refunding {
		p.Stages = append(p.Stages, bookingStep(state.ID, process.Step{Name: "refunded", Do: &booking.FinishRefund{}}))
	}
	return p, nil
}

// owed reports whether the money of the booking's last payment is to be refunded. Of a booking
// that was paid it is, and nothing is read: a debit of another node shows only to an append.
// What is kept of it is not. Of one that has expired, it is money which another node debited when the
// payment had been given up here.
func (b *Bookings) owed(ctx context.Context, h *hold, state *booking.State) (owed bool, err error) {
	if state.PaymentID == "" || state.Amount == 0 || state.Refunding || state.Paid {
		return state.Refunding && state.Amount > state.Kept, nil
	}
	_, err = b.desk.View(ctx, wallet.Stream(h.holder), func(c core.Core) {
		paid, known := c.(*wallet.Wallet).Payment(h.payment)
		owed = known && !paid.Closed
	})
	return owed, err
}

// runSteps runs p until it is completed or undone, on behalf of from.
func (b *Bookings) runSteps(ctx context.Context, from Origin, p *process.Process) error {
	return b.runner.Run(ctx, from.request(), p)
}

// Resume goes on with whatever was begun about a booking and is not finished: it ends a
// payment, opens or ends an intent, gives back what a booking still has that has expired or was released, and closes
// the attempts that have something and have not become the booking: a run that is still at
// one of them loses it. It does nothing else, and nothing if nothing is left. Only failures
// are errors.
func (b *Bookings) Resume(ctx context.Context, from Origin, bookingID events.BookingID) error {
	_, err := b.locked(ctx, bookingID, func(ctx context.Context) (Answer, error) {
		if err := b.endPayment(ctx, from, bookingID); err != nil {
			return Answer{}, err
		}
		if err := b.openIntent(ctx, from, bookingID); err != nil && refused(err) == nil {
			return Answer{}, err
		}
		if err := b.settle(ctx, from, bookingID); err != nil {
			return Answer{}, err
		}
		begun, err := b.views.Begun(ctx, bookingID)
		if err != nil {
			return Answer{}, err
		}
		return Answer{}, b.dismiss(ctx, from, bookingID, begun)
	})
	return err
}

// endPayment finishes a payment that is under way, so that something else can be
// done about the booking; however it ends.
func (b *Bookings) endPayment(ctx context.Context, from Origin, bookingID events.BookingID) error {
	now, err := b.state(ctx, bookingID)
	if err != nil || now.Booking.Status != events.BookingIsPaying {
		return err
	}
	if _, err = b.finish(ctx, from, bookingID); refused(err) != nil {
		return nil
	}
	return err
}

// settle gives back what a booking still has and should not.
func (b *Bookings) settle(ctx context.Context, from Origin, bookingID events.BookingID) error {
	now, err := b.state(ctx, bookingID)
	if err != nil {
		return err
	}
	if now.Booking.Status != events.BookingIsReleased && now.Booking.Status != events.BookingIsExpired {
		return nil
	}
	p, err := b.settling(ctx, from, &now.Booking)
	if err != nil {
		return err
	}
	return b.runSteps(ctx, from, p)
}
