package bookings

import (
	"context"
	"fmt"

	"admitone/actors"
	"admitone/actors/allowance"
	"admitone/actors/area"
	"admitone/actors/booking"
	"admitone/actors/core"
	money "admitone/actors/payment"
	"admitone/actors/performance"
	"admitone/actors/process"
	"admitone/actors/seat"
	"admitone/events"
)

// Report reports an external payment for a booking.
type Report struct {
	Origin
	BookingID events.BookingID
	Provider  events.Provider
	Reference string
	// Amount is in minor units of Currency.
	Amount   int64
	Currency string
	// Final records a wrong amount too, instead of refusing it.
	Final bool
	// LogCurrency is the currency of the booking's price.
	LogCurrency string
}

// Outcome is the state of an external payment after a report.
type Outcome struct {
	Payment money.State
	// Repeated: the payment had been reported before.
	Repeated bool
	// Revision and Position of the payment's last event.
	Revision events.Revision
	Position events.Position
}

// Booked reports whether the payment has paid for the booking, even if the booking was released or
// cancelled since.
func (o *Outcome) Booked() bool { return o.Payment.Paid }

// RefundID is the refund of a payment that has not paid for a booking.
func (o *Outcome) RefundID() events.RefundID { return o.Payment.RefundOfAll() }

// Report records an external payment for a booking, and books its seats with it. If the booking was
// paid otherwise or released, or the payment is late and the seats are no longer available, the
// money is owed. Repeating the report has the same outcome.
//
// Refusals, in this order: not_found, idempotency_key_reused, payment_reference_used,
// amount_mismatch. A refused report has written nothing.
func (b *Bookings) Report(ctx context.Context, cmd Report) (Answer, error) {
	return b.locked(ctx, cmd.BookingID, func(ctx context.Context) (Answer, error) {
		now, err := b.state(ctx, cmd.BookingID)
		if err != nil {
			return Answer{}, err
		}
		if now.Booking.ID == "" {
			return Answer{}, errNoBooking
		}
		request := cmd.request()
		if err := process.RequireUnusedKey(ctx, b.desk, request, booking.Stream(cmd.BookingID)); err != nil {
			return Answer{}, err
		}
		request.Stream = events.PaymentStream(cmd.Provider, cmd.Reference)
		request.Command = &money.Receive{Provider: cmd.Provider, Reference: cmd.Reference, Amount: cmd.Amount,
			Currency: cmd.Currency, For: events.PaymentSubject{BookingID: cmd.BookingID}, Expected: now.Booking.Amount,
			ExpectedCurrency: cmd.LogCurrency, Final: cmd.Final}
		received, err := b.desk.Ask(ctx, request)
		if err != nil {
			return Answer{}, err
		}
		markWritten(ctx)
		outcome, err := b.applyExternal(ctx, cmd.Origin, request.Stream)
		if err != nil {
			return Answer{}, err
		}
		now, err = b.state(ctx, cmd.BookingID)
		outcome.Repeated = received.Replayed || len(received.Facts) == 0
		now.PaymentOutcome, now.Replayed = outcome, received.Replayed
		return now, err
	})
}

var errNoBooking = &core.Refusal{Code: core.CodeNotFound, Detail: "there is no such booking",
	Fields: core.Fields{"resource": "booking"}}

// ResumePayment resumes an unsettled external payment for a booking. No-op for a payment that is settled,
// or for a reservation. It returns only failures.
func (b *Bookings) ResumePayment(ctx context.Context, from Origin, stream events.StreamID) error {
	outcome, err := b.outcome(ctx, stream)
	if err != nil || outcome.Payment.Received.BookingID == "" {
		return err
	}
	_, err = b.locked(ctx, outcome.Payment.Received.BookingID, func(ctx context.Context) (Answer, error) {
		_, err := b.applyExternal(ctx, from, stream)
		return Answer{}, err
	})
	return err
}

// outcome reads a payment.
func (b *Bookings) outcome(ctx context.Context, stream events.StreamID) (*Outcome, error) {
	var o Outcome
	at, err := b.desk.View(ctx, stream, func(c core.Core) { o.Payment = c.(*money.Payment).State() })
	o.Revision, o.Position = at.Revision, at.Position
	return &o, err
}

// maxConflicts bounds how often a command is repeated because another command has changed the booking.
const maxConflicts = 16

// applyExternal makes the booking decide about an external payment, and records the decision in the
// payment's stream. It can resume at any step.
func (b *Bookings) applyExternal(ctx context.Context, from Origin, stream events.StreamID) (*Outcome, error) {
	for range maxConflicts {
		outcome, err := b.outcome(ctx, stream)
		if err != nil || outcome.Payment.Open == 0 {
			return outcome, err
		}
		now, err := b.state(ctx, outcome.Payment.Received.BookingID)
		if err != nil {
			return nil, err
		}
		if outcome.Payment.Received.Wrong() {
			if err := b.endWrongSum(ctx, from, &now.Booking); err != nil {
				return nil, err
			}
		}
		name, do := externalStep(&outcome.Payment, &now.Booking, stream)
		switch {
		case do != nil:
			err = b.runSteps(ctx, from, &process.Process{ID: string(stream), Announced: true,
				Stages: []process.Stage{{Steps: []process.Step{{Name: name, Stream: stream, Do: do}}}}})
		case now.Booking.Status == events.BookingIsPaying:
			err = b.runPaymentSteps(ctx, from, now.Booking.ID)
		default:
			err = b.startExternal(ctx, from, &now.Booking, stream)
		}
		if err != nil && refused(err) == nil { // the next read shows the reason of a refusal
			return nil, err
		}
	}
	return nil, fmt.Errorf("%w: the booking of payment %s keeps changing; try again", actors.ErrOverloaded, stream)
}

// startExternal announces an external payment in its booking.
func (b *Bookings) startExternal(ctx context.Context, from Origin, state *booking.State, stream events.StreamID) error {
	s, err := b.performanceInfo(ctx, state.PerformanceID)
	if err != nil {
		return err
	}
	if s.terms.CalledOff { // applyExternal then records that the money is owed
		return b.callOff(ctx, from, state.ID, &booking.CallOff{Expired: true})
	}
	return b.runSteps(ctx, from, &process.Process{ID: string(stream), Announced: true,
		Stages: []process.Stage{bookingStep(state.ID, process.Step{Name: "start-payment",
			Do: &booking.StartPayment{PaymentStream: stream, Terms: s.terms}})}})
}

// externalStep returns the command that records the booking's decision in the payment's stream, and its
// name, nil if there is no decision yet.
func externalStep(p *money.State, state *booking.State, stream events.StreamID) (name string, do core.Command) {
	settled, ok := state.Outcome(stream)
	switch {
	case p.Received.Wrong():
		return "owe", &money.Owe{Cause: events.OwedWrongSum}
	case ok && settled.Booked:
		return "book", &money.Book{PaymentID: settled.PaymentID}
	case ok:
		return "owe", &money.Owe{Cause: events.OwedLate}
	case state.Status == events.BookingIsCancelled:
		return "owe", &money.Owe{Cause: events.OwedCancelled}
	case state.Status == events.BookingIsReleased:
		return "owe", &money.Owe{Cause: events.OwedReleased}
	case state.Status == events.BookingIsBooked:
		return "owe", &money.Owe{Cause: events.OwedAlreadyPaid}
	}
	return "", nil
}

// endExternal ends an external payment in progress, so that a wallet payment can start.
func (b *Bookings) endExternal(ctx context.Context, from Origin, bookingID events.BookingID) error {
	now, err := b.state(ctx, bookingID)
	if err != nil || now.Booking.PaymentStream == "" {
		return err
	}
	return b.endPayment(ctx, from, bookingID)
}

// failExternal records in the booking's stream that an external payment can't be completed: a payment in
// time becomes late, and a late payment fails. Its errors include errCompleted.
func (b *Bookings) failExternal(ctx context.Context, p *payment, running *process.Process) error {
	step := process.Step{Name: "fail-payment", Stream: booking.Stream(p.booking.ID), Do: p.fail}
	if p.delayed = !p.booking.Late; p.delayed {
		step.Name, step.Do = "delay-payment", &booking.Delay{PaymentID: p.payment}
	}
	_, err := b.runner.Take(ctx, p.from.request(), running, &step)
	if refused(err) == nil {
		return err
	}
	now, failed := b.state(ctx, p.booking.ID)
	switch {
	case failed != nil:
		return failed
	case now.Booking.Paid:
		return errCompleted
	}
	return nil // another run has ended the payment
}

// externalReturnStages records in the payment's stream that its booking was released.
func externalReturnStages(state *booking.State) []process.Stage {
	if state.Refunding && state.Status == events.BookingIsCancelled && state.Refunds > 0 {
		return externalCallOffStages(state)
	}
	price := state.Price()
	if !state.Refunding || price == 0 || state.Status == events.BookingIsCancelled {
		return nil
	}
	return returnStages(state, &money.Return{Cause: events.OwedReleased, Amount: state.Refunds,
		Kept: price - state.Refunds})
}

// releaseDelayedAttempt releases what the attempt before a delayed payment may still hold.
func (h *hold) releaseDelayedAttempt(state *booking.State, reason events.ReleaseReason) []process.Stage {
	if !state.Delayed {
		return nil
	}
	before := *h
	before.id = events.NewHoldID(state.ID, state.Attempt-1)
	return []process.Stage{
		before.eachSeat(func(int, performance.Seat) process.Step {
			return process.Step{Name: "release-before", Do: &seat.Release{HoldID: before.id, Reason: reason}}
		}),
		before.eachArea(func(int) process.Step {
			return process.Step{Name: "release-before", Do: &area.Release{HoldID: before.id, Reason: reason}}
		}),
		before.allowanceStep(process.Step{Name: "release-before", Do: &allowance.Release{HoldID: before.id}}),
	}
}
