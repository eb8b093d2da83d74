package product

import (
	"fmt"
	"math"
	"slices"
	"time"

	"admitone/actors/core"
	"admitone/events"
)

// Offer is the price of one unit and the cancellation policy of a product. A reservation keeps the
// offer with which it was made.
type Offer struct {
	Price        int64
	Cancellation events.Cancellation
}

// Cost returns the price of a quantity in minor units, or math.MaxInt64 if it would overflow.
func (o *Offer) Cost(quantity int64) int64 {
	if o.Price > 0 && quantity > math.MaxInt64/o.Price {
		return math.MaxInt64
	}
	return o.Price * quantity
}

// Refund returns the refund of a quantity, rounded up for each unit.
func (o *Offer) Refund(quantity int64) int64 { return o.Cancellation.Refund(o.Price) * quantity }

// PaymentRecord is a reservation for which an external payment was decided. It is kept forever.
type PaymentRecord struct {
	Holder   events.Holder
	Quantity int64
	Offer
	// ExpiresAt is the deadline of its hold, zero if it was sold without one.
	ExpiresAt time.Time
	// OrderRevision is the revision of the fact with its order data when it ended, 0 for none.
	OrderRevision events.Revision
	// PaidBy is the payment that has paid for it, "" if none has.
	PaidBy events.StreamID
	// Failed has the payments that arrived too late. The slice is shared and must not be changed.
	Failed []events.StreamID
	// Released means that the reservation was released. Kept is the amount withheld from the payment.
	Released bool
	Kept     int64
	// CalledOff means that it was released because the product was cancelled.
	CalledOff bool
}

// HasFailed reports whether a payment for the reservation arrived too late.
func (m *PaymentRecord) HasFailed(payment events.StreamID) bool {
	return slices.Contains(m.Failed, payment)
}

// Pay applies an external payment to a reservation. It marks a held or confirmed reservation as paid. For
// an expired one it takes the units again, or the payment fails. No-op for a payment that was decided
// before, for a reservation that was released or is paid by a different payment, and if the product is
// cancelled. Refusals: not_found (the reservation is not open, and Ended is nil), stale_revision.
type Pay struct {
	ReservationID events.ID
	Payment       events.StreamID
	// Ended is the reservation as the views have it at the product's revision Seen, if the product no
	// longer keeps it; nil for one that the product keeps.
	Ended *Ended
	Seen  events.Revision
}

// PaymentRecord returns the record of the external payments for a reservation, and false if there
// were none.
func (p *Product) PaymentRecord(id events.ID) (PaymentRecord, bool) {
	if p.payments == nil {
		return PaymentRecord{}, false
	}
	return p.payments.Get(id)
}

func (p *Product) pay(cmd *Pay, now time.Time) ([]events.Fact, error) {
	record, exists := p.PaymentRecord(cmd.ReservationID)
	r, open := p.reservations.Get(cmd.ReservationID)
	id := events.ReservationID(cmd.ReservationID.String())
	switch {
	case exists && (record.PaidBy != "" || record.Released || record.HasFailed(cmd.Payment)):
		return nil, nil
	case p.calledOff:
		return nil, nil
	case open && r.held() && r.expires < now.UnixNano(): // impossible, because the shell expires it first
		return nil, core.StaleRevision(p.facts - 1)
	case open && r.held():
		return []events.Fact{&events.ProductConfirmed{ReservationID: id, Holder: r.holder, Quantity: int64(r.quantity),
			Remaining: p.Remaining(), OrderRevision: p.orderRevision(cmd.ReservationID), Payment: cmd.Payment}}, nil
	case open:
		return []events.Fact{&events.ProductPaid{ReservationID: id, Holder: r.holder, Quantity: int64(r.quantity),
			Remaining: p.Remaining(), OrderRevision: p.orderRevision(cmd.ReservationID), Payment: cmd.Payment}}, nil
	case cmd.Ended == nil:
		return nil, errNoReservation
	case cmd.Ended.Status == events.ReservationReleased:
		return nil, nil
	case cmd.Seen < p.endedAnnotated:
		return nil, core.StaleRevision(p.facts - 1)
	case !exists:
		record = PaymentRecord{Holder: cmd.Ended.Holder, Quantity: cmd.Ended.Quantity, Offer: cmd.Ended.Offer,
			ExpiresAt: cmd.Ended.ExpiresAt}
	}
	record.OrderRevision = cmd.Ended.OrderRevision
	return p.payLate(id, &record, cmd.Payment, now), nil
}

// payLate returns the facts that take the units of an expired reservation again, or the fact that the
// payment failed because they are unavailable.
func (p *Product) payLate(id events.ReservationID, record *PaymentRecord, payment events.StreamID,
	now time.Time) []events.Fact {
	reason, remaining := events.FailReason(""), p.Remaining()
	taken := int64(0)
	if p.holders != nil {
		taken, _ = p.holders.Get(record.Holder)
	}
	switch limit := p.latest.LimitPerHolder; {
	case p.sale().Refuse(now) != nil:
		reason = events.FailedSale
	case limit > 0 && taken+record.Quantity > limit:
		reason = events.FailedLimit
	case remaining < record.Quantity:
		reason = events.FailedSoldOut
	}
	if reason != "" {
		return []events.Fact{&events.ProductPaymentFailed{ReservationID: id, Holder: record.Holder,
			Quantity: record.Quantity, Price: record.Price, Cancellation: record.Cancellation, ExpiresAt: record.ExpiresAt,
			Payment: payment, Reason: reason, Remaining: remaining, OrderRevision: record.OrderRevision}}
	}
	remaining -= record.Quantity
	return []events.Fact{
		&events.ProductRetaken{ReservationID: id, Holder: record.Holder, Quantity: record.Quantity, Price: record.Price,
			Cancellation: record.Cancellation, ExpiresAt: record.ExpiresAt, Payment: payment, Remaining: remaining,
			OrderRevision: record.OrderRevision},
		&events.ProductConfirmed{ReservationID: id, Holder: record.Holder, Quantity: record.Quantity, Remaining: remaining,
			OrderRevision: record.OrderRevision, Payment: payment},
	}
}

// refundRelease adds the amount withheld and the payment to the release of a paid reservation. Refusal:
// cancellation_closed.
func (p *Product) refundRelease(fact *events.ProductReleased, cmd *Release, now time.Time) *core.Refusal {
	record, _ := p.PaymentRecord(cmd.ReservationID)
	if record.PaidBy == "" {
		return nil
	}
	if until := record.Cancellation.Ends(); !until.IsZero() && !now.Before(until) && cmd.Reason == "" {
		return &core.Refusal{Code: core.CodeCancellationClosed,
			Detail: "what is paid can't be given back any more", Fields: core.Fields{"until": until.UTC()}}
	}
	fact.Payment, fact.Kept = record.PaidBy, record.Cost(record.Quantity)-record.Refund(record.Quantity)
	return nil
}

// evolvePayment applies a fact about an external payment and returns true; it returns false for any
// other fact.
func (p *Product) evolvePayment(fact events.Fact) bool {
	switch f := fact.(type) {
	case *events.ProductRetaken:
		id, at := mustParse(f.ReservationID), f.ExpiresAt.UnixNano()
		p.held += f.Quantity
		p.holds++
		p.add(id, reservation{holder: f.Holder, quantity: uint32(f.Quantity), expires: at,
			offer: p.offerOf(Offer{f.Price, f.Cancellation})}, &events.OrderData{})
		if f.OrderRevision > 0 {
			p.setOrderRevisionTo(id, f.OrderRevision)
		}
		p.checkRemaining(f.Remaining)
	case *events.ProductPaid:
		p.mustFind(mustParse(f.ReservationID), false)
		p.applyPaid(mustParse(f.ReservationID), f.Payment)
		p.checkRemaining(f.Remaining)
	case *events.ProductPaymentFailed:
		id := mustParse(f.ReservationID)
		record, exists := p.PaymentRecord(id)
		if !exists {
			record = PaymentRecord{Holder: f.Holder, Quantity: f.Quantity, Offer: Offer{f.Price, f.Cancellation},
				ExpiresAt: f.ExpiresAt}
		}
		record.Failed = append(slices.Clip(record.Failed), f.Payment)
		p.setPaymentRecord(id, record)
		p.checkRemaining(f.Remaining)
	default:
		return false
	}
	return true
}

// applyPaid records that a payment has paid for an open reservation.
func (p *Product) applyPaid(id events.ID, payment events.StreamID) {
	record, exists := p.PaymentRecord(id)
	if record.PaidBy != "" {
		panic(fmt.Sprintf("product %s: a fact has reservation %s paid by %s, but it was already paid by %s", p.latest.ID,
			id, payment, record.PaidBy))
	}
	if !exists {
		r, _ := p.reservations.Get(id)
		record = PaymentRecord{Holder: r.holder, Quantity: int64(r.quantity), Offer: p.offers[r.offer]}
		if r.held() {
			record.ExpiresAt = time.Unix(0, r.expires).UTC()
		}
	}
	record.PaidBy = payment
	p.setPaymentRecord(id, record)
}

// applyRelease records that a reservation with an external payment was released or cancelled.
func (p *Product) applyRelease(name events.ReservationID, payment events.StreamID, kept int64, calledOff bool) {
	id := mustParse(name)
	record, exists := p.PaymentRecord(id)
	if payment != record.PaidBy {
		panic(fmt.Sprintf("product %s: a fact releases reservation %s as paid by %q, but it was paid by %q",
			p.latest.ID, id, payment, record.PaidBy))
	}
	if exists {
		record.Released, record.CalledOff, record.Kept = true, calledOff, kept
		p.setPaymentRecord(id, record)
	}
}

func (p *Product) setPaymentRecord(id events.ID, record PaymentRecord) {
	if p.payments == nil {
		p.payments = core.NewTable[events.ID, PaymentRecord]()
	}
	p.payments.Set(id, record)
}

// offerOf returns the index of o in offers, to which it adds a new one.
func (p *Product) offerOf(o Offer) uint32 {
	for i := range p.offers {
		if p.offers[i].Price == o.Price && p.offers[i].Cancellation.Equal(o.Cancellation) {
			return uint32(i)
		}
	}
	p.offers = append(slices.Clip(p.offers), o)
	return uint32(len(p.offers) - 1)
}
