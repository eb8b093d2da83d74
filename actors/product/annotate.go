package product

import (
	"time"

	"admitone/actors/core"
	"admitone/events"
)

// Annotate replaces the order data of a reservation. Refusals: not_found, stale_revision.
type Annotate struct {
	ReservationID events.ID
	// Seen is the revision of the product at which the caller read the reservation. Sales advance
	// it all the time, so it is stale only if the order data was replaced after it, or if the
	// product has not reached it.
	Seen events.Revision
	// Order must not be changed afterwards.
	Order events.OrderData
	// Ended is a reservation that the product no longer keeps, as the views have it at the
	// product's own revision, on which the request must be conditional; nil for an open one.
	Ended *Ended
}

// Ended is a reservation that was released or has expired.
type Ended struct {
	Holder    events.Holder
	Quantity  int64
	Status    events.ReservationStatus
	ExpiresAt time.Time
	// Offer is that on which it was held or sold.
	Offer Offer
	// OrderRevision is the revision of the fact with its order data, 0 for none.
	OrderRevision events.Revision
}

func (p *Product) annotate(cmd *Annotate) ([]events.Fact, error) {
	fact := &events.ProductReservationAnnotated{ReservationID: events.ReservationID(cmd.ReservationID.String()),
		Remaining: p.Remaining(), OrderData: cmd.Order}
	r, open := p.reservations.Get(cmd.ReservationID)
	switch {
	case open:
		fact.Holder, fact.Quantity, fact.Status = r.holder, int64(r.quantity), events.ReservationConfirmed
		if r.held() {
			fact.Status, fact.ExpiresAt = events.ReservationHeld, time.Unix(0, r.expires).UTC()
		}
		fact.OrderRevision = p.orderRevision(cmd.ReservationID)
	case cmd.Ended != nil:
		e := cmd.Ended
		fact.Holder, fact.Quantity, fact.Status, fact.ExpiresAt = e.Holder, e.Quantity, e.Status, e.ExpiresAt
		fact.OrderRevision = e.OrderRevision
	default:
		return nil, errNoReservation
	}
	if cmd.Seen < fact.OrderRevision || cmd.Seen >= p.facts {
		return nil, core.StaleRevision(p.facts - 1)
	}
	return []events.Fact{fact}, nil
}

// orderRevision returns the revision of the fact with the order data of an open reservation, 0 for
// none.
func (p *Product) orderRevision(id events.ID) events.Revision {
	if p.orders == nil {
		return 0
	}
	revision, _ := p.orders.Get(id)
	return revision
}

// ordered records that the newest fact has the order data of a reservation.
func (p *Product) ordered(id events.ID) { p.orderedAt(id, p.facts-1) }

func (p *Product) orderedAt(id events.ID, revision events.Revision) {
	if p.orders == nil {
		p.orders = core.NewTable[events.ID, events.Revision]()
	}
	p.orders.Set(id, revision)
}

// annotated applies new order data to a reservation, which may have ended.
func (p *Product) annotated(f *events.ProductReservationAnnotated) {
	id := parse(f.ReservationID)
	if _, open := p.reservations.Get(id); open {
		p.ordered(id)
		return
	}
	p.restated = p.facts - 1
}
