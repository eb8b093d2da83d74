package projections

import (
	"github.com/cockroachdb/pebble/v2"

	"admitone/events"
	"admitone/projections/live"
	"admitone/projections/row"
)

func init() {
	register(registration{
		views:      "product.v5",
		categories: []string{events.ProductCategory},
		open:       func(p *Projections) kind { return newProducts(p) },
	})
}

// products is the kind of counted stock: a row per product, the reservations
// that ended, and the topics "product:<id>".
type products struct {
	rows   *table[row.Product]
	past   *rowSnapshots[row.Product]
	closed closedReservations
	open   *openHolds
	topic  *live.Kind
	delta  live.ProductDelta // reused for every event
}

func newProducts(p *Projections) *products {
	k := &products{
		rows:   newTable(p, "product", row.AppendProduct, row.DecodeProduct),
		past:   newRowSnapshots(p, "product-past", row.AppendProduct, row.DecodeProduct),
		closed: newClosedReservations(p),
		open:   newOpenHolds(p, "product-open"),
	}
	k.topic = live.NewKind("product", k.state)
	k.topic.Category = events.ProductCategory
	return k
}

func (k *products) fold(e *events.Recorded, fact events.Fact) (work int, err error) {
	id := e.Stream.Entity()
	entry, err := k.rows.find(id)
	if err != nil {
		return 0, err
	}
	if entry == nil {
		var product row.Product
		if err := product.ApplyFact(e, fact); err != nil {
			return 0, err
		}
		k.rows.add(id, product)
		return 0, nil
	}
	before, isNew := entry.row.Remaining(), e.Revision > entry.row.Revision
	if isNew {
		if err := k.open.planProduct(fact); err != nil {
			return 0, err
		}
	}
	if err := entry.row.ApplyFact(e, fact); err != nil {
		return 0, err
	}
	if isNew {
		work = k.open.move()
	}
	k.rows.changed(entry)
	if t := k.topic.Watched(id); t != nil {
		cause := live.ProductCause(fact)
		k.delta = live.ProductDelta{Product: entry.row, Change: entry.row.Remaining() - before, Cause: cause,
			Edited: cause == live.CauseEdited}
		t.Change(entry.row.Position, &k.delta)
	}
	return work + k.past.keep(
			id,
			entry.row.Revision,
			entry.row.Position,
			&entry.row,
		) + k.closed.fold(
			events.ProductID(entry.id),
			e,
			fact,
		),
		nil
}

func (k *products) flush(b *pebble.Batch) error {
	if err := k.rows.flush(b); err != nil {
		return err
	}
	if err := k.past.flush(b); err != nil {
		return err
	}
	if err := k.open.flush(b); err != nil {
		return err
	}
	return k.closed.flush(b)
}

func (k *products) reset() {
	k.rows.reset()
	k.past.reset()
	k.closed.reset()
	k.open.reset()
}

func (k *products) topics() []*live.Kind { return []*live.Kind{k.topic} }

func (k *products) table() *table[row.Product] { return k.rows }

func (k *products) rowSnapshots() *rowSnapshots[row.Product] { return k.past }

// Product returns the row of a product, and whether it exists.
// Errors: the disk's.
func (p *Projections) Product(id events.ProductID) (row.Product, bool, error) {
	return rowOf(p, (*products).table, string(id))
}

// Products returns up to limit products with ids above after, ordered by the
// bytes of their ids, and where the next page starts: its after, or "" when
// there is none. A product created meanwhile takes its place in that order.
// Errors: the disk's.
func (p *Projections) Products(after string, limit int) (page []row.Product, next string, err error) {
	return pageOf(p, (*products).table, after, limit, func(product *row.Product) string { return string(product.ID) })
}

// state is called with the lock held.
func (k *products) state(id string) (live.State, events.Position, error) {
	e, err := k.rows.existing(id)
	if err != nil {
		return nil, 0, err
	}
	return live.NewProductState(e.row), e.row.Position, nil
}
