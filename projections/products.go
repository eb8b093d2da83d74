package projections

import (
	"github.com/cockroachdb/pebble/v2"

	"admitone/events"
)

const productCategory = "product"

func init() {
	register(registration{
		views:      "product.v3",
		categories: []string{productCategory},
		open:       func(p *Projections) kind { return newProducts(p) },
	})
}

// products is the kind of counted stock: a row per product, the reservations
// that ended, and the topics "product:<id>".
type products struct {
	rows   *table[Product]
	past   *milestones[Product]
	closed closedReservations
	topic  *topicKind
	delta  ProductDelta // reused for every event
}

func newProducts(p *Projections) *products {
	k := &products{
		rows:   newTable(p, "product", appendProduct, decodeProduct),
		past:   newMilestones(p, "product-past", appendProduct, decodeProduct),
		closed: newClosedReservations(p),
	}
	k.topic = newTopicKind("product", k.state)
	k.topic.category = productCategory
	return k
}

func (k *products) fold(e *events.Recorded, fact events.Fact) (work int, err error) {
	id := e.Stream.Entity()
	entry, err := k.rows.find(id)
	if err != nil {
		return 0, err
	}
	if entry == nil {
		var row Product
		if err := row.apply(e, fact); err != nil {
			return 0, err
		}
		k.rows.add(id, row)
		return 0, nil
	}
	before := entry.row.Remaining()
	if err := entry.row.apply(e, fact); err != nil {
		return 0, err
	}
	k.rows.changed(entry)
	if t := k.topic.watched(id); t != nil {
		cause := productCause(fact)
		k.delta = ProductDelta{Product: entry.row, Change: entry.row.Remaining() - before, Cause: cause, Edited: cause == CauseEdited}
		t.change(entry.row.Position, &k.delta)
	}
	return k.past.keep(id, entry.row.Revision, entry.row.Position, &entry.row) + k.closed.fold(entry.id, e, fact), nil
}

func (k *products) flush(b *pebble.Batch) error {
	if err := k.rows.flush(b); err != nil {
		return err
	}
	if err := k.past.flush(b); err != nil {
		return err
	}
	return k.closed.flush(b)
}

func (k *products) reset() {
	k.rows.reset()
	k.past.reset()
	k.closed.reset()
}

func (k *products) topics() []*topicKind { return []*topicKind{k.topic} }

func (k *products) table() *table[Product] { return k.rows }

func (k *products) milestones() *milestones[Product] { return k.past }

// Product returns the row of a product, and whether it exists.
// Errors: the disk's.
func (p *Projections) Product(id string) (Product, bool, error) {
	return rowOf(p, (*products).table, id)
}

// Products returns up to limit products with ids above after, ordered by the
// bytes of their ids, and where the next page starts: its after, or "" when
// there is none. A product created meanwhile takes its place in that order.
// Errors: the disk's.
func (p *Projections) Products(after string, limit int) (page []Product, next string, err error) {
	return pageOf(p, (*products).table, after, limit, func(row *Product) string { return row.ID })
}
