package projections

import (
	"context"
	"encoding/binary"
	"strings"

	"github.com/cockroachdb/pebble/v2"

	"admitone/events"
	"admitone/projections/live"
	"admitone/projections/row"
)

func init() {
	register(registration{
		version:    "payment.v3",
		categories: []string{events.PaymentCategory, events.SettlementCategory},
		open:       func(p *Projections) view { return newPayments(p) },
	})
}

// payments is the view of external payments: a row per payment, the refunds in the order in which they became
// owed, and the index of the unfinished payments.
type payments struct {
	rows    *table[row.Payment]
	refunds *records[row.Refund]      // by number
	numbers *records[events.Position] // of refunds, by id
	owed    *records[struct{}]        // the owed refunds, by number
	// returning has the payments whose reservation was released, until the payment's own stream records
	// the release.
	returning  *records[struct{}]
	unfinished *unfinished
	// byPurchase has the payments of each purchase; see paidKey.
	byPurchase *records[struct{}]
}

func newPayments(p *Projections) *payments {
	return &payments{
		rows:    newTable(p, "payment", row.AppendPayment, row.DecodePayment),
		refunds: newRecords(p, "refund", row.AppendRefund, row.DecodeRefund),
		numbers: newRecords(p, "refund-number", func(dst []byte, n *events.Position) []byte {
			return row.AppendInt(dst, int64(*n))
		}, func(record []byte) (events.Position, error) {
			n, err := decodeCount(record)
			return events.Position(n), err
		}),
		owed:       newRecords(p, "refund-owed", appendNothing, decodeNothing),
		returning:  newRecords(p, "payment-returning", appendNothing, decodeNothing),
		unfinished: newUnfinished(p, "payment-unfinished", events.PaymentCategory),
		byPurchase: newRecords(p, "payment-of", appendNothing, decodeNothing),
	}
}

func (k *payments) topics() []*live.Topics { return nil }

func (k *payments) reset() {
	k.rows.reset()
	k.refunds.reset()
	k.numbers.reset()
	k.owed.reset()
	k.returning.reset()
	k.unfinished.reset()
	k.byPurchase.reset()
}

func (k *payments) flush(b *pebble.Batch) error {
	for _, flush := range [...]func(*pebble.Batch) error{k.rows.flush, k.refunds.flush, k.numbers.flush, k.owed.flush,
		k.returning.flush, k.unfinished.records.flush, k.byPurchase.flush} {
		if err := flush(b); err != nil {
			return err
		}
	}
	return nil
}

func (k *payments) fold(e *events.Recorded, fact events.Fact) (work int, err error) {
	if e.Stream.Category() == events.SettlementCategory {
		return 0, new(row.Settlement).ApplyFact(e, fact) // only the entity uses it; no view does
	}
	id := e.Stream.Entity()
	current, err := k.rows.find(id)
	if err != nil {
		return 0, err
	}
	payment := &row.Payment{}
	if current != nil {
		payment = &current.row
	}
	refund, err := payment.ApplyFact(e, fact)
	if err != nil {
		return 0, err
	}
	if current == nil {
		k.rows.add(id, *payment)
		k.byPurchase.set(paidKey(&payment.For, strings.Clone(id)), &struct{}{})
	} else {
		k.rows.changed(current)
	}
	if refund != nil {
		k.storeRefund(refund)
	}
	if _, ok := fact.(*events.PaymentReturned); ok {
		k.returning.delete(id)
	}
	_, returning, err := k.returning.find(id)
	if err != nil {
		return 0, err
	}
	k.unfinished.updateID(id, payment.Open > 0 || returning, e)
	return 5, nil
}

// recordReturn records that a payment will become owed, because e released its purchase. The view of products
// calls it.
func (k *payments) recordReturn(payment events.StreamID, e *events.Recorded) {
	k.returning.set(payment.Entity(), &struct{}{})
	k.unfinished.updateID(payment.Entity(), true, e)
}

// paidKey groups payments by their purchase: a booking, or any reservation of a product.
func paidKey(of *events.PaymentSubject, id string) string {
	if of.BookingID != "" {
		return ownedKey("b"+string(of.BookingID), id)
	}
	return ownedKey("p"+string(of.ProductID), id)
}

// storeRefund stores a refund's current state.
func (k *payments) storeRefund(refund *row.Refund) {
	state, key := *refund, numberKey(refund.Number)
	k.refunds.set(key, &state)
	k.numbers.set(string(state.ID), &state.Number)
	if state.Status == row.RefundOwed {
		k.owed.set(key, &struct{}{})
	} else {
		k.owed.delete(key)
	}
}

func numberKey(n events.Position) string {
	return string(binary.BigEndian.AppendUint64(nil, uint64(n)))
}

func (k *payments) table() *table[row.Payment] { return k.rows }

// Payment returns the row of a payment by the entity part of its stream name, and whether it exists. Errors: the
// disk's.
func (p *Projections) Payment(id string) (row.Payment, bool, error) {
	return rowOf(p, (*payments).table, id)
}

// Refund returns a refund, and whether it exists. Errors: the disk's.
func (p *Projections) Refund(id events.RefundID) (refund row.Refund, ok bool, err error) {
	if err := p.enter(); err != nil {
		return refund, false, err
	}
	defer p.leave()
	k := viewOf[*payments](p)
	number, ok, err := k.numbers.get(string(id))
	if err != nil || !ok {
		return refund, false, err
	}
	return k.refunds.get(numberKey(number))
}

// Refunds returns up to limit refunds, only owed ones if owed is set, in the order in which they became owed,
// after the cursor after: 0 for the first page, else the next of the previous page. next is 0 on the last
// page. Errors: the disk's.
func (r *Reading) Refunds(owed bool, after events.Position, limit int) (page []row.Refund, next events.Position,
	err error) {
	k := viewOf[*payments](r.p)
	from, end := numberKey(after)+"\x00", "\xff\xff\xff\xff\xff\xff\xff\xff\xff"
	if owed {
		return r.owedRefunds(k, from, end, limit)
	}
	err = rangeOf(r, k.refunds, from, end, func(_ string, refund row.Refund) bool {
		if len(page) == limit {
			next = page[limit-1].Number
			return false
		}
		page = append(page, refund)
		return true
	})
	return page, next, err
}

// owedRefunds uses the index of owed refunds, because most refunds are settled.
func (r *Reading) owedRefunds(k *payments, from, end string, limit int) (page []row.Refund, next events.Position,
	err error) {
	var keys []string
	err = rangeOf(r, k.owed, from, end, func(key string, _ struct{}) bool {
		keys = append(keys, key)
		return len(keys) <= limit
	})
	if len(keys) > limit {
		keys = keys[:limit]
		next = events.Position(binary.BigEndian.Uint64([]byte(keys[limit-1])))
	}
	for _, key := range keys {
		if err != nil {
			break
		}
		var refund row.Refund
		if refund, _, err = recordOf(r, k.refunds.prefix+key, k.refunds.decode); err == nil {
			page = append(page, refund)
		}
	}
	return page, next, err
}

// RunUnfinishedPayments is [Projections.RunUnfinished] for the payments with money that is neither applied nor
// owed. The id passed to resume is the entity part of the payment's stream name.
func (p *Projections) RunUnfinishedPayments(ctx context.Context,
	resume func(ctx context.Context, id string) error) error {
	k := viewOf[*payments](p)
	if err := p.awaitResuming(ctx, k.unfinished, nil); err != nil {
		return err
	}
	return k.unfinished.run(ctx, resume)
}

// HasPayments reports whether an external payment was ever received. Errors: the disk's.
func (r *Reading) HasPayments() (has bool, err error) {
	err = rangeOf(r, viewOf[*payments](r.p).byPurchase, "", "\xff", func(string, struct{}) bool {
		has = true
		return false
	})
	return has, err
}

// PaymentsFor calls visit with each payment for a booking, or for any reservation of a product, until visit returns
// false. id is the entity part of the payment's stream name. Errors: the disk's.
func (r *Reading) PaymentsFor(of events.PaymentSubject, visit func(id string, payment row.Payment) bool) error {
	k := viewOf[*payments](r.p)
	prefix := paidKey(&of, "")
	var ids []string
	if err := rangeOf(r, k.byPurchase, prefix, prefix+"\xff", func(key string, _ struct{}) bool {
		ids = append(ids, key[len(prefix):])
		return true
	}); err != nil {
		return err
	}
	for _, id := range ids {
		payment, _, err := recordOf(r, k.rows.prefix+id, func(record []byte) (row.Payment, error) {
			return row.DecodePayment(id, record)
		})
		if err != nil || !visit(id, payment) {
			return err
		}
	}
	return nil
}
