package live

import (
	"admitone/events"
	"admitone/projections/row"
)

// Causes of a change of a product's counts, besides an edit.
const (
	CauseReserved  Cause = "reserved"
	CauseHeld      Cause = "held"
	CauseConfirmed Cause = "confirmed"
	CauseReleased  Cause = "released"
	CauseExpired   Cause = "expired"
	CauseOpened    Cause = "opened"
	CauseClosed    Cause = "closed"
)

// ProductCause returns the cause of a product's fact.
func ProductCause(fact events.Fact) Cause {
	switch fact.(type) {
	case *events.ProductReserved:
		return CauseReserved
	case *events.ProductHeld:
		return CauseHeld
	case *events.ProductRetaken:
		return CauseHeld
	case *events.ProductPaid, *events.ProductPaymentFailed:
		return CauseNone
	case *events.ProductConfirmed:
		return CauseConfirmed
	case *events.ProductReleased:
		return CauseReleased
	case *events.ProductReservationCancelled, *events.ProductCancelled:
		return CauseCancelled
	case *events.ProductExpired:
		return CauseExpired
	case *events.ProductOpened:
		return CauseOpened
	case *events.ProductClosed:
		return CauseClosed
	case *events.ProductEdited:
		return CauseEdited
	case *events.ProductReservationAnnotated:
		return CauseNone
	}
	return CauseCreated
}

// ProductTopics are the topics named "product:<id>".
var ProductTopics = &RowTopics[row.Product]{
	Prefix: "product", Category: events.ProductCategory,
	Snapshot: productMembers, Delta: productDelta, Cause: ProductCause,
	Remaining: (*row.Product).Remaining, RemainingAfter: remainingAfter,
}

// ProductDelta is a change of one product. The frame of an edit also has the name, price, stock and times.
type ProductDelta = RowDelta[row.Product]

func productDelta(o *events.Object, d *ProductDelta) {
	p := &d.After
	o.Int("remaining", p.Remaining())
	o.Int("held", p.Held)
	o.Int("sold", p.Sold)
	o.Int("change", d.Change)
	o.String("cause", string(d.Cause))
	o.Int("revision", int64(p.Revision))
	p.Cancelled.Append(o)
	if d.Edited {
		o.String("name", p.Name)
		o.Int("stock", p.Stock)
		o.Int("price", p.Price)
		appendRoom(o, p.WaitingRoom)
		p.AppendSaleTimes(o)
	}
}

func productMembers(o *events.Object, p *row.Product) {
	o.String("id", string(p.ID))
	o.String("name", p.Name)
	o.Int("stock", p.Stock)
	o.Int("remaining", p.Remaining())
	o.Int("held", p.Held)
	o.Int("sold", p.Sold)
	o.Int("price", p.Price)
	appendRoom(o, p.WaitingRoom)
	p.AppendSaleTimes(o)
	p.Cancelled.Append(o)
	o.Int("revision", int64(p.Revision))
}

// appendRoom writes the id of the waiting room that guards the entity, if any.
func appendRoom(o *events.Object, room events.RoomID) {
	if room != "" {
		o.String("waiting_room", string(room))
	}
}

// remainingAfter returns the number of remaining units in a product's fact.
func remainingAfter(fact events.Fact) int64 {
	switch f := fact.(type) {
	case *events.ProductCreated:
		return f.Stock
	case *events.ProductEdited:
		return f.Remaining
	case *events.ProductReserved:
		return f.Remaining
	case *events.ProductHeld:
		return f.Remaining
	case *events.ProductConfirmed:
		return f.Remaining
	case *events.ProductReleased:
		return f.Remaining
	case *events.ProductReservationCancelled:
		return f.Remaining
	case *events.ProductCancelled:
		return f.Remaining
	case *events.ProductExpired:
		return f.Remaining
	case *events.ProductOpened:
		return f.Remaining
	case *events.ProductClosed:
		return f.Remaining
	case *events.ProductReservationAnnotated:
		return f.Remaining
	case *events.ProductRetaken:
		return f.Remaining
	case *events.ProductPaid:
		return f.Remaining
	case *events.ProductPaymentFailed:
		return f.Remaining
	}
	return 0
}
