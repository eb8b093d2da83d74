package verify

import (
	"time"

	"admitone/events"
)

// The rules of products, as they are printed.
const (
	RuleOversold     Rule = "held and sold units never exceed the stock"
	RuleReservations Rule = "a reservation is made once, confirmed only while it is held, and ends at most once"
	RuleDeadlines    Rule = "nothing is confirmed after its deadline, and nothing expires before it"
	RuleTimes        Rule = "nothing is sold before the opening or after the closing, and each of these is recorded once"
	RuleLimit        Rule = "nobody has more than the limit in force"
)

func init() {
	ledgerChecks[events.ProductCategory] = func(l *ledger, id string) check {
		c := &productCheck{ledger: l, id: events.ProductID(id), reservationSet: newReservationSet()}
		l.products[c.id] = c
		return c
	}
}

// productCheck folds a product with each of its reservations, independently of the core that produced the facts.
type productCheck struct {
	ledger         *ledger
	id             events.ProductID
	row            product
	reservationSet *reservationSet
	// orders has the revision of the fact that last set a reservation's order data.
	orders map[key]events.Revision
	// offers has the prices and policies that the product has had.
	offers []offer
	// paid has the payments of each reservation that has any.
	paid map[key]*reservationPayments
	// retaken is the payment that the next fact must confirm, "" for none.
	retaken events.StreamID
}

func (c *productCheck) apply(e *events.Recorded, fact events.Fact, decided time.Time) *fault {
	created, isCreation := fact.(*events.ProductCreated)
	if isCreation != (c.row.id == "") {
		return faultf(RuleCreation, "a %s at revision %d", fact.Name(), e.Revision)
	}
	if isCreation &&
		(created.ProductID != events.ProductID(e.Stream.Entity()) || created.Stock < 0 || created.LimitPerHolder < 0 ||
			created.HoldSeconds < 0) {
		return faultf(RuleFigures, "it creates %q with stock %d, limit %d, holds of %d s",
			created.ProductID, created.Stock, created.LimitPerHolder, created.HoldSeconds)
	}
	if f := c.checkCancellation(fact); f != nil {
		return f
	}
	if f := c.checkSale(fact, decided); f != nil {
		return f
	}
	if f := c.checkPayments(fact, decided); f != nil {
		return f
	}
	if f := c.checkReservations(fact, decided); f != nil {
		return f
	}
	if f := c.checkOrderData(e, fact); f != nil {
		return f
	}
	next := c.row
	remaining, ok := next.evolve(fact)
	switch {
	case !ok:
		return faultf(RuleKnown, "a %s in a product's stream", fact.Name())
	case next.remaining() < 0 || next.held < 0 || next.sold < 0:
		return faultf(RuleOversold, "of %d, %d are held and %d sold", next.stock, next.held, next.sold)
	case next.remaining() != remaining:
		return faultf(RuleFigures, "it records that %d remain; of %d, %d are held and %d sold, which leaves %d",
			remaining, next.stock, next.held, next.sold, next.remaining())
	}
	c.row = next
	c.recordOffer()
	if _, isEdit := fact.(*events.ProductEdited); isCreation || isEdit {
		c.reservationSet.countHolders(c.row.limitPerHolder)
	}
	return nil
}

// checkSale checks a fact against the times of the sale.
func (c *productCheck) checkSale(fact events.Fact, decided time.Time) *fault {
	switch f := fact.(type) {
	case *events.ProductCreated:
		return firstFault(checkOrder(f.SaleTimes), checkRule(f.Cancellation))
	case *events.ProductEdited:
		return firstFault(checkOrder(f.SaleTimes), checkRule(f.Cancellation))
	case *events.ProductReserved, *events.ProductHeld, *events.ProductRetaken:
		return checkWithin(c.row.times, decided)
	case *events.ProductOpened:
		return checkReached("opens", c.row.future.OpensAt, f.OpensAt, decided)
	case *events.ProductClosed:
		return checkReached("closes", c.row.future.ClosesAt, f.ClosesAt, decided)
	}
	return nil
}

// checkReservations checks a fact against the reservations of the product.
func (c *productCheck) checkReservations(fact events.Fact, decided time.Time) *fault {
	switch f := fact.(type) {
	case *events.ProductReserved:
		if fault := c.checkOffer(f.Price, f.Cancellation); fault != nil {
			return fault
		}
		return c.begin(f.ReservationID, f.Holder, f.Quantity, time.Time{})
	case *events.ProductHeld:
		if fault := c.checkOffer(f.Price, f.Cancellation); fault != nil {
			return fault
		}
		if want := decided.Add(time.Duration(c.row.holdSeconds) * time.Second); !f.ExpiresAt.Equal(want) {
			return faultf(RuleFigures, "held at %s for %d s, until %s", events.FormatTime(decided), c.row.holdSeconds,
				events.FormatTime(f.ExpiresAt))
		}
		return c.begin(f.ReservationID, f.Holder, f.Quantity, f.ExpiresAt)
	case *events.ProductConfirmed:
		return c.confirm(f, decided)
	case *events.ProductReleased:
		return c.end(f.ReservationID, f.Holder, f.Quantity, f.Was, true)
	case *events.ProductReservationCancelled:
		return c.end(f.ReservationID, f.Holder, f.Quantity, f.Was, false)
	case *events.ProductExpired:
		return c.expire(f, decided)
	case *events.ProductReservationAnnotated:
		return c.annotated(f)
	}
	return nil
}

// end records that a reservation was released or cancelled.
func (c *productCheck) end(name events.ReservationID, holder events.Holder, quantity int64,
	recorded events.ReservationStatus, released bool) *fault {
	id, fault := c.find(name, holder, quantity)
	if fault != nil {
		return fault
	}
	was := events.ReservationConfirmed
	if _, held := c.reservationSet.until[id]; held {
		was = events.ReservationHeld
	}
	if recorded != was {
		return faultf(RuleFigures, "it records that %s was %q; it was %q", name, recorded, was)
	}
	c.endReservation(id, released)
	return nil
}

// checkCancellation checks that nothing is sold after the product was cancelled, and no reservation is cancelled
// before.
func (c *productCheck) checkCancellation(fact events.Fact) *fault {
	switch fact.(type) {
	case *events.ProductReserved, *events.ProductHeld, *events.ProductConfirmed, *events.ProductEdited,
		*events.ProductRetaken, *events.ProductPaid, *events.ProductPaymentFailed,
		*events.ProductCancelled:
		if c.row.fence {
			return faultf(RuleCalledOff, "a %s of a cancelled product", fact.Name())
		}
	case *events.ProductReservationCancelled:
		if !c.row.fence {
			return faultf(RuleCalledOff, "a %s of a product that is not cancelled", fact.Name())
		}
	}
	return nil
}

// begin records a new reservation. A zero deadline means that it is confirmed.
func (c *productCheck) begin(name events.ReservationID, holder events.Holder, quantity int64,
	deadline time.Time) *fault {
	id, err := events.ParseID(string(name))
	if err != nil || quantity < 1 || quantity > maxQuantity {
		return faultf(RuleFigures, "a reservation %q of %d", name, quantity)
	}
	key := c.reservationSet.id(id)
	if _, taken := c.reservationSet.ended[key]; taken {
		return faultf(RuleReservations, "%s has ended and is created again", name)
	}
	claim := c.reservationSet.claimOf(holder, quantity)
	claim.offer = uint32(len(c.offers) - 1)
	if limit, has := c.row.limitPerHolder, c.reservationSet.holders[claim.holder]; limit > 0 && has+quantity > limit {
		return faultf(RuleLimit, "%q has %d and takes %d more; the limit is %d", holder, has, quantity, limit)
	}
	if !c.reservationSet.begin(key, claim, deadline) {
		return faultf(RuleReservations, "%s is created twice", name)
	}
	return nil
}

// find returns the key of a reservation, which must own units and have the given holder and quantity.
func (c *productCheck) find(name events.ReservationID, holder events.Holder, quantity int64) (key, *fault) {
	id, err := events.ParseID(string(name))
	if err != nil {
		return key{}, faultf(RuleFigures, "a reservation %q", name)
	}
	key := c.reservationSet.id(id)
	owned, ok := c.reservationSet.open[key]
	if !ok {
		if _, before := c.reservationSet.ended[key]; before {
			return key, faultf(RuleReservations, "%s has ended before", name)
		}
		return key, faultf(RuleReservations, "%s was never created", name)
	}
	if int64(owned.quantity) != quantity {
		return key, faultf(RuleFigures, "it records %d units of %s for %q; there are %d", quantity, name, holder, owned.quantity)
	}
	if owned.holder != c.reservationSet.claimOf(holder, quantity).holder {
		return key, faultf(RuleFigures, "it records %q as the holder of %s, which has a different holder", holder, name)
	}
	return key, nil
}

func (c *productCheck) confirm(f *events.ProductConfirmed, decided time.Time) *fault {
	id, fault := c.find(f.ReservationID, f.Holder, f.Quantity)
	deadline, held := c.reservationSet.deadline(id)
	switch {
	case fault != nil:
		return fault
	case !held:
		return faultf(RuleReservations, "%s is confirmed already", f.ReservationID)
	case decided.After(deadline) && c.retaken == "":
		return faultf(RuleDeadlines, "%s was held until %s and confirmed at %s", f.ReservationID,
			events.FormatTime(deadline), events.FormatTime(decided))
	}
	delete(c.reservationSet.until, id)
	c.retaken = ""
	return nil
}

func (c *productCheck) expire(f *events.ProductExpired, decided time.Time) *fault {
	sum := int64(0)
	for i := range f.Expired {
		h := &f.Expired[i]
		id, fault := c.find(h.ReservationID, h.Holder, h.Quantity)
		deadline, held := c.reservationSet.deadline(id)
		switch {
		case fault != nil:
			return fault
		case !held:
			return faultf(RuleReservations, "%s is confirmed and expires", h.ReservationID)
		case !h.ExpiresAt.Equal(deadline):
			return faultf(RuleFigures, "it records that %s was held until %s; it was until %s", h.ReservationID,
				events.FormatTime(h.ExpiresAt), events.FormatTime(deadline))
		case !decided.After(deadline):
			return faultf(RuleDeadlines, "%s was held until %s and expired at %s", h.ReservationID,
				events.FormatTime(deadline), events.FormatTime(decided))
		}
		sum += h.Quantity
		c.endReservation(id, false)
	}
	if sum != f.Quantity || len(f.Expired) == 0 {
		return faultf(RuleFigures, "it records that %d expired; its %d holds add up to %d", f.Quantity, len(f.Expired), sum)
	}
	return nil
}
