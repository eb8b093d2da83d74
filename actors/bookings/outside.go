package bookings

import (
	"context"
	"fmt"

	"admitone/actors"
	"admitone/actors/allowance"
	"admitone/actors/booking"
	"admitone/actors/core"
	money "admitone/actors/payment"
	"admitone/actors/performance"
	"admitone/actors/process"
	"admitone/actors/seat"
	"admitone/events"
)

// Report says that money for a booking came in outside.
type Report struct {
	Origin
	BookingID events.BookingID
	Provider  events.Provider
	Reference string
	// Amount in minor units of Currency.
	Amount   int64
	Currency string
	// Final says that a wrong sum is received too.
	Final bool
	// LogCurrency is that of the booking's price.
	LogCurrency string
}

// Outcome is what became of money from outside.
type Outcome struct {
	// Payment as it is now.
	Payment money.State
	// Revision and Position of the payment's last event.
	Revision events.Revision
	Position events.Position
}

// Booked reports whether it has paid for what it is for, whatever became of that since.
func (o *Outcome) Booked() bool { return o.Payment.Paid }

// RefundID is what is owed of money that has paid for nothing.
func (o *Outcome) RefundID() events.RefundID {
	if o.Payment.Paid || len(o.Payment.Refunds) == 0 {
		return ""
	}
	return o.Payment.Refunds[0].ID
}

// Report takes money in that came for a booking, and books its seats with it, or owes it: because it
// was paid otherwise, was given back, or came too late and the seats can't be had again. The same
// report again has the same outcome.
//
// Refusals, in this order: not_found, payment_reference_used, amount_mismatch. They have written
// nothing.
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
		request.Stream = events.PaymentStream(cmd.Provider, cmd.Reference)
		request.Command = &money.Receive{Provider: cmd.Provider, Reference: cmd.Reference, Amount: cmd.Amount,
			Currency: cmd.Currency, For: events.PaidThing{BookingID: cmd.BookingID}, Expected: now.Booking.Amount,
			ExpectedCurrency: cmd.LogCurrency, Final: cmd.Final}
		received, err := b.desk.Ask(ctx, request)
		if err != nil {
			return Answer{}, err
		}
		outcome, err := b.applyOutside(ctx, cmd.Origin, request.Stream)
		if err != nil {
			return Answer{}, process.Begun(err)
		}
		now, err = b.state(ctx, cmd.BookingID)
		now.Outside, now.Replayed = outcome, received.Replayed
		return now, process.Begun(err)
	})
}

var errNoBooking = &core.Refusal{Code: core.CodeNotFound, Detail: "there is no such booking",
	Fields: core.Fields{"resource": "booking"}}

// ResumePayment goes on with a payment from outside for a booking, of which something is open. It
// does nothing to one that is settled, or for another thing. Only failures are errors.
func (b *Bookings) ResumePayment(ctx context.Context, from Origin, stream events.StreamID) error {
	outcome, err := b.outcome(ctx, stream)
	if err != nil || outcome.Payment.Received.BookingID == "" {
		return err
	}
	_, err = b.locked(ctx, outcome.Payment.Received.BookingID, func(ctx context.Context) (Answer, error) {
		_, err := b.applyOutside(ctx, from, stream)
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

// outsideTurns bounds how often the booking is asked again because something else about it has come
// first.
const outsideTurns = 16

// applyOutside has the booking decide about a payment from outside, and the payment's stream copy
// that, from wherever it stands.
func (b *Bookings) applyOutside(ctx context.Context, from Origin, stream events.StreamID) (*Outcome, error) {
	for range outsideTurns {
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
		name, copied := outsideStep(&outcome.Payment, &now.Booking, stream)
		switch {
		case copied != nil:
			err = b.runSteps(ctx, from, &process.Process{ID: string(stream), Announced: true,
				Stages: []process.Stage{{Steps: []process.Step{{Name: name, Stream: stream, Do: copied}}}}})
		case now.Booking.Status == events.BookingIsPaying:
			err = b.finishSteps(ctx, from, now.Booking.ID)
		default:
			err = b.startOutside(ctx, from, &now.Booking, stream)
		}
		if err != nil && refused(err) == nil { // a refusal shows in what is read next
			return nil, err
		}
	}
	return nil, fmt.Errorf("%w: the booking of %s is changed again and again", actors.ErrOverloaded, stream)
}

// startOutside announces a payment from outside in its booking.
func (b *Bookings) startOutside(ctx context.Context, from Origin, state *booking.State, stream events.StreamID) error {
	s, err := b.performanceInfo(ctx, state.PerformanceID)
	if err != nil {
		return err
	}
	return b.runSteps(ctx, from, &process.Process{ID: string(stream), Announced: true,
		Stages: []process.Stage{bookingStep(state.ID, process.Step{Name: "start-payment",
			Do: &booking.StartPayment{Payment: stream, On: s.on}})}})
}

// outsideStep is the step by which a payment's stream copies what its booking says, nil if that has
// not decided.
func outsideStep(p *money.State, state *booking.State, stream events.StreamID) (name string, copied core.Command) {
	decided, is := state.Decided(stream)
	switch {
	case p.Received.Wrong():
		return "owe", &money.Owe{Cause: events.OwedWrongSum}
	case is && decided.Booked:
		return "book", &money.Book{PaymentID: decided.PaymentID}
	case is:
		return "owe", &money.Owe{Cause: events.OwedLate}
	case state.Status == events.BookingIsReleased:
		return "owe", &money.Owe{Cause: events.OwedReleased}
	case state.Status == events.BookingIsBooked:
		return "owe", &money.Owe{Cause: events.OwedAlreadyPaid}
	}
	return "", nil
}

// endOutside finishes a payment from outside that is under way, so that the wallet can be asked.
func (b *Bookings) endOutside(ctx context.Context, from Origin, bookingID events.BookingID) error {
	now, err := b.state(ctx, bookingID)
	if err != nil || now.Booking.Payment == "" {
		return err
	}
	return b.endPayment(ctx, from, bookingID)
}

// failOutside closes a payment from outside that can't go on, in the booking's own stream: one that
// came in time goes on as a late one, and a late one has failed. The money stays where it is; the
// payment's stream says next what becomes of it. Failure: also errCompleted.
func (b *Bookings) failOutside(ctx context.Context, p *payment, running *process.Process) error {
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
	return nil // another run has closed it
}

// returnOutside has the payment's stream say that what it has paid for was given back.
func (h *hold) returnOutside(state *booking.State) []process.Stage {
	if !state.Refunding || state.Amount == 0 {
		return nil
	}
	step := func(name string, do core.Command) process.Stage {
		return process.Stage{Steps: []process.Step{{Name: name, Stream: state.Payment, Do: do}}}
	}
	return []process.Stage{
		step("book", &money.Book{PaymentID: state.PaymentID}),
		step("return", &money.Return{Cause: events.OwedReleased, Amount: state.Amount - state.Kept, Kept: state.Kept}),
	}
}

// settleDelayed gives back what the attempt before a delayed payment may still have.
func (h *hold) settleDelayed(state *booking.State, reason events.ReleaseReason) []process.Stage {
	if !state.Delayed {
		return nil
	}
	before := *h
	before.id = events.NewHoldID(state.ID, state.Attempt-1)
	return []process.Stage{
		before.eachSeat(func(int, performance.Seat) process.Step {
			return process.Step{Name: "release-before", Do: &seat.Release{HoldID: before.id, Reason: reason}}
		}),
		before.allowanceStep(process.Step{Name: "release-before", Do: &allowance.Release{HoldID: before.id}}),
	}
}
