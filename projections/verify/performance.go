package verify

import (
	"slices"
	"time"

	"admitone/events"
)

// RuleTerms is the rule for decisions on a performance, as it is printed.
const RuleTerms Rule = "seats and places of a performance are held on its terms of that time, and keep them"

// terms are a performance's terms as of its creation or an edit.
type terms struct {
	starts  time.Time
	rule    events.Cancellation
	times   events.SaleTimes
	holdFor time.Duration
	limit   int64
	layout  *events.Layout // with the prices
}

// sells reports whether the seat exists, at that price for that price type.
func (t *terms) sells(s *events.BookedSeat) bool {
	seat, ok := t.layout.Find(s.Seat)
	if !ok || t.layout.Hall() == nil {
		return ok && t.layout.Price(seat) == s.Price && s.PriceType == ""
	}
	price, ok := events.PriceOf(t.layout.Prices(seat), s.PriceType)
	return ok && price.Amount == s.Price
}

// costs reports whether a seat of that name exists, at that price for some price type.
func (t *terms) costs(name events.SeatName, price int64) bool {
	seat, ok := t.layout.Find(name)
	if !ok || t.layout.Hall() == nil {
		return ok && t.layout.Price(seat) == price
	}
	return slices.ContainsFunc(t.layout.Prices(seat), func(p events.CategoryPrice) bool { return p.Amount == price })
}

// performanceCheck folds a performance, and keeps all terms that it ever stated: bookings name the terms on which they
// were decided, and a node that has not seen an edit decides on the earlier ones.
type performanceCheck struct {
	ledger *ledger
	id     events.PerformanceID
	latest *terms
	stated map[events.Revision]*terms
	// ahead are the bounds that no fact has recorded as reached.
	ahead  events.SaleTimes
	fence  events.Position // of its cancellation, 0 for none
	blocks blockCheck
}

func (c *performanceCheck) apply(e *events.Recorded, fact events.Fact, decided time.Time) *fault {
	created, isCreation := fact.(*events.PerformanceCreated)
	if isCreation != (e.Revision == 0) {
		return faultf(RuleCreation, "a %s at revision %d", fact.Name(), e.Revision)
	}
	if isCreation {
		return c.created(created)
	}
	switch f := fact.(type) {
	case *events.PerformanceEdited:
		return c.edited(e.Revision, f)
	case *events.PerformanceCancelled:
		if c.fence != 0 {
			return faultf(RuleCalledOff, "it was already cancelled at position %d", c.fence)
		}
		c.fence = e.Position
	case *events.PerformanceOpened:
		if fault := checkReached("opens", c.ahead.OpensAt, f.OpensAt, decided); fault != nil {
			return fault
		}
		c.ahead.OpensAt = time.Time{}
	case *events.PerformanceClosed:
		if fault := checkReached("closes", c.ahead.ClosesAt, f.ClosesAt, decided); fault != nil {
			return fault
		}
		c.ahead.ClosesAt = time.Time{}
	default:
		fault, known := c.blocks.apply(c, fact)
		if !known {
			return faultf(RuleKnown, "a %s in a performance's stream", fact.Name())
		}
		return fault
	}
	return nil
}

func (c *performanceCheck) created(f *events.PerformanceCreated) *fault {
	if f.PerformanceID != c.id || f.HoldSeconds < 0 || f.LimitPerHolder < 0 || (len(f.Sections) == 0) == (f.Plan == "") {
		return faultf(RuleFigures, "it creates %q with %d sections, holds of %d s, limit %d", f.PerformanceID,
			len(f.Sections), f.HoldSeconds, f.LimitPerHolder)
	}
	layout, fault := c.layoutOf(f)
	if fault != nil {
		return fault
	}
	if fault := checkOrder(f.SaleTimes); fault != nil {
		return fault
	}
	if fault := checkRule(f.Cancellation); fault != nil {
		return fault
	}
	c.state(
		0,
		&terms{f.StartsAt, f.Cancellation, f.SaleTimes, time.Duration(f.HoldSeconds) * time.Second, f.LimitPerHolder, layout},
	)
	c.ledger.performances[c.id] = c
	return nil
}

func (c *performanceCheck) edited(revision events.Revision, f *events.PerformanceEdited) *fault {
	if c.fence != 0 {
		return faultf(RuleCalledOff, "it is edited, but was cancelled at position %d", c.fence)
	}
	if f.HoldSeconds < 0 || f.LimitPerHolder < 0 {
		return faultf(RuleFigures, "it states holds of %d s, limit %d", f.HoldSeconds, f.LimitPerHolder)
	}
	if fault := c.blocks.edited(c, f); fault != nil {
		return fault
	}
	layout, fault := repriced(c.latest.layout, f)
	if fault != nil {
		return fault
	}
	if fault := checkOrder(f.SaleTimes); fault != nil {
		return fault
	}
	if fault := checkRule(f.Cancellation); fault != nil {
		return fault
	}
	c.state(
		revision,
		&terms{f.StartsAt, f.Cancellation, f.SaleTimes, time.Duration(f.HoldSeconds) * time.Second, f.LimitPerHolder, layout},
	)
	return nil
}

// state applies the terms that a fact states: a changed opening or closing time is yet to be reached.
func (c *performanceCheck) state(revision events.Revision, next *terms) {
	before := events.SaleTimes{}
	if c.latest != nil {
		before = c.latest.times
	} else {
		c.stated = map[events.Revision]*terms{}
	}
	if !next.times.OpensAt.Equal(before.OpensAt) {
		c.ahead.OpensAt = next.times.OpensAt
	}
	if !next.times.ClosesAt.Equal(before.ClosesAt) {
		c.ahead.ClosesAt = next.times.ClosesAt
	}
	c.latest, c.stated[revision] = next, next
}

// on returns the terms that the performance stated at a revision.
func (c *performanceCheck) on(revision events.Revision) (*terms, *fault) {
	if t := c.stated[revision]; t != nil {
		return t, nil
	}
	return nil, faultf(RuleTerms, "revision %d of performance %q states nothing", revision, c.id)
}

// acquires checks the terms that a fact names for an acquisition at a time.
func (c *performanceCheck) acquires(named events.SaleTerms, decided time.Time) (*terms, *fault) {
	on, fault := c.on(named.Terms)
	if fault != nil {
		return nil, fault
	}
	frozen := time.Duration(named.HoldSeconds) * time.Second
	older := named == events.SaleTerms{} // from before performances could be edited
	if !older && (frozen != on.holdFor || named.LimitPerHolder != on.limit) {
		return nil, faultf(RuleTerms, "it freezes holds of %s, limit %d; revision %d states %s, %d", frozen,
			named.LimitPerHolder, named.Terms, on.holdFor, on.limit)
	}
	return on, checkWithin(on.times, decided)
}

// terms returns the terms on which the present or last hold of a booking was decided.
func (l *ledger) terms(b *booking) *terms { return l.performances[b.performance].stated[b.terms] }
