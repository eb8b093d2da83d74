package product

import (
	"time"

	"admitone/actors/core"
	"admitone/events"
)

// Annotate states the order data of a reservation, all of it. Refusals: not_found, stale_revision.
type Annotate struct {
	ReservationID events.ID
	// Seen is the revision of the product at which the caller read the reservation. Sales move
	// that revision all the time, so it is stale only if the order data was stated after it, or
	// if the product has not come so far.
	Seen events.Revision
	// Order must not be changed afterwards.
	Order events.OrderData
	// Ended is a reservation that the product no longer keeps, as the views have it at the
	// product's own revision; the request must depend on that. nil for an open one.
	Ended *Ended
}

// Ended is a reservation that was released or has expired.
type Ended struct {
	Holder    events.Holder
	Quantity  int64
	Status    events.ReservationStatus
	ExpiresAt time.Time
	// OrderRevision is that of the fact that states its order data, 0 if there is none.
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

// orderRevision is the revision of the fact that states the order data of an open reservation, 0
// if there is none.
func (p *Product) orderRevision(id events.ID) events.Revision {
	if p.orders == nil {
		return 0
	}
	revision, _ := p.orders.Get(id)
	return revision
}

// ordered notes that the fact that was just taken in states the order data of a reservation.
func (p *Product) ordered(id events.ID) {
	if p.orders == nil {
		p.orders = core.NewTable[events.ID, events.Revision]()
	}
	p.orders.Set(id, p.facts-1)
}

// annotated takes in a statement about a reservation, which may have ended.
func (p *Product) annotated(f *events.ProductReservationAnnotated) {
	id := parse(f.ReservationID)
	if _, open := p.reservations.Get(id); open {
		p.ordered(id)
	}
}
