package projections

import "admitone/events"

// What makes a product's counts change, besides an edit.
const (
	CauseReserved  Cause = "reserved"
	CauseHeld      Cause = "held"
	CauseConfirmed Cause = "confirmed"
	CauseReleased  Cause = "released"
	CauseExpired   Cause = "expired"
)

func productCause(fact events.Fact) Cause {
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
	case *events.ProductEdited:
		return CauseEdited
	}
	return CauseCreated
}

// ProductDelta is a change of one product.
type ProductDelta struct {
	// Product is the row after it.
	Product Product
	// Change of what remains.
	Change int64
	Cause  Cause
	// Edited says that an edit is among the causes: the name, price or stock may
	// be new too, and the frame states them.
	Edited bool
}

// Members is for [Delta].
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
	}
}

// Clone is for [Delta].
func (d *ProductDelta) Clone() Delta { c := *d; return &c }

// Merge is for [Delta].
func (d *ProductDelta) Merge(later Delta) {
	l := later.(*ProductDelta)
	d.Cause = d.Cause.and(l.Cause)
	d.Change += l.Change
	d.Edited = d.Edited || l.Edited
	d.Product = l.Product
}

// Row is for [Delta]: the [Product] after it.
func (d *ProductDelta) Row() any { return d.Product }

// productState is a product's topic.
type productState struct{ row Product }

// state is called with the lock held.
func (k *products) state(id string) (State, events.Position, error) {
	e, err := k.rows.existing(id)
	if err != nil {
		return nil, 0, err
	}
	return &productState{e.row}, e.row.Position, nil
}

func (s *productState) Members(o *events.Object) {
	p := &s.row
	o.String("id", p.ID)
	o.String("name", p.Name)
	o.Int("stock", p.Stock)
	o.Int("remaining", p.Remaining())
	o.Int("held", p.Held)
	o.Int("sold", p.Sold)
	o.Int("price", p.Price)
	appendRoom(o, p.WaitingRoom)
	o.Int("revision", int64(p.Revision))
}

// appendRoom names the waiting room that guards something, if one does.
func appendRoom(o *events.Object, room string) {
	if room != "" {
		o.String("waiting_room", room)
	}
}

func (s *productState) Apply(d Delta) { s.row = d.(*ProductDelta).Product }

func (s *productState) Row() any { return s.row }

// Recall is for [recaller].
func (s *productState) Recall(before, fact events.Fact) Delta {
	cause := productCause(fact)
	return &ProductDelta{Product: s.row, Change: remainingAfter(fact) - remainingAfter(before), Cause: cause, Edited: cause == CauseEdited}
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
	}
	return 0
}

func (s *productState) Unchanged() Delta { return &ProductDelta{Product: s.row, Cause: CauseNone} }
