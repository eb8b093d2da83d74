package projections

import (
	"time"

	"admitone/events"
)

// The rules of products, as they are printed.
const (
	RuleOversold     Rule = "held and sold are never more than the stock"
	RuleReservations Rule = "a reservation is made once, confirmed only while it is held, and ends at most once"
	RuleDeadlines    Rule = "nothing is confirmed after its deadline, and nothing expires before it"
	RuleLimit        Rule = "nobody takes more than the limit that is in force"
)

func init() {
	checks[productCategory] = func() check {
		return &productCheck{open: map[events.ID]claim{}, ended: map[events.ID]struct{}{}}
	}
}

// productCheck folds a product with each of its reservations, and by rules of its
// own: it shares none with the core that made the facts.
type productCheck struct {
	row   Product
	open  map[events.ID]claim
	ended map[events.ID]struct{}
	// holders counts units by holder while there is a limit.
	holders map[string]int64
}

// claim is a reservation that owns units.
type claim struct {
	holder   string
	quantity int64
	deadline time.Time // zero once confirmed
}

func (c *productCheck) take(e *events.Recorded, fact events.Fact, decided time.Time) *fault {
	created, isCreation := fact.(*events.ProductCreated)
	if isCreation != (c.row.ID == "") {
		return faultf(RuleCreation, "a %s at revision %d", fact.Name(), e.Revision)
	}
	if isCreation && (created.ProductID != e.Stream.Entity() || created.Stock < 0 || created.LimitPerHolder < 0 || created.HoldSeconds < 0) {
		return faultf(RuleFigures, "it creates %q with stock %d, limit %d, holds of %d s",
			created.ProductID, created.Stock, created.LimitPerHolder, created.HoldSeconds)
	}
	if f := c.claims(fact, decided); f != nil {
		return f
	}
	next := c.row
	remaining, err := next.evolve(e, fact)
	switch {
	case err != nil:
		return faultf(RuleKnown, "a %s in a product's stream", fact.Name())
	case next.Remaining() < 0 || next.Held < 0 || next.Sold < 0:
		return faultf(RuleOversold, "of %d, %d are held and %d sold", next.Stock, next.Held, next.Sold)
	case next.Remaining() != remaining:
		return faultf(RuleFigures, "it says that %d remain; of %d, %d are held and %d sold, which leaves %d",
			remaining, next.Stock, next.Held, next.Sold, next.Remaining())
	}
	c.row = next
	if _, isEdit := fact.(*events.ProductEdited); isCreation || isEdit {
		c.countHolders()
	}
	return nil
}

// claims holds a fact about reservations against those there are.
func (c *productCheck) claims(fact events.Fact, decided time.Time) *fault {
	switch f := fact.(type) {
	case *events.ProductReserved:
		return c.begin(f.ReservationID, claim{holder: f.Holder, quantity: f.Quantity})
	case *events.ProductHeld:
		if want := decided.Add(time.Duration(c.row.HoldSeconds) * time.Second); !f.ExpiresAt.Equal(want) {
			return faultf(RuleFigures, "held at %s for %d s, until %s", stamp(decided), c.row.HoldSeconds, stamp(f.ExpiresAt))
		}
		return c.begin(f.ReservationID, claim{holder: f.Holder, quantity: f.Quantity, deadline: f.ExpiresAt})
	case *events.ProductConfirmed:
		return c.confirm(f, decided)
	case *events.ProductReleased:
		id, owned, fault := c.find(f.ReservationID, f.Holder, f.Quantity)
		if fault != nil {
			return fault
		}
		if was := owned.status(); f.Was != was {
			return faultf(RuleFigures, "it says that %s was %q; it was %q", f.ReservationID, f.Was, was)
		}
		c.end(id, owned)
	case *events.ProductExpired:
		return c.expire(f, decided)
	}
	return nil
}

// begin takes in a new reservation.
func (c *productCheck) begin(name string, made claim) *fault {
	id, err := events.ParseID(name)
	if err != nil || made.quantity < 1 {
		return faultf(RuleFigures, "a reservation %q of %d", name, made.quantity)
	}
	if _, taken := c.open[id]; taken {
		return faultf(RuleReservations, "%s is made a second time", name)
	}
	if _, taken := c.ended[id]; taken {
		return faultf(RuleReservations, "%s has ended and is made again", name)
	}
	if limit := c.row.LimitPerHolder; limit > 0 && c.holders[made.holder]+made.quantity > limit {
		return faultf(RuleLimit, "%q has %d and takes %d more; the limit is %d", made.holder, c.holders[made.holder], made.quantity, limit)
	}
	c.open[id] = made
	c.count(made.holder, made.quantity)
	return nil
}

// find looks up a reservation that must own units, with the figures that a fact
// states about it.
func (c *productCheck) find(name, holder string, quantity int64) (events.ID, claim, *fault) {
	id, err := events.ParseID(name)
	if err != nil {
		return id, claim{}, faultf(RuleFigures, "a reservation %q", name)
	}
	owned, ok := c.open[id]
	if !ok {
		if _, before := c.ended[id]; before {
			return id, owned, faultf(RuleReservations, "%s has ended before", name)
		}
		return id, owned, faultf(RuleReservations, "%s was never made", name)
	}
	if owned.holder != holder || owned.quantity != quantity {
		return id, owned, faultf(RuleFigures, "it says that %s is %d for %q; it is %d for %q",
			name, quantity, holder, owned.quantity, owned.holder)
	}
	return id, owned, nil
}

func (c *productCheck) confirm(f *events.ProductConfirmed, decided time.Time) *fault {
	id, owned, fault := c.find(f.ReservationID, f.Holder, f.Quantity)
	switch {
	case fault != nil:
		return fault
	case owned.status() != events.ReservationHeld:
		return faultf(RuleReservations, "%s is confirmed already", f.ReservationID)
	case decided.After(owned.deadline):
		return faultf(RuleDeadlines, "%s was held until %s and confirmed at %s", f.ReservationID, stamp(owned.deadline), stamp(decided))
	}
	owned.deadline = time.Time{}
	c.open[id] = owned
	return nil
}

func (c *productCheck) expire(f *events.ProductExpired, decided time.Time) *fault {
	sum := int64(0)
	for i := range f.Expired {
		h := &f.Expired[i]
		id, owned, fault := c.find(h.ReservationID, h.Holder, h.Quantity)
		switch {
		case fault != nil:
			return fault
		case owned.status() != events.ReservationHeld:
			return faultf(RuleReservations, "%s is confirmed and expires", h.ReservationID)
		case !h.ExpiresAt.Equal(owned.deadline):
			return faultf(RuleFigures, "it says that %s was held until %s; it was until %s", h.ReservationID, stamp(h.ExpiresAt), stamp(owned.deadline))
		case !decided.After(owned.deadline):
			return faultf(RuleDeadlines, "%s was held until %s and expired at %s", h.ReservationID, stamp(owned.deadline), stamp(decided))
		}
		sum += h.Quantity
		c.end(id, owned)
	}
	if sum != f.Quantity || len(f.Expired) == 0 {
		return faultf(RuleFigures, "it says that %d expired; its %d holds add up to %d", f.Quantity, len(f.Expired), sum)
	}
	return nil
}

func (c *productCheck) end(id events.ID, owned claim) {
	delete(c.open, id)
	c.ended[id] = struct{}{}
	c.count(owned.holder, -owned.quantity)
}

func (c *productCheck) count(holder string, units int64) {
	if c.holders == nil {
		return
	}
	if c.holders[holder] += units; c.holders[holder] == 0 {
		delete(c.holders, holder)
	}
}

// countHolders counts anew: the limit may have been set or lifted.
func (c *productCheck) countHolders() {
	c.holders = nil
	if c.row.LimitPerHolder == 0 {
		return
	}
	c.holders = map[string]int64{}
	for _, owned := range c.open {
		c.count(owned.holder, owned.quantity)
	}
}

func (c claim) status() events.ReservationStatus {
	if c.deadline.IsZero() {
		return events.ReservationConfirmed
	}
	return events.ReservationHeld
}
