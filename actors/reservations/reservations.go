package reservations

import (
	"context"
	"errors"
	"fmt"

	"admitone/actors"
	"admitone/actors/core"
	money "admitone/actors/payment"
	"admitone/actors/process"
	"admitone/actors/product"
	"admitone/events"
)

// Views has the reservations that have ended.
type Views interface {
	// Ended returns an ended reservation, once the views have seen the log up to a position; nil
	// for none.
	Ended(ctx context.Context, of events.PaymentSubject, position events.Position) (*product.Ended, error)
}

// Reservations runs the steps of payments for reservations. It is safe for concurrent use. Its
// methods return a [*core.Refusal], or a failure of [actors.Desk.Ask] or of [Views]: the outcome is
// unknown then, a retry is safe, and Resume completes the work.
type Reservations struct {
	desk   actors.Dispatcher
	runner process.Runner
	views  Views
}

// New returns the process on desk, whose kinds must include products and payments.
func New(desk actors.Dispatcher, views Views) *Reservations {
	return &Reservations{desk: desk, runner: process.Runner{Entities: desk}, views: views}
}

// Report reports an external payment for a reservation.
type Report struct {
	// Request has the ID and the origin of the request; stream and command are not used.
	actors.Request
	ProductID     events.ProductID
	ReservationID events.ID
	Provider      events.Provider
	Reference     string
	// Amount in minor units of Currency.
	Amount   int64
	Currency string
	// Final accepts a wrong amount too.
	Final bool
	// LogCurrency is the currency of the reservation's price.
	LogCurrency string
}

// Answer is the answer to a report.
type Answer struct {
	// Payment is its current state, at Position.
	Payment  money.State
	Position events.Position
	// Replayed means that an earlier request with the same key got this answer.
	Replayed bool
}

// maxRetries bounds how often work is repeated because another command has changed the product.
const maxRetries = 32

// Report records an external payment for a reservation and confirms the reservation with it. If it
// was paid by another payment or released, or the payment is late and its units are taken, a refund
// is owed. Repeating the report has the same outcome.
//
// Refusals, in this order: not_found, idempotency_key_reused, payment_reference_used, amount_mismatch. They
// have written nothing.
func (r *Reservations) Report(ctx context.Context, cmd Report) (Answer, error) {
	of := subject(cmd.ProductID, cmd.ReservationID)
	reservation, err := r.find(ctx, of, cmd.ReservationID)
	if err != nil {
		return Answer{}, err
	}
	request := cmd.Request
	if err := process.RequireUnusedKey(ctx, r.desk, request, product.Stream(cmd.ProductID)); err != nil {
		return Answer{}, err
	}
	request.Stream = events.PaymentStream(cmd.Provider, cmd.Reference)
	request.Command = &money.Receive{Provider: cmd.Provider, Reference: cmd.Reference, Amount: cmd.Amount,
		Currency: cmd.Currency, For: of, Expected: reservation.cost, ExpectedCurrency: cmd.LogCurrency,
		Final: cmd.Final}
	received, err := r.desk.Ask(ctx, request)
	if err != nil {
		return Answer{}, err
	}
	answer, err := r.finish(context.WithoutCancel(ctx), cmd.Request, request.Stream)
	answer.Replayed = received.Replayed
	return answer, process.UnknownIfOverloaded(err)
}

// Resume takes the remaining steps of an external payment for a reservation: it is applied or owed,
// and the price of a released purchase is owed. No-op for one that is settled, or for a different kind
// of purchase. It returns failures only.
func (r *Reservations) Resume(ctx context.Context, from actors.Request, stream events.StreamID) error {
	_, err := r.finish(ctx, from, stream)
	return process.UnknownIfOverloaded(err)
}

func subject(productID events.ProductID, id events.ID) events.PaymentSubject {
	return events.PaymentSubject{ProductID: productID, ReservationID: events.ReservationID(id.String())}
}

// state is the current state of a reservation.
type state struct {
	open     bool // held or confirmed
	cost     int64
	money    product.PaymentRecord // the product's record of its payments
	ended    *product.Ended
	revision events.Revision
	// calledOff means that the product is cancelled.
	calledOff bool
}

var errNoReservation = &core.Refusal{Code: core.CodeNotFound, Detail: "the product has no such reservation",
	Fields: core.Fields{"resource": "reservation"}}

var errNoProduct = &core.Refusal{Code: core.CodeNotFound, Detail: "there is no such product",
	Fields: core.Fields{"resource": "product"}}

// find looks up a reservation in its product or, if it has ended, in the views. Refusal: not_found.
func (r *Reservations) find(ctx context.Context, of events.PaymentSubject, id events.ID) (*state, error) {
	previous := events.NoStream
	for range maxRetries {
		found, err := r.readOnce(ctx, of, id)
		if err != nil {
			return nil, err
		}
		if found.open || found.ended != nil {
			return found, nil
		}
		if found.revision == previous {
			break
		}
		previous = found.revision // a late payment may have reopened it after the first read
	}
	return nil, errNoReservation
}

// readOnce reads the product, and the views if the reservation is not open. The result is neither open
// nor ended if neither of them has the reservation.
func (r *Reservations) readOnce(ctx context.Context, of events.PaymentSubject, id events.ID) (*state, error) {
	var found state
	var exists, hasPayments bool
	view, err := r.desk.View(ctx, product.Stream(of.ProductID), func(c core.Core) {
		p := c.(*product.Product)
		found = state{}
		exists, found.calledOff = p.Exists(), p.CalledOff()
		var reservation product.Reservation
		reservation, found.open = p.Reservation(id)
		if found.money, hasPayments = p.PaymentRecord(id); hasPayments {
			found.cost = found.money.Cost(found.money.Quantity)
		} else if found.open {
			found.cost = reservation.Offer.Cost(reservation.Quantity)
		}
	})
	found.revision = view.Revision
	switch {
	case err != nil:
		return nil, err
	case !exists:
		return nil, errNoProduct
	case found.open:
		return &found, nil
	}
	found.ended, err = r.views.Ended(ctx, of, view.Position)
	switch {
	case err != nil:
		return nil, err
	case found.ended != nil && !hasPayments:
		found.cost = found.ended.Offer.Cost(found.ended.Quantity)
	}
	return &found, nil
}

// finish makes the product decide about a payment, and records the decision in the payment's
// stream. It can resume at any step.
func (r *Reservations) finish(ctx context.Context, from actors.Request, stream events.StreamID) (Answer, error) {
	for range maxRetries {
		answer, err := r.payment(ctx, stream)
		if err != nil || answer.Payment.Received.ReservationID == "" {
			return answer, err
		}
		of := answer.Payment.Received.PaymentSubject
		id, err := events.ParseID(string(of.ReservationID))
		if err != nil {
			return answer, fmt.Errorf("%w: %s is for the reservation %q", events.ErrDamaged, stream, of.ReservationID)
		}
		reservation, err := r.find(ctx, of, id)
		if err != nil {
			return answer, err
		}
		p := next(&answer.Payment, reservation, stream, id)
		if p == nil {
			return answer, nil
		}
		err = r.runner.Run(ctx, from, p)
		if refusal := (*core.Refusal)(nil); err != nil && !errors.As(err, &refusal) {
			return answer, err
		} // after a refusal, the next read shows its reason
	}
	return Answer{}, fmt.Errorf("%w: the product of %s changes too often", actors.ErrOverloaded, stream)
}

// payment returns a payment and its position.
func (r *Reservations) payment(ctx context.Context, stream events.StreamID) (answer Answer, err error) {
	at, err := r.desk.View(ctx, stream, func(c core.Core) { answer.Payment = c.(*money.Payment).State() })
	answer.Position = at.Position
	return answer, err
}

// next returns the next step of a payment, nil for none.
func next(payment *money.State, reservation *state, stream events.StreamID, id events.ID) *process.Process {
	step := func(name string, at events.StreamID, command core.Command) *process.Process {
		return &process.Process{ID: string(stream), Announced: true,
			Stages: []process.Stage{{Steps: []process.Step{{Name: name, Stream: at, Do: command}}}}}
	}
	name, command := outcome(payment, reservation, stream)
	switch m := &reservation.money; {
	case payment.Open > 0 && command != nil:
		return step(name, stream, command)
	case payment.Open > 0:
		return step("pay", product.Stream(payment.Received.ProductID), &product.Pay{ReservationID: id, Payment: stream,
			Ended: reservation.ended, Seen: reservation.revision})
	case payment.Booked > 0 && m.PaidBy == stream && m.Released:
		cause := events.OwedReleased
		if m.CalledOff {
			cause = events.OwedCancelled
		}
		return step("return", stream, &money.Return{Cause: cause, Amount: payment.Booked - m.Kept, Kept: m.Kept})
	}
	return nil
}

// outcome returns the command that records the product's decision in the payment's stream, and its
// name; nil if there is no decision yet.
func outcome(payment *money.State, reservation *state, stream events.StreamID) (name string, command core.Command) {
	m := &reservation.money
	switch {
	case payment.Received.Wrong():
		return "owe", &money.Owe{Cause: events.OwedWrongSum}
	case m.PaidBy == stream:
		return "book", &money.Book{}
	case m.HasFailed(stream):
		return "owe", &money.Owe{Cause: events.OwedLate}
	case reservation.ended != nil && reservation.ended.Status == events.ReservationCancelled:
		return "owe", &money.Owe{Cause: events.OwedCancelled}
	case reservation.ended != nil && reservation.ended.Status == events.ReservationReleased:
		return "owe", &money.Owe{Cause: events.OwedReleased}
	case m.PaidBy != "":
		return "owe", &money.Owe{Cause: events.OwedAlreadyPaid}
	case reservation.calledOff:
		return "owe", &money.Owe{Cause: events.OwedCancelled}
	}
	return "", nil
}
