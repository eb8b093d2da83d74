package bookings

import (
	"cmp"
	"context"

	"admitone/actors/booking"
	"admitone/actors/core"
	"admitone/actors/process"
	"admitone/actors/seat"
	"admitone/events"
)

// BeginIntent makes a booking wait for a payment that a provider is taking.
type BeginIntent struct {
	Origin
	BookingID events.BookingID
	Intent    events.IntentID
	Provider  events.Provider
	// Seconds it waits, from 1 to [events.MaxIntent].
	Seconds int64
	// By is the holder, or "" for the organiser.
	By events.Holder
	// Checkout has the addresses to which the payment page returns the holder; zero for no page.
	// The page's title is that of the performance.
	Checkout events.Checkout
}

// BeginIntent announces the intent, holds allowance and seats as long as it lasts, and answers with
// the waiting booking. A replayed answer has the booking as it is now, and Begun.
//
// Refusals, in this order: not_found, forbidden, invalid_field (amount: there is nothing to pay), cancelled,
// payment_in_progress, already_confirmed,
// hold_expired (also if a seat is lost meanwhile), released, limit_exceeded (the seats can't be held that long).
func (b *Bookings) BeginIntent(ctx context.Context, cmd BeginIntent) (Answer, error) {
	return b.locked(ctx, cmd.BookingID, func(ctx context.Context) (Answer, error) {
		before, err := b.state(ctx, cmd.BookingID)
		if err == nil {
			err = b.prepareCheckout(ctx, &cmd, &before.Booking)
		}
		if err != nil {
			return Answer{}, err
		}
		calledOff, err := b.calledOff(ctx, &before.Booking)
		if err != nil {
			return Answer{}, err
		}
		begun, err := b.request(ctx, cmd.Origin, cmd.BookingID, &booking.BeginIntent{Intent: cmd.Intent,
			Provider: cmd.Provider, Seconds: cmd.Seconds, By: cmd.By, Checkout: cmd.Checkout, CalledOff: calledOff})
		if err != nil {
			return Answer{}, err
		}
		if err := b.openIntent(ctx, cmd.Origin, cmd.BookingID); err != nil {
			return Answer{}, err
		}
		now, err := b.state(ctx, cmd.BookingID)
		now.Replayed = begun.Replayed
		for _, fact := range begun.Facts {
			if f, ok := fact.(*events.BookingIntentBegun); ok {
				now.Intent = f.Intent
			}
		}
		return now, err
	})
}

// openIntent takes the remaining steps of an intent that has begun: allowance and seats are held
// for its duration, or it is ended. Refusals: hold_expired, limit_exceeded, once it is ended and
// everything is released.
func (b *Bookings) openIntent(ctx context.Context, from Origin, bookingID events.BookingID) error {
	now, err := b.state(ctx, bookingID)
	if err != nil || now.Booking.Status != events.BookingIsAwaiting || now.Booking.Intent.Opened {
		return err
	}
	s, err := b.performanceOf(ctx, &now.Booking)
	if err != nil {
		return err
	}
	h := holdOf(from, s, &now.Booking)
	err = b.runSteps(ctx, from, openIntentProcess(&h, &now.Booking))
	refusal := refused(err)
	if refusal == nil {
		return err
	}
	end := &booking.EndIntent{Intent: now.Booking.Intent.ID, Reason: events.IntentTooLong}
	if refusal.Code != core.CodeLimitExceeded {
		end.Reason = events.IntentLost
		refusal = tooLate(s, &now.Booking, nil)
	}
	if err := b.endIntent(ctx, from, bookingID, end); err != nil {
		return err
	}
	return refusal
}

// openIntentProcess holds allowance and seats for the duration of an intent, and then opens it.
// booking.intent_begun has announced it. Nothing has to be undone: seats that are held longer than
// the booking waits are released with it.
func openIntentProcess(h *hold, state *booking.State) *process.Process {
	to := &seat.Extend{HoldID: h.id, ExpiresAt: state.Intent.ExpiresAt.Add(seat.Grace), HoldFor: h.info.holdFor,
		Intent: state.Intent.ID}
	return &process.Process{ID: string(state.Intent.ID), Announced: true, Stages: []process.Stage{
		h.extendAllowance(to),
		h.extendSeats(to),
		h.extendAreas(to),
		bookingStep(state.ID, process.Step{Name: "open-intent", Do: &booking.OpenIntent{Intent: state.Intent.ID}}),
	}}
}

// endIntent ends an intent, and releases the seats to which the booking is no longer entitled.
func (b *Bookings) endIntent(
	ctx context.Context,
	from Origin,
	bookingID events.BookingID,
	end *booking.EndIntent,
) error {
	err := b.runSteps(ctx, from, &process.Process{ID: string(end.Intent), Announced: true,
		Stages: []process.Stage{bookingStep(bookingID, process.Step{Name: "end-intent", Do: end})}})
	if err != nil {
		return err
	}
	return b.settle(ctx, from, bookingID)
}

// EndIntent ends an intent of a booking: the booking is held again, or has expired if its own
// deadline has passed. No-op unless it is the open intent. Refusal: not_found.
type EndIntent struct {
	Origin
	BookingID events.BookingID
	// Intent to end, "" for the open one.
	Intent events.IntentID
	// Reason of the end; "" means [events.IntentEnded].
	Reason events.IntentEnd
}

// EndIntent ends the intent, and returns the booking as it is then.
func (b *Bookings) EndIntent(ctx context.Context, cmd EndIntent) (Answer, error) {
	return b.locked(ctx, cmd.BookingID, func(ctx context.Context) (Answer, error) {
		if cmd.Intent == "" {
			now, err := b.state(ctx, cmd.BookingID)
			if err != nil {
				return Answer{}, err
			}
			cmd.Intent = now.Booking.Intent.ID
		}
		ended, err := b.request(ctx, cmd.Origin, cmd.BookingID,
			&booking.EndIntent{Intent: cmd.Intent, Reason: cmp.Or(cmd.Reason, events.IntentEnded)})
		if err != nil {
			return Answer{}, err
		}
		if err := b.settle(ctx, cmd.Origin, cmd.BookingID); err != nil {
			return Answer{}, err
		}
		now, err := b.state(ctx, cmd.BookingID)
		now.Replayed = ended.Replayed
		return now, err
	})
}

// endWrongSum ends the intent of a booking for which a wrong amount was paid.
func (b *Bookings) endWrongSum(ctx context.Context, from Origin, state *booking.State) error {
	if state.Status != events.BookingIsAwaiting {
		return nil
	}
	return b.endIntent(ctx, from, state.ID, &booking.EndIntent{Intent: state.Intent.ID, Reason: events.IntentWrongSum})
}
