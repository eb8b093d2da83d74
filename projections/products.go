package projections

import (
	"github.com/cockroachdb/pebble/v2"

	"admitone/events"
	"admitone/projections/live"
	"admitone/projections/row"
)

func init() {
	register(registration{
		version:    "product.v9",
		categories: []string{events.ProductCategory},
		open:       func(p *Projections) view { return newProducts(p) },
	})
}

// products is the view of counted stock: a row per product with the topics
// "product:<id>", a record per reservation, and the open holds by holder.
type products struct {
	*rowView[row.Product]
	past *rowSnapshots[row.Product]
	open *openHolds

	reservations *reservations
	payments     func() *payments // opened after this view
}

func newProducts(p *Projections) *products {
	return &products{
		rowView: newRowView(p, rowConfig[row.Product]{
			category: events.ProductCategory,
			encode:   row.AppendProduct,
			decode:   row.DecodeProduct,
			apply:    (*row.Product).ApplyFact,
			position: func(product *row.Product) events.Position { return product.Position },
			topics:   live.ProductTopics,
		}),
		past: newRowSnapshots(p, "product-past", row.AppendProduct, row.DecodeProduct),
		open: newOpenHolds(p, "product-open"),

		reservations: newReservations(p),
		payments:     func() *payments { return viewOf[*payments](p) },
	}
}

func (k *products) fold(e *events.Recorded, fact events.Fact) (work int, err error) {
	entry, err := k.rows.find(e.Stream.Entity())
	if err != nil {
		return 0, err
	}
	isNew := entry != nil && e.Revision > entry.row.Revision
	if isNew {
		if err := k.open.planProduct(fact); err != nil {
			return 0, err
		}
		if err := k.reservations.plan(&entry.row, e, fact); err != nil {
			return 0, err
		}
	}
	if entry, err = k.foldRow(e, fact); entry == nil || err != nil {
		return 0, err
	}
	if isNew {
		work = k.open.apply() + k.reservations.apply()
		if payment := owedPayment(fact); payment != "" {
			k.payments().recordReturn(payment, e)
			work += 2
		}
	}
	return work + k.past.save(entry.id, entry.row.Revision, entry.row.Position, &entry.row), nil
}

// owedPayment returns the payment that becomes owed because of a fact, "" for none.
func owedPayment(fact events.Fact) events.StreamID {
	switch f := fact.(type) {
	case *events.ProductReleased:
		return f.Payment
	case *events.ProductReservationCancelled:
		return f.Payment
	}
	return ""
}

func (k *products) flush(b *pebble.Batch) error {
	if err := k.rowView.flush(b); err != nil {
		return err
	}
	if err := k.past.flush(b); err != nil {
		return err
	}
	if err := k.open.flush(b); err != nil {
		return err
	}
	return k.reservations.flush(b)
}

func (k *products) reset() {
	k.rowView.reset()
	k.past.reset()
	k.reservations.reset()
	k.open.reset()
}

func (k *products) rowSnapshots() *rowSnapshots[row.Product] { return k.past }

// Product returns the row of a product, and whether it exists.
// Errors: the disk's.
func (p *Projections) Product(id events.ProductID) (row.Product, bool, error) {
	return rowOf(p, (*products).table, string(id))
}

// Products returns up to limit products with ids above after, in byte order of the
// ids, and the cursor of the next page, "" on the last. A product created between two
// pages appears if its id is above after. Errors: the disk's.
func (p *Projections) Products(after string, limit int) (page []row.Product, next string, err error) {
	return pageOf(p, (*products).table, after, limit, func(product *row.Product) string { return string(product.ID) })
}
