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

// Kind of payments.
var Kind = core.Kind{Category: events.PaymentCategory, New: New, SnapshotVersion: snapshotVersion}

// snapshotVersion changes with what Freeze writes.
const snapshotVersion = 1

// MaxAmount is the most that one payment can be, in minor units.
const MaxAmount = 1_000_000_000_000

// Receive writes down money that has come in. Again for the same thing with the same sum it does
// nothing. Refusals: payment_reference_used, amount_mismatch (unless Final).
type Receive struct {
	Provider  events.Provider
	Reference string
	// Amount in minor units of Currency, above 0.
	Amount   int64
	Currency string
	For      events.PaidThing
	// Expected is the price as it was held, in ExpectedCurrency.
	Expected         int64
	ExpectedCurrency string
	// Final says that a wrong sum is received too.
	Final bool
}

// Book says that the thing was paid with it: what is open is booked. Again it does nothing. Refusal:
// amount_mismatch (a wrong sum).
type Book struct {
	// PaymentID is that of the booking, "" for a reservation.
	PaymentID events.HoldID
}

// Owe says that nothing was paid with it: what is open is owed. Again it does nothing.
type Owe struct{ Cause events.RefundCause }

// Return says that something which was paid with it was given back. Again for the same cause and
// thing it does nothing. Refusal: amount_mismatch (more than is booked).
type Return struct {
	Cause events.RefundCause
	// About tells apart what is returned for one cause: the name of a seat, for example.
	About string
	// Amount that is owed, and Kept.
	Amount, Kept int64
}

// Settle says that a refund was paid back outside, under a reference. Again under the same it does
// nothing. Refusal: payment_reference_used (it was settled under another).
type Settle struct {
	RefundID  events.RefundID
	Reference string
}

// Refund is what is or was owed because of one fact.
type Refund struct {
	ID     events.RefundID
	Cause  events.RefundCause
	Amount int64
	// Reference under which it was settled, "" while it is owed.
	Reference string
}

// State is what there is to know of a payment.
type State struct {
	Received events.PaymentReceived // Provider is "" before
	// Open, Booked, Kept, Refunded and Owed sum up to what was received.
	Open, Booked, Kept, Refunded, Owed int64
	// Paid says that it has paid for what it is for, whatever became of that since.
	Paid bool
	// PaymentID is that of the booking that was paid.
	PaymentID events.HoldID
	// Refunds in the order in which they became owed. They must not be changed.
	Refunds []Refund
	// Returned are the causes of which nothing is owed: all of it was kept.
	Returned []events.RefundID
}

// Stream of the payment.
func (s *State) Stream() events.StreamID {
	return events.PaymentStream(s.Received.Provider, s.Received.Reference)
}

// Refund looks one up.
func (s *State) Refund(id events.RefundID) (Refund, bool) {
	i := slices.IndexFunc(s.Refunds, func(r Refund) bool { return r.ID == id })
	if i < 0 {
		return Refund{}, false
	}
	return s.Refunds[i], true
}

// Payment is the state and the rules of one payment. It implements [core.Core].
type Payment struct{ state State }

// New returns a payment of which nothing was received.
func New() core.Core { return &Payment{} }

// Exists reports whether anything was received.
func (p *Payment) Exists() bool { return p.state.Received.Provider != "" }

// State returns what there is to know of it.
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
			return nil, mismatch("a wrong sum pays for nothing", s.Received.Expected, s.Received.ExpectedCurrency)
		}
		return []events.Fact{&events.PaymentBooked{Amount: s.Open, PaymentID: cmd.PaymentID}}, nil
	case *Owe:
		if s.Open == 0 {
			return nil, nil
		}
		return []events.Fact{&events.PaymentOwed{RefundID: events.NewRefundID(s.Stream(), cmd.Cause, ""), Cause: cmd.Cause,
			Amount: s.Open}}, nil
	case *Return:
		return p.giveBack(cmd)
	case *Settle:
		return p.settle(cmd)
	case *core.Expire:
		return nil, nil
	}
	panic(fmt.Sprintf("payment: no rule for %T", cmd))
}

func (p *Payment) receive(cmd *Receive) ([]events.Fact, error) {
	was := &p.state.Received
	if p.Exists() {
		switch {
		case was.PaidThing != cmd.For:
			return nil, &core.Refusal{Code: core.CodePaymentReferenceUsed,
				Detail: "this reference has paid for another thing; every payment has a reference of its own",
				Fields: core.Fields{"resource": was.Path()}}
		case was.Amount != cmd.Amount || was.Currency != cmd.Currency:
			return nil, mismatch("this reference was received with another sum", was.Amount, was.Currency)
		}
		return nil, nil
	}
	fact := &events.PaymentReceived{Provider: cmd.Provider, Reference: cmd.Reference, Amount: cmd.Amount,
		Currency: cmd.Currency, Expected: cmd.Expected, ExpectedCurrency: cmd.ExpectedCurrency, PaidThing: cmd.For}
	if fact.Wrong() && !cmd.Final {
		return nil, mismatch(
			"it costs another sum; nothing was received, and with final the money would be, and all of it owed",
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

func (p *Payment) giveBack(cmd *Return) ([]events.Fact, error) {
	s := &p.state
	id := events.NewRefundID(s.Stream(), cmd.Cause, cmd.About)
	if _, before := s.Refund(id); before || slices.Contains(s.Returned, id) {
		return nil, nil
	}
	if cmd.Amount < 0 || cmd.Kept < 0 || cmd.Amount+cmd.Kept < 1 || cmd.Amount+cmd.Kept > s.Booked {
		return nil, mismatch("more is given back than was paid with it", s.Booked, s.Received.Currency)
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
			Detail: "the refund was settled under another reference",
			Fields: core.Fields{"resource": "/v1/refunds/" + string(refund.ID)}}
	}
	return []events.Fact{
		&events.PaymentRefunded{RefundID: refund.ID, Amount: refund.Amount, Reference: cmd.Reference},
	}, nil
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
	case *events.PaymentRefunded:
		i := slices.IndexFunc(s.Refunds, func(r Refund) bool { return r.ID == f.RefundID })
		p.must(fact, i >= 0 && s.Refunds[i].Reference == "" && s.Refunds[i].Amount == f.Amount && f.Reference != "")
		s.Refunds = slices.Clone(s.Refunds)
		s.Refunds[i].Reference = f.Reference
		s.Owed, s.Refunded = s.Owed-f.Amount, s.Refunded+f.Amount
	default:
		p.must(fact, false)
	}
	p.must(fact, s.Open+s.Booked+s.Kept+s.Refunded+s.Owed == s.Received.Amount)
}

// owe adds a refund.
func (p *Payment) owe(id events.RefundID, cause events.RefundCause, amount int64) {
	p.state.Refunds = append(slices.Clip(p.state.Refunds), Refund{ID: id, Cause: cause, Amount: amount})
}

// must stops at a fact that can't follow: a damaged log, or money out of nothing.
func (p *Payment) must(fact events.Fact, fits bool) {
	if !fits {
		panic(fmt.Sprintf("payment: the log goes on with %s %+v after %+v", fact.Name(), fact, p.state))
	}
}

// Freeze implements [core.Core]. Lists are never changed in place, so a frozen state is free.
func (p *Payment) Freeze() func(io.Writer) error {
	state := p.state
	return func(w io.Writer) error { return json.NewEncoder(w).Encode(state) }
}

// Restore implements [core.Core].
func (p *Payment) Restore(r io.Reader) error { return json.NewDecoder(r).Decode(&p.state) }
