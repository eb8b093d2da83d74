package live

import (
	"admitone/events"
	"admitone/projections/row"
)

// What makes a product's counts change, besides an edit.
const (
	CauseReserved  Cause = "reserved"
	CauseHeld      Cause = "held"
	CauseConfirmed Cause = "confirmed"
	CauseReleased  Cause = "released"
	CauseExpired   Cause = "expired"
	CauseOpened    Cause = "opened"
	CauseClosed    Cause = "closed"
)

// ProductCause is the cause of a product's fact.
func ProductCause(fact events.Fact) Cause {
	switch fact.(type) {
	case *events.ProductReserved:
		return CauseReserved
	case *events.ProductHeld:
		return CauseHeld
	case *events.ProductConfirmed:
		return CauseConfirmed
	case *events.ProductReleased:
		return CauseReleased
	case *events.ProductExpired:
		return CauseExpired
	case *events.ProductOpened:
		return CauseOpened
	case *events.ProductClosed:
		return CauseClosed
	case *events.ProductEdited:
		return CauseEdited
	}
	return CauseCreated
}

// ProductDelta is a change of one product.
type ProductDelta struct {
	// Product is the row after it.
	Product row.Product
	// Change of what remains.
	Change int64
	Cause  Cause
	// Edited says that an edit is among the causes: the name, price, stock or times
	// may be new too, and the frame states them.
	Edited bool
}

// Members implements Delta.
func (d *ProductDelta) Members(o *events.Object) {
	p := &d.Product
	o.Int("remaining", p.Remaining())
	o.Int("held", p.Held)
	o.Int("sold", p.Sold)
	o.Int("change", d.Change)
	o.String("cause", string(d.Cause))
	o.Int("revision", int64(p.Revision))
	if d.Edited {
		o.String("name", p.Name)
		o.Int("stock", p.Stock)
		o.Int("price", p.Price)
		appendRoom(o, p.WaitingRoom)
		appendTimes(o, p.SaleTimes)
	}
}

// Clone implements Delta.
func (d *ProductDelta) Clone() Delta { c := *d; return &c }

// Merge implements Delta.
func (d *ProductDelta) Merge(later Delta) {
	l := later.(*ProductDelta)
	d.Cause = d.Cause.And(l.Cause)
	d.Change += l.Change
	d.Edited = d.Edited || l.Edited
	d.Product = l.Product
}

// Row implements Delta: the [row.Product] after it.
func (d *ProductDelta) Row() any { return d.Product }

// productState is a product's topic.
type productState struct{ row row.Product }

// NewProductState returns the state of "product:<id>".
func NewProductState(product row.Product) State { return &productState{product} }

func (s *productState) Members(o *events.Object) {
	p := &s.row
	o.String("id", string(p.ID))
	o.String("name", p.Name)
	o.Int("stock", p.Stock)
	o.Int("remaining", p.Remaining())
	o.Int("held", p.Held)
	o.Int("sold", p.Sold)
	o.Int("price", p.Price)
	appendRoom(o, p.WaitingRoom)
	appendTimes(o, p.SaleTimes)
	o.Int("revision", int64(p.Revision))
}

// appendRoom names the waiting room that guards something, if one does.
func appendRoom(o *events.Object, room events.RoomID) {
	if room != "" {
		o.String("waiting_room", string(room))
	}
}

// appendTimes states the bounds of a sale, as far as it has some.
func appendTimes(o *events.Object, times events.SaleTimes) {
	if !times.OpensAt.IsZero() {
		o.Time("opens_at", times.OpensAt)
	}
	if !times.ClosesAt.IsZero() {
		o.Time("closes_at", times.ClosesAt)
	}
}

func (s *productState) Apply(d Delta) { s.row = d.(*ProductDelta).Product }

func (s *productState) Row() any { return s.row }

// Replay implements replayer.
func (s *productState) Replay(before, fact events.Fact) Delta {
	cause := ProductCause(fact)
	return &ProductDelta{Product: s.row, Change: remainingAfter(fact) - remainingAfter(before), Cause: cause,
		Edited: cause == CauseEdited}
}

// remainingAfter is what a product's fact says remains.
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
	case *events.ProductExpired:
		return f.Remaining
	case *events.ProductOpened:
		return f.Remaining
	case *events.ProductClosed:
		return f.Remaining
	}
	return 0
}

func (s *productState) Unchanged() Delta { return &ProductDelta{Product: s.row, Cause: CauseNone} }
