package product

import (
	"bytes"
	"fmt"
	"slices"

	"admitone/actors/core"
	"admitone/events"
)

// Cancel cancels the product, so that no unit can be reserved or confirmed. Idempotent.
// Refusal: not_found.
type Cancel struct {
	// Reason is a text for display.
	Reason string
}

// CallOff cancels a reservation of a cancelled product. No-op for a reservation that has ended, and
// if the product is not cancelled. Refusal: not_found (the product).
type CallOff struct{ ReservationID events.ID }

// ErrCalledOff is the refusal of commands about a cancelled product.
var ErrCalledOff = &core.Refusal{Code: core.CodeCancelled, Detail: "the product was cancelled"}

// CalledOff reports whether the product is cancelled.
func (p *Product) CalledOff() bool { return p.calledOff }

// Open returns the ids of the open reservations, in order.
func (p *Product) Open() (ids []events.ID) {
	for id := range p.reservations.All() {
		ids = append(ids, id)
	}
	slices.SortFunc(ids, func(a, b events.ID) int { return bytes.Compare(a[:], b[:]) })
	return ids
}

func (p *Product) cancel(cmd *Cancel) []events.Fact {
	if p.calledOff {
		return nil
	}
	return []events.Fact{&events.ProductCancelled{Reason: cmd.Reason, Remaining: p.Remaining()}}
}

func (p *Product) callOff(id events.ID) []events.Fact {
	r, open := p.reservations.Get(id)
	if !open || !p.calledOff {
		return nil
	}
	fact := &events.ProductReservationCancelled{ReservationID: events.ReservationID(id.String()), Holder: r.holder,
		Quantity: int64(r.quantity), Was: events.ReservationConfirmed, Remaining: p.Remaining() + int64(r.quantity),
		OrderRevision: p.orderRevision(id)}
	if record, _ := p.PaymentRecord(id); record.PaidBy != "" {
		fact.Payment = record.PaidBy
	}
	if r.held() {
		fact.Was = events.ReservationHeld
	}
	return []events.Fact{fact}
}

// applyCancelled marks the product as cancelled.
func (p *Product) applyCancelled() {
	if !p.Exists() || p.calledOff {
		panic(fmt.Sprintf("product %q: cancelled before it was created, or twice", p.latest.ID))
	}
	p.calledOff = true
}
