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
	// Seconds until the intent lapses, from 1 to [events.MaxIntent].
	Seconds int64
	// By is the holder, or "" for the organiser.
	By events.Holder
	// Checkout has the addresses to which the checkout page returns the holder; zero for no page.
	Checkout events.Checkout
}

// BeginIntent announces the intent, holds the allowance and the seats until it lapses, and returns the
// booking. A replayed answer has the current state of the booking.
//
// Refusals: not_found, forbidden, invalid_field (amount: the booking is free), cancelled,
// payment_in_progress, already_confirmed, hold_expired (also if a seat is lost meanwhile), released,
// limit_exceeded (the seats can't be held that long).
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

// openIntent takes the remaining steps of an intent that has begun. If the allowance and the seats can't
// be held until it lapses, the intent is ended, everything the booking may not keep is released, and
// openIntent returns hold_expired or limit_exceeded.
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

// openIntentProcess holds the allowance and the seats until an intent lapses, and then opens it.
// booking.intent_begun has announced it. Nothing need be undone: the seats are released with the booking,
// even if they are held for longer.
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

// endIntent ends an intent, and releases the seats if the booking has expired.
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

// EndIntent requests the end of an intent of a booking.
type EndIntent struct {
	Origin
	BookingID events.BookingID
	// Intent to end, "" for the open intent.
	Intent events.IntentID
	// Reason of the end; "" means [events.IntentEnded].
	Reason events.IntentEnd
}

// EndIntent ends the intent, and returns the booking, which is held again, or has expired if its own
// deadline has passed. No-op if the intent is not open. Refusal: not_found.
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
