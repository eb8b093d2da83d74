package bookings

import (
	"context"
	"fmt"

	"admitone/actors"
	"admitone/actors/booking"
	"admitone/actors/core"
	money "admitone/actors/payment"
	"admitone/actors/performance"
	"admitone/actors/process"
	"admitone/events"
)

// calledOff reports whether the performance of a booking is cancelled, as far as this server knows. It
// returns false if there is no booking.
func (b *Bookings) calledOff(ctx context.Context, state *booking.State) (calledOff bool, err error) {
	if state.ID == "" {
		return false, nil
	}
	_, err = b.desk.View(ctx, performance.Stream(state.PerformanceID), func(c core.Core) {
		calledOff = c.(*performance.Performance).CalledOff()
	})
	return calledOff, err
}

// CallOff cancels a booking whose performance is cancelled: it ends a payment in progress or an intent,
// refunds the amount paid in full, and releases the seats. Each step is taken once, even if several
// servers call CallOff or crash during it. No-op for a booking that has ended, or whose performance is not
// cancelled. It returns only failures.
func (b *Bookings) CallOff(ctx context.Context, from Origin, bookingID events.BookingID) error {
	_, err := b.locked(ctx, bookingID, func(ctx context.Context) (Answer, error) {
		return Answer{}, b.resumeCalledOff(ctx, from, bookingID)
	})
	return err
}

// resumeCalledOff is CallOff for callers that hold the lock of the booking.
func (b *Bookings) resumeCalledOff(ctx context.Context, from Origin, bookingID events.BookingID) error {
	now, err := b.state(ctx, bookingID)
	if err != nil {
		return err
	}
	calledOff, err := b.calledOff(ctx, &now.Booking)
	if err != nil || !calledOff {
		return err
	}
	return b.callOff(ctx, from, bookingID, &booking.CallOff{})
}

// callOff cancels a booking of a cancelled performance. It retries while other commands change the
// booking.
func (b *Bookings) callOff(ctx context.Context, from Origin, bookingID events.BookingID, end *booking.CallOff) error {
	for range maxConflicts {
		if err := b.endPayment(ctx, from, bookingID); err != nil {
			return err
		}
		if err := b.settle(ctx, from, bookingID); err != nil {
			return err
		}
		now, err := b.state(ctx, bookingID)
		if err != nil {
			return err
		}
		state, step := &now.Booking, *end
		if step.Kept = state.Kept; state.Kept > 0 {
			if step.KeptSince, err = b.views.KeptAfter(ctx, bookingID); err != nil {
				return err
			}
		}
		name := "call-off"
		switch {
		case state.Refunding, state.Status == events.BookingIsPaying: // since the steps above
			continue
		case state.Status == events.BookingIsCancelled, state.Status == events.BookingIsExpired && !end.Expired,
			state.Status == events.BookingIsReleased && step.KeptSince == 0:
			return nil
		case state.Status == events.BookingIsReleased:
			name = "make-up"
		case state.Status == events.BookingIsExpired:
			name = "call-off-expired"
		}
		err = b.runSteps(ctx, from, &process.Process{ID: string(bookingID), Announced: true,
			Stages: []process.Stage{bookingStep(bookingID, process.Step{Name: name, Do: &step})}})
		if err != nil && refused(err) == nil { // the next read shows the reason of a refusal
			return err
		}
	}
	return fmt.Errorf("%w: the booking %s keeps changing; try again", actors.ErrOverloaded, bookingID)
}

// cancelCalledOff handles a request to release a booking whose performance is cancelled: it cancels the
// booking as CallOff does. Refusals: forbidden, hold_expired.
func (b *Bookings) cancelCalledOff(ctx context.Context, cmd *Cancel) (Answer, error) {
	refusal, err := b.dryRun(ctx, booking.Stream(cmd.BookingID), &booking.CallOff{By: cmd.By})
	if err != nil {
		return Answer{}, err
	}
	expired := refusal != nil && refusal.Code == core.CodeHoldExpired
	if refusal != nil && refusal.Code == core.CodeForbidden {
		return Answer{}, refusal
	}
	if err := b.callOff(ctx, cmd.Origin, cmd.BookingID, &booking.CallOff{}); err != nil {
		return Answer{}, err
	}
	if expired {
		return Answer{}, refusal
	}
	return b.state(ctx, cmd.BookingID)
}

// externalCallOffStages records in the external payment's stream the amount owed because the performance
// was cancelled.
func externalCallOffStages(state *booking.State) (stages []process.Stage) {
	step := func(name string, do core.Command) {
		stages = append(stages, process.Stage{Steps: []process.Step{{Name: name, Stream: state.PaymentStream, Do: do}}})
	}
	step("book", &money.Book{PaymentID: state.PaymentID})
	if booked := state.Refunds - state.FeesRefunded; booked > 0 {
		step("called-off", &money.Return{Cause: events.OwedCancelled, Amount: booked})
	}
	if state.FeesRefunded > 0 {
		step("make-up", &money.MakeUp{Cause: events.OwedCancelled, Amount: state.FeesRefunded})
	}
	return stages
}

// returnCalledOff handles a request to return one seat of a booking whose performance is cancelled: it
// cancels the whole booking as CallOff does. Refusals: forbidden, not_found (the seat), hold_expired.
func (b *Bookings) returnCalledOff(ctx context.Context, cmd *ReturnSeat, giveBack *booking.ReturnSeat) (Answer, error) {
	refusal, err := b.dryRun(ctx, booking.Stream(cmd.BookingID), giveBack)
	if err != nil {
		return Answer{}, err
	}
	if refusal != nil && (refusal.Code == core.CodeForbidden || refusal.Code == core.CodeNotFound) {
		return Answer{}, refusal
	}
	if err := b.callOff(ctx, cmd.Origin, cmd.BookingID, &booking.CallOff{}); err != nil {
		return Answer{}, err
	}
	if refusal != nil && refusal.Code == core.CodeHoldExpired {
		return Answer{}, refusal
	}
	return b.state(ctx, cmd.BookingID)
}
