package verify

import (
	"math"
	"time"

	"admitone/events"
)

// RuleUnits is the rule of payments for reservations, as it is printed.
const RuleUnits Rule = "an external payment pays for a reservation once, at the price of its hold, or comes too late"

// offer is the price of a unit and the cancellation policy, in force for a product.
type offer struct {
	price int64
	rule  events.Cancellation
}

// cost returns the price of a quantity of units, math.MaxInt64 on overflow.
func (o *offer) cost(quantity int64) int64 {
	if o.price > 0 && quantity > math.MaxInt64/o.price {
		return math.MaxInt64
	}
	return o.price * quantity
}

// reservationPayments has the payments of a reservation.
type reservationPayments struct {
	paidBy    events.StreamID
	failed    map[events.StreamID]bool
	released  bool
	cancelled bool // with its product
	kept      int64
	cost      int64
}

// recordOffer records the price and policy of the product, if they are new.
func (c *productCheck) recordOffer() {
	if n := len(c.offers); n > 0 && c.offers[n-1].price == c.row.price && sameRule(c.offers[n-1].rule, c.row.rule) {
		return
	}
	c.offers = append(c.offers, offer{c.row.price, c.row.rule})
}

func sameRule(a, b events.Cancellation) bool {
	return a.RefundPercent == b.RefundPercent && a.Until.Equal(b.Until)
}

// checkOffer checks the price and policy frozen in a fact against the product's. Facts of earlier versions freeze none.
func (c *productCheck) checkOffer(price int64, rule events.Cancellation) *fault {
	before := price == 0 && rule == (events.Cancellation{})
	if before || price == c.row.price && sameRule(rule, c.row.rule) {
		return nil
	}
	return faultf(RuleReturns, "it freezes a price of %d and %d percent; the product has %d and %d percent", price,
		rule.RefundPercent, c.row.price, c.row.rule.RefundPercent)
}

// endReservation ends a reservation, and keeps a record of it if it had a price.
func (c *productCheck) endReservation(id key, released bool) {
	set := c.reservationSet
	owned := set.open[id]
	if c.offers[owned.offer].price > 0 {
		set.past[id] = past{claim: owned, until: set.until[id], released: released}
	}
	set.end(id)
}

// paymentsOf returns the payments of a reservation, creating an entry if there is none.
func (c *productCheck) paymentsOf(id key) *reservationPayments {
	if c.paid == nil {
		c.paid = map[key]*reservationPayments{}
	}
	if c.paid[id] == nil {
		c.paid[id] = &reservationPayments{failed: map[events.StreamID]bool{}}
	}
	return c.paid[id]
}

// cost returns the price of a reservation as of its hold; ok is false if there never was such a reservation.
func (c *productCheck) cost(name events.ReservationID) (amount int64, ok bool) {
	parsed, err := events.ParseID(string(name))
	if err != nil {
		return 0, false
	}
	id := c.reservationSet.id(parsed)
	if owned, ok := c.reservationSet.open[id]; ok {
		return c.offers[owned.offer].cost(int64(owned.quantity)), true
	}
	if was, ok := c.reservationSet.past[id]; ok {
		return c.offers[was.offer].cost(int64(was.quantity)), true
	}
	_, ok = c.reservationSet.ended[id]
	return 0, ok
}

// checkPayments checks a fact against the payments of reservations.
func (c *productCheck) checkPayments(fact events.Fact, decided time.Time) *fault {
	confirmed, isConfirmed := fact.(*events.ProductConfirmed)
	if c.retaken != "" && (!isConfirmed || confirmed.Payment != c.retaken) {
		return faultf(RuleUnits, "a %s after units that were taken again for %q", fact.Name(), c.retaken)
	}
	switch f := fact.(type) {
	case *events.ProductConfirmed:
		if f.Payment != "" {
			return c.pay(f.ReservationID, f.Payment)
		}
	case *events.ProductPaid:
		id, fault := c.find(f.ReservationID, f.Holder, f.Quantity)
		if fault != nil {
			return fault
		}
		if _, held := c.reservationSet.until[id]; held {
			return faultf(RuleUnits, "%s is held and paid as if it were confirmed", f.ReservationID)
		}
		return c.pay(f.ReservationID, f.Payment)
	case *events.ProductRetaken:
		return c.retake(f)
	case *events.ProductPaymentFailed:
		return c.fail(f, decided)
	case *events.ProductReleased:
		return c.checkRelease(f, decided)
	case *events.ProductReservationCancelled:
		return c.checkCancelledPayment(f)
	}
	return nil
}

// pay checks and records that a payment paid for a reservation.
func (c *productCheck) pay(name events.ReservationID, payment events.StreamID) *fault {
	parsed, _ := events.ParseID(string(name))
	cost, _ := c.cost(name)
	m := c.paymentsOf(c.reservationSet.id(parsed))
	switch p := c.ledger.payments[payment.Entity()]; {
	case p == nil || p.received.ProductID != c.id || p.received.ReservationID != name || p.received.Wrong() ||
		p.open != cost:
		return faultf(RuleUnits, "%s costs %d, and %q is not an open payment of that amount for it", name, cost, payment)
	case m.paidBy != "" || m.failed[payment]:
		return faultf(RuleUnits, "%s is paid by %q; it was paid before by %q, and this payment has failed: %t", name, payment,
			m.paidBy, m.failed[payment])
	}
	m.paidBy, m.cost = payment, cost
	return nil
}

// findExpired returns an expired reservation, which must be as described.
func (c *productCheck) findExpired(name events.ReservationID, holder events.Holder, quantity, price int64,
	rule events.Cancellation, until time.Time) (id key, was past, f *fault) {
	parsed, err := events.ParseID(string(name))
	if err != nil {
		return id, was, faultf(RuleFigures, "a reservation %q", name)
	}
	id = c.reservationSet.id(parsed)
	was, ended := c.reservationSet.past[id]
	switch {
	case !ended || was.released:
		return id, was, faultf(RuleUnits, "%s has not expired", name)
	case was.holder != c.reservationSet.claimOf(holder, quantity).holder || int64(was.quantity) != quantity ||
		!was.until.time().Equal(until) || c.offers[was.offer].price != price ||
		!sameRule(c.offers[was.offer].rule, rule):
		return id, was, faultf(RuleUnits, "it records that %s was %d for %q at %d until %s, which it was not", name, quantity,
			holder, price, events.FormatTime(until))
	}
	return id, was, nil
}

func (c *productCheck) retake(f *events.ProductRetaken) *fault {
	id, was, fault := c.findExpired(f.ReservationID, f.Holder, f.Quantity, f.Price, f.Cancellation, f.ExpiresAt)
	if fault != nil {
		return fault
	}
	if limit, has := c.row.limitPerHolder, c.reservationSet.holders[was.holder]; limit > 0 && has+f.Quantity > limit {
		return faultf(RuleLimit, "%q has %d and takes %d again; the limit is %d", f.Holder, has, f.Quantity, limit)
	}
	c.reservationSet.reopen(id, was)
	c.retaken = f.Payment
	return nil
}

// fail checks the failure of a late payment, and its reason.
func (c *productCheck) fail(f *events.ProductPaymentFailed, decided time.Time) *fault {
	id, was, fault := c.findExpired(f.ReservationID, f.Holder, f.Quantity, f.Price, f.Cancellation, f.ExpiresAt)
	if fault != nil {
		return fault
	}
	limit, has := c.row.limitPerHolder, c.reservationSet.holders[was.holder]
	m, p := c.paymentsOf(id), c.ledger.payments[f.Payment.Entity()]
	want := events.FailReason("")
	switch {
	case checkWithin(c.row.times, decided) != nil:
		want = events.FailedSale
	case limit > 0 && has+f.Quantity > limit:
		want = events.FailedLimit
	case c.row.remaining() < f.Quantity:
		want = events.FailedSoldOut
	}
	switch {
	case f.Reason != want:
		return faultf(RuleUnits, "the payment of %s fails with %q; it should be %q", f.ReservationID, f.Reason, want)
	case p == nil || p.received.ProductID != c.id || p.received.ReservationID != f.ReservationID || p.open == 0:
		return faultf(RuleUnits, "%q is not an open payment for %s", f.Payment, f.ReservationID)
	case m.failed[f.Payment] || m.paidBy == f.Payment:
		return faultf(RuleUnits, "%q has failed or paid before", f.Payment)
	}
	m.failed[f.Payment] = true
	return nil
}

// checkRelease checks the release of a reservation against its payment and its cancellation policy.
func (c *productCheck) checkRelease(f *events.ProductReleased, decided time.Time) *fault {
	parsed, err := events.ParseID(string(f.ReservationID))
	if err != nil {
		return nil // checkReservations reports the invalid id
	}
	id := c.reservationSet.id(parsed)
	m := c.paid[id]
	if m == nil || m.paidBy == "" {
		if f.Payment != "" || f.Kept != 0 {
			return faultf(RuleUnits, "%s is released as paid by %q, and it is not paid", f.ReservationID, f.Payment)
		}
		if m != nil {
			m.released = true
		}
		return nil
	}
	owned := c.reservationSet.open[id]
	sold := c.offers[owned.offer]
	kept := feeOf(sold.rule, sold.price) * int64(owned.quantity)
	switch {
	case f.Payment != m.paidBy:
		return faultf(RuleUnits, "%s is released as paid by %q; it was paid by %q", f.ReservationID, f.Payment, m.paidBy)
	case f.Kept != kept:
		return faultf(RuleReturns, "it keeps %d of %d; it should keep %d", f.Kept, m.cost, kept)
	case !sold.rule.Until.IsZero() && !decided.Before(sold.rule.Until) && f.Reason == "":
		return faultf(RuleReturns, "released at %s, without a reason; that was possible before %s",
			events.FormatTime(decided), events.FormatTime(sold.rule.Until))
	}
	m.released, m.kept = true, f.Kept
	return nil
}

// checkCancelledPayment checks the cancellation of a reservation against its payment.
func (c *productCheck) checkCancelledPayment(f *events.ProductReservationCancelled) *fault {
	parsed, err := events.ParseID(string(f.ReservationID))
	if err != nil {
		return nil // checkReservations reports the invalid id
	}
	m, paidBy := c.paid[c.reservationSet.id(parsed)], events.StreamID("")
	if m != nil {
		paidBy, m.released, m.cancelled = m.paidBy, true, true
	}
	if f.Payment != paidBy {
		return faultf(RuleUnits, "%s is cancelled as paid by %q; it was paid by %q", f.ReservationID, f.Payment, paidBy)
	}
	return nil
}

// firstFault returns first, or second if first is nil.
func firstFault(first, second *fault) *fault {
	if first != nil {
		return first
	}
	return second
}

// reservation returns the payments of the reservation that the payment is for, nil if there are none.
func (c *paymentCheck) reservation() *reservationPayments {
	of := c.ledger.products[c.received.ProductID]
	parsed, err := events.ParseID(string(c.received.ReservationID))
	if of == nil || err != nil {
		return nil
	}
	return of.paid[of.reservationSet.id(parsed)]
}

// reservationReleased reports whether the reservation that the payment is for was released.
func (c *paymentCheck) reservationReleased() bool {
	of := c.ledger.products[c.received.ProductID]
	parsed, err := events.ParseID(string(c.received.ReservationID))
	return of != nil && err == nil && of.reservationSet.past[of.reservationSet.id(parsed)].released
}

// reservationOwed reports whether the product's stream confirms that the payment is owed for a cause.
func (c *paymentCheck) reservationOwed(cause events.RefundCause) bool {
	m := c.reservation()
	switch {
	case m != nil && m.paidBy == c.stream():
		return false
	case cause == events.OwedLate:
		return m != nil && m.failed[c.stream()]
	case cause == events.OwedReleased:
		return c.reservationReleased()
	case cause == events.OwedCancelled:
		return c.ledger.products[c.received.ProductID].row.fence
	case cause == events.OwedAlreadyPaid:
		return m != nil && m.paidBy != ""
	}
	return false
}
