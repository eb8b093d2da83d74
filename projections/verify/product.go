package verify

import (
	"time"

	"admitone/events"
)

// The rules of products, as they are printed.
const (
	RuleOversold     Rule = "held and sold are never more than the stock"
	RuleReservations Rule = "a reservation is made once, confirmed only while it is held, and ends at most once"
	RuleDeadlines    Rule = "nothing is confirmed after its deadline, and nothing expires before it"
	RuleTimes        Rule = "nothing is sold before a sale opens or once it has closed, and each bound is recorded once"
	RuleLimit        Rule = "nobody takes more than the limit that is in force"
)

func init() {
	checks[events.ProductCategory] = func() check {
		return &productCheck{reservationSet: newReservationSet()}
	}
}

// productCheck folds a product with each of its reservations, and by rules of its
// own: it shares none with the core that made the facts.
type productCheck struct {
	row            product
	reservationSet *reservationSet
	// orders has the revision of the fact that stated a reservation's order data last.
	orders map[key]events.Revision
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
	if f := c.sale(fact, decided); f != nil {
		return f
	}
	if f := c.reservations(fact, decided); f != nil {
		return f
	}
	if f := c.order(e, fact); f != nil {
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
		return faultf(RuleFigures, "it says that %d remain; of %d, %d are held and %d sold, which leaves %d",
			remaining, next.stock, next.held, next.sold, next.remaining())
	}
	c.row = next
	if _, isEdit := fact.(*events.ProductEdited); isCreation || isEdit {
		c.reservationSet.countHolders(c.row.limitPerHolder)
	}
	return nil
}

// sale holds a fact against the times of the sale.
func (c *productCheck) sale(fact events.Fact, decided time.Time) *fault {
	switch f := fact.(type) {
	case *events.ProductCreated:
		return checkOrder(f.SaleTimes)
	case *events.ProductEdited:
		return checkOrder(f.SaleTimes)
	case *events.ProductReserved, *events.ProductHeld:
		return checkWithin(c.row.times, decided)
	case *events.ProductOpened:
		return checkReached("opens", c.row.ahead.OpensAt, f.OpensAt, decided)
	case *events.ProductClosed:
		return checkReached("closes", c.row.ahead.ClosesAt, f.ClosesAt, decided)
	}
	return nil
}

// reservations holds a fact about reservations against those there are.
func (c *productCheck) reservations(fact events.Fact, decided time.Time) *fault {
	switch f := fact.(type) {
	case *events.ProductReserved:
		return c.begin(f.ReservationID, f.Holder, f.Quantity, time.Time{})
	case *events.ProductHeld:
		if want := decided.Add(time.Duration(c.row.holdSeconds) * time.Second); !f.ExpiresAt.Equal(want) {
			return faultf(RuleFigures, "held at %s for %d s, until %s", events.FormatTime(decided), c.row.holdSeconds,
				events.FormatTime(f.ExpiresAt))
		}
		return c.begin(f.ReservationID, f.Holder, f.Quantity, f.ExpiresAt)
	case *events.ProductConfirmed:
		return c.confirm(f, decided)
	case *events.ProductReleased:
		id, fault := c.find(f.ReservationID, f.Holder, f.Quantity)
		if fault != nil {
			return fault
		}
		was := events.ReservationConfirmed
		if _, held := c.reservationSet.until[id]; held {
			was = events.ReservationHeld
		}
		if f.Was != was {
			return faultf(RuleFigures, "it says that %s was %q; it was %q", f.ReservationID, f.Was, was)
		}
		c.reservationSet.end(id)
	case *events.ProductExpired:
		return c.expire(f, decided)
	case *events.ProductReservationAnnotated:
		return c.annotated(f)
	}
	return nil
}

// begin takes in a new reservation, held until a deadline if there is one.
func (c *productCheck) begin(
	name events.ReservationID,
	holder events.Holder,
	quantity int64,
	deadline time.Time,
) *fault {
	id, err := events.ParseID(string(name))
	if err != nil || quantity < 1 || quantity > maxQuantity {
		return faultf(RuleFigures, "a reservation %q of %d", name, quantity)
	}
	key := c.reservationSet.id(id)
	if _, taken := c.reservationSet.ended[key]; taken {
		return faultf(RuleReservations, "%s has ended and is made again", name)
	}
	made := c.reservationSet.add(holder, quantity)
	if limit, has := c.row.limitPerHolder, c.reservationSet.holders[made.holder]; limit > 0 && has+quantity > limit {
		return faultf(RuleLimit, "%q has %d and takes %d more; the limit is %d", holder, has, quantity, limit)
	}
	if !c.reservationSet.begin(key, made, deadline) {
		return faultf(RuleReservations, "%s is made a second time", name)
	}
	return nil
}

// find looks up a reservation that must own units, with the figures that a fact
// states about it.
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
		return key, faultf(RuleReservations, "%s was never made", name)
	}
	if int64(owned.quantity) != quantity {
		return key, faultf(RuleFigures, "it says that %s is %d for %q; it is %d", name, quantity, holder, owned.quantity)
	}
	if owned != c.reservationSet.add(holder, quantity) {
		return key, faultf(RuleFigures, "it says that %s is for %q; it is for somebody else", name, holder)
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
	case decided.After(deadline):
		return faultf(RuleDeadlines, "%s was held until %s and confirmed at %s", f.ReservationID,
			events.FormatTime(deadline), events.FormatTime(decided))
	}
	delete(c.reservationSet.until, id)
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
			return faultf(RuleFigures, "it says that %s was held until %s; it was until %s", h.ReservationID,
				events.FormatTime(h.ExpiresAt), events.FormatTime(deadline))
		case !decided.After(deadline):
			return faultf(RuleDeadlines, "%s was held until %s and expired at %s", h.ReservationID,
				events.FormatTime(deadline), events.FormatTime(decided))
		}
		sum += h.Quantity
		c.reservationSet.end(id)
	}
	if sum != f.Quantity || len(f.Expired) == 0 {
		return faultf(RuleFigures, "it says that %d expired; its %d holds add up to %d", f.Quantity, len(f.Expired), sum)
	}
	return nil
}
