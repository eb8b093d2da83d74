package row

import (
	"context"
	"fmt"
	"slices"
	"time"

	"admitone/events"
)

// Payment is the fold of one external payment. Received = Open + Booked + Kept + Refunded + Owed at all times, in
// minor units of Currency.
type Payment struct {
	Provider                                     events.Provider
	Reference                                    string
	Currency                                     string
	For                                          events.PaymentSubject
	Received, Open, Booked, Kept, Refunded, Owed int64
	// PaymentID is the payment id of the booking that it paid for, "" for none.
	PaymentID events.HoldID
	// Refunds are in the order in which they became owed.
	Refunds []Refund
	// Revision and Position of the last event that the row contains.
	Revision events.Revision
	Position events.Position
	// Created and Updated are the store's times of the first and last event.
	Created, Updated time.Time
}

// RefundStatus is the status of a refund.
type RefundStatus string

// The statuses of a refund.
const (
	RefundOwed    RefundStatus = "owed"
	RefundSettled RefundStatus = "settled"
)

// Refund is an amount that is or was owed from a payment because of one fact.
type Refund struct {
	ID     events.RefundID
	Status RefundStatus
	Amount int64
	Cause  events.RefundCause
	// Settlement is the provider's reference of the refund, "" while it is owed.
	Settlement string
	// Asked means that the provider was asked for the refund; Failure is the reason why the last request failed.
	Asked   bool
	Failure events.RefundFailure
	// Number is the position of the event by which the refund became owed. It orders refunds.
	Number events.Position
	// Currency, Provider, Reference and For are those of the payment.
	Currency  string
	Provider  events.Provider
	Reference string
	For       events.PaymentSubject
	// Revision and Position are those of the last event about the refund, in the payment's stream.
	Revision events.Revision
	Position events.Position
}

// Stream returns the stream of the payment.
func (r *Refund) Stream() events.StreamID { return events.PaymentStream(r.Provider, r.Reference) }

// Apply applies the next event of the payment's stream, as [Product.Apply] does.
func (p *Payment) Apply(e *events.Recorded) error {
	fact, err := e.Decode()
	if err != nil {
		return err
	}
	_, err = p.ApplyFact(e, fact)
	return err
}

// ApplyFact is Apply for an event whose fact has been decoded. It returns the refund that the fact
// created or changed, nil if there is none or the row already contains the event.
func (p *Payment) ApplyFact(e *events.Recorded, fact events.Fact) (*Refund, error) {
	at := revisionOf(p.Provider != "", p.Revision)
	received, isCreation := fact.(*events.PaymentReceived)
	if done, err := CheckNext(e, fact, at, isCreation); done || err != nil {
		return nil, err
	}
	next := *p
	refund, ok := (*Refund)(nil), true
	if isCreation {
		next = Payment{Provider: received.Provider, Reference: received.Reference, Currency: received.Currency,
			For: received.PaymentSubject, Received: received.Amount, Open: received.Amount, Created: e.Created}
	} else {
		refund, ok = next.evolve(e, fact)
	}
	if !ok || next.Received != next.Open+next.Booked+next.Kept+next.Refunded+next.Owed ||
		min(next.Open, next.Booked, next.Kept, next.Refunded, next.Owed) < 0 {
		return nil, fmt.Errorf("%w: position %d: a %s in %s after %d of %d", ErrViolated, e.Position, fact.Name(), e.Stream,
			p.Open, p.Received)
	}
	next.Revision, next.Position, next.Updated = e.Revision, e.Position, e.Created
	*p = next
	return refund, nil
}

// evolve applies a fact other than the first, and returns the refund that it created or changed. ok is false if the
// fact is not valid in the payment's state.
func (p *Payment) evolve(e *events.Recorded, fact events.Fact) (refund *Refund, ok bool) {
	switch f := fact.(type) {
	case *events.PaymentBooked:
		p.Open, p.Booked, p.PaymentID = p.Open-f.Amount, p.Booked+f.Amount, f.PaymentID
		return nil, true
	case *events.PaymentOwed:
		p.Open, p.Owed = p.Open-f.Amount, p.Owed+f.Amount
		return p.owe(e, f.RefundID, f.Cause, f.Amount), true
	case *events.PaymentReturned:
		p.Booked, p.Owed, p.Kept = p.Booked-f.Amount-f.Kept, p.Owed+f.Amount, p.Kept+f.Kept
		if f.Amount == 0 {
			return nil, true
		}
		return p.owe(e, f.RefundID, f.Cause, f.Amount), true
	case *events.PaymentMadeUp:
		p.Kept, p.Owed = p.Kept-f.Amount, p.Owed+f.Amount
		return p.owe(e, f.RefundID, f.Cause, f.Amount), true
	case *events.PaymentRefunded:
		i := slices.IndexFunc(p.Refunds, func(r Refund) bool { return r.ID == f.RefundID })
		if i < 0 || p.Refunds[i].Status != RefundOwed || p.Refunds[i].Amount != f.Amount {
			return nil, false
		}
		p.Owed, p.Refunded = p.Owed-f.Amount, p.Refunded+f.Amount
		p.Refunds = slices.Clone(p.Refunds)
		refund = &p.Refunds[i]
		refund.Status, refund.Settlement, refund.Asked, refund.Failure = RefundSettled, f.Reference, false, ""
		refund.Revision, refund.Position = e.Revision, e.Position
		return refund, true
	}
	return p.evolveRefundRequest(e, fact)
}

// evolveRefundRequest applies facts about refunds requested from the provider.
func (p *Payment) evolveRefundRequest(e *events.Recorded, fact events.Fact) (refund *Refund, ok bool) {
	var id events.RefundID
	failed, isFailure := fact.(*events.PaymentRefundFailed)
	if asked, is := fact.(*events.PaymentRefundAsked); is {
		id = asked.RefundID
	} else if isFailure {
		id = failed.RefundID
	}
	i := slices.IndexFunc(p.Refunds, func(r Refund) bool { return r.ID == id })
	if i < 0 {
		return nil, false
	}
	p.Refunds = slices.Clone(p.Refunds)
	refund = &p.Refunds[i]
	was := refund.Status
	switch {
	case !isFailure:
		ok = was == RefundOwed && !refund.Asked && refund.Failure == ""
		refund.Asked = true
	case was == RefundOwed:
		ok = refund.Asked && failed.Amount == 0
	default:
		ok = failed.Amount == refund.Amount && failed.Reference == refund.Settlement
	}
	if isFailure {
		p.Owed, p.Refunded = p.Owed+failed.Amount, p.Refunded-failed.Amount
		refund.Status, refund.Settlement, refund.Asked, refund.Failure = RefundOwed, "", false, failed.Failure
	}
	refund.Revision, refund.Position = e.Revision, e.Position
	return refund, ok
}

// owe adds an owed refund, and returns it.
func (p *Payment) owe(e *events.Recorded, id events.RefundID, cause events.RefundCause, amount int64) *Refund {
	p.Refunds = append(slices.Clip(p.Refunds), Refund{ID: id, Status: RefundOwed, Amount: amount, Cause: cause,
		Number: e.Position, Currency: p.Currency, Provider: p.Provider, Reference: p.Reference, For: p.For,
		Revision: e.Revision, Position: e.Position})
	return &p.Refunds[len(p.Refunds)-1]
}

// AppendPayment appends the record of a payment: all but the id, which is a hash of the reference.
func AppendPayment(dst []byte, p *Payment) []byte {
	dst = appendSubject(dst, p.Provider, p.Reference, p.Currency, &p.For)
	dst = AppendString(dst, string(p.PaymentID))
	for _, n := range [...]int64{p.Received, p.Open, p.Booked, p.Kept, p.Refunded, p.Owed, int64(p.Revision),
		int64(p.Position), int64(len(p.Refunds))} {
		dst = AppendInt(dst, n)
	}
	dst = AppendTime(AppendTime(dst, p.Created), p.Updated)
	for i := range p.Refunds {
		dst = appendRefundState(dst, &p.Refunds[i])
	}
	return dst
}

// DecodePayment reads what [AppendPayment] wrote. Error: [ErrRecord].
func DecodePayment(_ string, record []byte) (Payment, error) {
	r := NewReader(record)
	var p Payment
	p.Provider, p.Reference, p.Currency, p.For = readSubject(&r)
	p.PaymentID = events.HoldID(r.Text())
	for _, n := range [...]*int64{&p.Received, &p.Open, &p.Booked, &p.Kept, &p.Refunded, &p.Owed} {
		*n = r.Int()
	}
	p.Revision, p.Position = events.Revision(r.Int()), events.Position(r.Int())
	n := r.Int()
	p.Created, p.Updated = r.Time(), r.Time()
	for ; n > 0 && r.OK(); n-- {
		refund := readRefundState(&r)
		refund.Currency, refund.Provider, refund.Reference, refund.For = p.Currency, p.Provider, p.Reference, p.For
		p.Refunds = append(p.Refunds, refund)
	}
	return p, r.Done()
}

func appendSubject(dst []byte, provider events.Provider, reference, currency string, of *events.PaymentSubject) []byte {
	for _, text := range [...]string{string(provider), reference, currency, string(of.BookingID), string(of.ProductID),
		string(of.ReservationID)} {
		dst = AppendString(dst, text)
	}
	return dst
}

func readSubject(r *Reader) (provider events.Provider, reference, currency string, of events.PaymentSubject) {
	provider, reference, currency = events.Provider(r.Text()), r.Text(), r.Text()
	of.BookingID, of.ProductID = events.BookingID(r.Text()), events.ProductID(r.Text())
	of.ReservationID = events.ReservationID(r.Text())
	return provider, reference, currency, of
}

func appendRefundState(dst []byte, f *Refund) []byte {
	for _, text := range [...]string{string(f.ID), string(f.Status), string(f.Cause), f.Settlement, string(f.Failure)} {
		dst = AppendString(dst, text)
	}
	asked := int64(0)
	if f.Asked {
		asked = 1
	}
	for _, n := range [...]int64{asked, f.Amount, int64(f.Number), int64(f.Revision), int64(f.Position)} {
		dst = AppendInt(dst, n)
	}
	return dst
}

func readRefundState(r *Reader) Refund {
	return Refund{ID: events.RefundID(r.Text()), Status: RefundStatus(r.Text()), Cause: events.RefundCause(r.Text()),
		Settlement: r.Text(), Failure: events.RefundFailure(r.Text()), Asked: r.Int() != 0,
		Amount: r.Int(), Number: events.Position(r.Int()), Revision: events.Revision(r.Int()),
		Position: events.Position(r.Int())}
}

// AppendRefund appends the record of a refund.
func AppendRefund(dst []byte, f *Refund) []byte {
	return appendRefundState(appendSubject(dst, f.Provider, f.Reference, f.Currency, &f.For), f)
}

// DecodeRefund reads what [AppendRefund] wrote. Error: [ErrRecord].
func DecodeRefund(record []byte) (Refund, error) {
	r := NewReader(record)
	provider, reference, currency, of := readSubject(&r)
	f := readRefundState(&r)
	f.Provider, f.Reference, f.Currency, f.For = provider, reference, currency, of
	return f, r.Done()
}

// PaymentAt folds a payment up to a position; nil if it had not been received by then. id is the entity
// part of its stream name. Errors: those of [Payment.Apply]; the store's.
func PaymentAt(ctx context.Context, store events.Store, id string, position events.Position) (*Payment, error) {
	return foldAt(ctx, store, events.NewStreamID(events.PaymentCategory, id), position, (*Payment).Apply)
}

// Settlement assigns a provider's reference to a refund.
type Settlement struct {
	events.SettlementClaimed
	Revision events.Revision
	Position events.Position
	Created  time.Time
}

// Apply applies the only event of a settlement's stream. Errors: [ErrViolated]; those of [events.Recorded.Decode].
func (s *Settlement) Apply(e *events.Recorded) error {
	fact, err := e.Decode()
	if err != nil {
		return err
	}
	return s.ApplyFact(e, fact)
}

// ApplyFact is Apply for an event whose fact has been decoded.
func (s *Settlement) ApplyFact(e *events.Recorded, fact events.Fact) error {
	f, ok := fact.(*events.SettlementClaimed)
	if !ok || e.Revision != 0 {
		return fmt.Errorf("%w: position %d: a %s in %s", ErrViolated, e.Position, fact.Name(), e.Stream)
	}
	*s = Settlement{*f, e.Revision, e.Position, e.Created}
	return nil
}

// SettlementAt reads a settlement as of a position; nil if the reference was not used by then.
// Errors: those of [Settlement.Apply]; the store's.
func SettlementAt(ctx context.Context, store events.Store, id string, position events.Position) (*Settlement, error) {
	return foldAt(ctx, store, events.NewStreamID(events.SettlementCategory, id), position, (*Settlement).Apply)
}
