package product

import (
	"time"

	"admitone/actors/core"
	"admitone/events"
)

// Annotate replaces the order data of a reservation. Refusals: not_found, stale_revision.
type Annotate struct {
	ReservationID events.ID
	// Seen is the revision of the product at which the caller read the reservation. It is stale if
	// the order data was replaced after it, or if the product has not reached it; sales, which
	// advance the revision all the time, don't make it stale.
	Seen events.Revision
	// Order must not be changed afterwards.
	Order events.OrderData
	// Ended is the reservation as the views have it, if it has ended and the product no longer keeps
	// it; nil for an open one. The command must be conditional on the revision of that view.
	Ended *Ended
}

// Ended is a reservation that was released or has expired.
type Ended struct {
	Holder    events.Holder
	Quantity  int64
	Status    events.ReservationStatus
	ExpiresAt time.Time
	// Offer is the product's offer when the reservation was made.
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

// setOrderRevision records that the fact being applied has the order data of a reservation.
func (p *Product) setOrderRevision(id events.ID) { p.setOrderRevisionTo(id, p.facts-1) }

func (p *Product) setOrderRevisionTo(id events.ID, revision events.Revision) {
	if p.orders == nil {
		p.orders = core.NewTable[events.ID, events.Revision]()
	}
	p.orders.Set(id, revision)
}

// applyAnnotated applies new order data to a reservation, which may have ended.
func (p *Product) applyAnnotated(f *events.ProductReservationAnnotated) {
	id := mustParse(f.ReservationID)
	if _, open := p.reservations.Get(id); open {
		p.setOrderRevision(id)
		return
	}
	p.endedAnnotated = p.facts - 1
}
