package payment

import (
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"time"

	"admitone/actors/core"
	"admitone/events"
)

// Kind registers payments with the shell.
var Kind = core.Kind{Category: events.PaymentCategory, New: New, SnapshotVersion: snapshotVersion}

// snapshotVersion changes with the format that Freeze writes.
const snapshotVersion = 2

// Receive records money that has arrived. No-op if the same amount was received for the same purchase. Refusals:
// payment_reference_used, amount_mismatch (a different amount was received before, or Amount is not Expected and
// Final is false).
type Receive struct {
	Provider  events.Provider
	Reference string
	// Amount in minor units of Currency, above 0.
	Amount   int64
	Currency string
	For      events.PaymentSubject
	// Expected is the price of the purchase when it was held, in ExpectedCurrency.
	Expected         int64
	ExpectedCurrency string
	// Final records the payment even if the amount is wrong.
	Final bool
}

// Book records that the payment has paid for its purchase: the open amount is booked. Idempotent. Refusal:
// amount_mismatch (the amount received is not the price).
type Book struct {
	// PaymentID is the payment id of the booking, "" for a reservation.
	PaymentID events.HoldID
}

// Owe records that the payment has paid for nothing: the open amount is owed. Idempotent.
type Owe struct{ Cause events.RefundCause }

// Return records that the purchase, or a part of it, was released. Idempotent for the same cause and About.
// Refusal: amount_mismatch (the amounts are not from 1 to the amount booked in total).
type Return struct {
	Cause events.RefundCause
	// About distinguishes returns for the same cause, for example by the name of the seat.
	About string
	// Amount is the amount owed, Kept the amount withheld.
	Amount, Kept int64
}

// Settle records that a refund was paid externally, under a reference. Idempotent for the same reference.
// Refusals: payment_reference_used (the refund was settled under a different reference, or the money paid under
// this one has come back); payment_in_progress (the outcome of a request to the provider is unknown, and Outcome
// and Reason are not set).
type Settle struct {
	RefundID  events.RefundID
	Reference string
	// Outcome reports whether this is the outcome of a request to the provider.
	Outcome bool
	// Reason is why the organiser settles a refund whose request has no known outcome, "" for none.
	Reason string
}

// Refund is an amount that is or was owed because of one fact.
type Refund struct {
	ID     events.RefundID
	Cause  events.RefundCause
	Amount int64
	// Reference under which the refund was settled, "" while it is owed.
	Reference string
	// Asked reports whether the provider was asked to pay the refund and the outcome is unknown.
	Asked bool `json:",omitempty"`
	// Failure is why the provider has not paid the refund, "" if it has paid or was not asked. After a failure
	// the provider is not asked again.
	Failure events.RefundFailure `json:",omitempty"`
	// Failed are the references of payouts that failed or came back. The slice must not be changed.
	Failed []string `json:",omitempty"`
}

// State is the state of a payment. Amounts are in minor units.
type State struct {
	Received events.PaymentReceived // Provider is "" before the payment is received
	// Open, Booked, Kept, Refunded and Owed add up to the amount received.
	Open, Booked, Kept, Refunded, Owed int64
	// Paid reports whether the payment has paid for its purchase, even if that was released or cancelled since.
	Paid bool
	// PaymentID is the payment id of the booking, once paid.
	PaymentID events.HoldID
	// Refunds are in the order in which they became owed. The slice must not be changed.
	Refunds []Refund
	// Returned are the ids of the returns for which nothing is owed, because everything was withheld.
	Returned []events.RefundID
}

// Stream returns the stream of the payment.
func (s *State) Stream() events.StreamID {
	return events.PaymentStream(s.Received.Provider, s.Received.Reference)
}

// RefundOfAll returns the id of the refund of a payment that has paid for nothing, "" for any other payment.
func (s *State) RefundOfAll() events.RefundID {
	if s.Paid || len(s.Refunds) == 0 {
		return ""
	}
	return s.Refunds[0].ID
}

// Refund returns the refund with an id.
func (s *State) Refund(id events.RefundID) (Refund, bool) {
	i := slices.IndexFunc(s.Refunds, func(r Refund) bool { return r.ID == id })
	if i < 0 {
		return Refund{}, false
	}
	return s.Refunds[i], true
}

// Payment is the state and the rules of one payment. It implements [core.Core].
type Payment struct{ state State }

// New returns a payment that has not been received.
func New() core.Core { return &Payment{} }

// Exists reports whether the payment was received.
func (p *Payment) Exists() bool { return p.state.Received.Provider != "" }

// State returns a shallow copy of the state.
func (p *Payment) State() State { return p.state }

// NextDeadline implements [core.Core]: a payment has none.
func (p *Payment) NextDeadline() time.Time { return time.Time{} }

var errNoPayment = &core.Refusal{Code: core.CodeNotFound, Detail: "there is no such payment",
	Fields: core.Fields{"resource": "payment"}}

var errNoRefund = &core.Refusal{Code: core.CodeNotFound, Detail: "there is no such refund",
	Fields: core.Fields{"resource": "refund"}}

// Decide implements [core.Core].
func (p *Payment) Decide(cmd core.Command, _ time.Time) ([]events.Fact, error) {
	if receive, ok := cmd.(*Receive); ok {
		return p.receive(receive)
	}
	if !p.Exists() {
		return nil, errNoPayment
	}
	s := &p.state
	switch cmd := cmd.(type) {
	case *Book:
		switch {
		case s.Open == 0:
			return nil, nil
		case s.Received.Wrong():
			return nil, mismatch("the amount received is not the price, so it can't pay for the purchase", s.Received.Expected, s.Received.ExpectedCurrency)
		}
		return []events.Fact{&events.PaymentBooked{Amount: s.Open, PaymentID: cmd.PaymentID}}, nil
	case *Owe:
		if s.Open == 0 {
			return nil, nil
		}
		return []events.Fact{&events.PaymentOwed{RefundID: events.NewRefundID(s.Stream(), cmd.Cause, ""), Cause: cmd.Cause,
			Amount: s.Open}}, nil
	case *Return:
		return p.returnMoney(cmd)
	case *MakeUp:
		return p.makeUp(cmd)
	case *Settle:
		return p.settle(cmd)
	case *Ask:
		return p.requestRefund(cmd)
	case *FailRefund:
		return p.failRefund(cmd)
	case *core.Expire:
		return nil, nil
	}
	panic(fmt.Sprintf("payment: no rule for %T", cmd))
}

func (p *Payment) receive(cmd *Receive) ([]events.Fact, error) {
	was := &p.state.Received
	if p.Exists() {
		switch {
		case was.PaymentSubject != cmd.For:
			return nil, &core.Refusal{Code: core.CodePaymentReferenceUsed,
				Detail: "this reference has paid for a different purchase; send the reference of this payment",
				Fields: core.Fields{"resource": was.Path()}}
		case was.Amount != cmd.Amount || was.Currency != cmd.Currency:
			return nil, mismatch("a different amount was received under this reference; send that amount, or the reference of this payment", was.Amount, was.Currency)
		}
		return nil, nil
	}
	fact := &events.PaymentReceived{Provider: cmd.Provider, Reference: cmd.Reference, Amount: cmd.Amount,
		Currency: cmd.Currency, Expected: cmd.Expected, ExpectedCurrency: cmd.ExpectedCurrency, PaymentSubject: cmd.For}
	if fact.Wrong() && !cmd.Final {
		return nil, mismatch(
			"the amount is not the price, so nothing was recorded; with final it is recorded, and all of it is owed back",
			cmd.Expected,
			cmd.ExpectedCurrency,
		)
	}
	return []events.Fact{fact}, nil
}

func mismatch(detail string, expected int64, currency string) *core.Refusal {
	return &core.Refusal{Code: core.CodeAmountMismatch, Detail: detail,
		Fields: core.Fields{"expected": expected, "currency": currency}}
}

func (p *Payment) returnMoney(cmd *Return) ([]events.Fact, error) {
	s := &p.state
	id := events.NewRefundID(s.Stream(), cmd.Cause, cmd.About)
	if _, exists := s.Refund(id); exists || slices.Contains(s.Returned, id) {
		return nil, nil
	}
	if cmd.Amount < 0 || cmd.Kept < 0 || cmd.Amount+cmd.Kept < 1 || cmd.Amount+cmd.Kept > s.Booked {
		return nil, mismatch("the amount exceeds what is booked of this payment", s.Booked, s.Received.Currency)
	}
	return []events.Fact{&events.PaymentReturned{RefundID: id, Cause: cmd.Cause, Amount: cmd.Amount, Kept: cmd.Kept}}, nil
}

func (p *Payment) settle(cmd *Settle) ([]events.Fact, error) {
	refund, ok := p.state.Refund(cmd.RefundID)
	switch {
	case !ok:
		return nil, errNoRefund
	case refund.Reference == cmd.Reference:
		return nil, nil
	case refund.Reference != "":
		return nil, &core.Refusal{Code: core.CodePaymentReferenceUsed,
			Detail: "the refund was settled under a different reference",
			Fields: core.Fields{"resource": "/v1/refunds/" + string(refund.ID)}}
	case slices.Contains(refund.Failed, cmd.Reference):
		return nil, &core.Refusal{Code: core.CodePaymentReferenceUsed,
			Detail: "the refund paid under this reference failed or came back; settle it under a new reference",
			Fields: core.Fields{"resource": "/v1/refunds/" + string(refund.ID)}}
	case refund.Asked && !cmd.Outcome && cmd.Reason == "":
		return nil, &core.Refusal{Code: core.CodePaymentInProgress,
			Detail: "the provider was asked to pay this refund; wait for the outcome, or settle it with a reason"}
	}
	fact := &events.PaymentRefunded{RefundID: refund.ID, Amount: refund.Amount, Reference: cmd.Reference}
	if refund.Asked && !cmd.Outcome {
		fact.Reason = cmd.Reason
	}
	return []events.Fact{fact}, nil
}

// Evolve implements [core.Core].
func (p *Payment) Evolve(fact events.Fact) {
	s := &p.state
	switch f := fact.(type) {
	case *events.PaymentReceived:
		p.must(fact, !p.Exists() && f.Provider != "" && f.Amount > 0)
		s.Received, s.Open = *f, f.Amount
	case *events.PaymentBooked:
		p.must(fact, f.Amount == s.Open && f.Amount > 0 && !s.Received.Wrong())
		s.Open, s.Booked, s.Paid, s.PaymentID = 0, f.Amount, true, f.PaymentID
	case *events.PaymentOwed:
		p.must(fact, f.Amount == s.Open && f.Amount > 0)
		s.Open, s.Owed = 0, f.Amount
		p.owe(f.RefundID, f.Cause, f.Amount)
	case *events.PaymentReturned:
		p.must(fact, f.Amount >= 0 && f.Kept >= 0 && f.Amount+f.Kept <= s.Booked && !slices.Contains(s.Returned, f.RefundID))
		s.Booked, s.Owed, s.Kept = s.Booked-f.Amount-f.Kept, s.Owed+f.Amount, s.Kept+f.Kept
		if f.Amount == 0 {
			s.Returned = append(slices.Clip(s.Returned), f.RefundID)
		} else {
			p.owe(f.RefundID, f.Cause, f.Amount)
		}
	case *events.PaymentMadeUp:
		p.must(fact, f.Amount > 0 && f.Amount <= s.Kept)
		s.Kept, s.Owed = s.Kept-f.Amount, s.Owed+f.Amount
		p.owe(f.RefundID, f.Cause, f.Amount)
	case *events.PaymentRefunded:
		i := slices.IndexFunc(s.Refunds, func(r Refund) bool { return r.ID == f.RefundID })
		p.must(fact, i >= 0 && s.Refunds[i].Reference == "" && s.Refunds[i].Amount == f.Amount && f.Reference != "")
		s.Refunds = slices.Clone(s.Refunds)
		s.Refunds[i].Reference, s.Refunds[i].Asked, s.Refunds[i].Failure = f.Reference, false, ""
		s.Owed, s.Refunded = s.Owed-f.Amount, s.Refunded+f.Amount
	default:
		p.must(fact, p.evolveProviderRefund(fact))
	}
	p.must(fact, s.Open+s.Booked+s.Kept+s.Refunded+s.Owed == s.Received.Amount)
}

// owe adds a refund.
func (p *Payment) owe(id events.RefundID, cause events.RefundCause, amount int64) {
	p.state.Refunds = append(slices.Clip(p.state.Refunds), Refund{ID: id, Cause: cause, Amount: amount})
}

// must panics unless the fact is valid after the facts before it. An invalid one means a damaged log.
func (p *Payment) must(fact events.Fact, valid bool) {
	if !valid {
		panic(fmt.Sprintf("payment: unexpected fact %s %+v after %+v", fact.Name(), fact, p.state))
	}
}

// Freeze implements [core.Core]. Lists are never changed in place, so freezing needs no deep copy.
func (p *Payment) Freeze() func(io.Writer) error {
	state := p.state
	return func(w io.Writer) error { return json.NewEncoder(w).Encode(state) }
}

// Restore implements [core.Core].
func (p *Payment) Restore(r io.Reader) error { return json.NewDecoder(r).Decode(&p.state) }
