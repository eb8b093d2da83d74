package verify

import (
	"slices"
	"time"

	"admitone/events"
)

// RuleTerms is the rule of the terms of a performance, as it is printed.
const RuleTerms Rule = "seats and places are held on the performance's terms at that time, and keep these terms"

// terms are a performance's terms as of its creation or an edit.
type terms struct {
	starts  time.Time
	rule    events.Cancellation
	times   events.SaleTimes
	holdFor time.Duration
	limit   int64
	layout  *events.Layout // with the prices
}

// sells reports whether the seat exists and has that price for that price type.
func (t *terms) sells(s *events.BookedSeat) bool {
	seat, ok := t.layout.Find(s.Seat)
	if !ok || t.layout.Hall() == nil {
		return ok && t.layout.Price(seat) == s.Price && s.PriceType == ""
	}
	price, ok := events.PriceOf(t.layout.Prices(seat), s.PriceType)
	return ok && price.Amount == s.Price
}

// costs reports whether a seat with that name exists and has that price for some price type.
func (t *terms) costs(name events.SeatName, price int64) bool {
	seat, ok := t.layout.Find(name)
	if !ok || t.layout.Hall() == nil {
		return ok && t.layout.Price(seat) == price
	}
	return slices.ContainsFunc(t.layout.Prices(seat), func(p events.CategoryPrice) bool { return p.Amount == price })
}

// performanceCheck folds a performance, and keeps all terms that it ever had. A booking names the terms on which it
// was decided, which may be older than the latest if the node had not seen an edit.
type performanceCheck struct {
	ledger  *ledger
	id      events.PerformanceID
	latest  *terms
	termsAt map[events.Revision]*terms
	// future has the opening and closing times that no fact has recorded as reached.
	future events.SaleTimes
	fence  events.Position // position of the cancellation, 0 for none
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
		if fault := checkReached("opens", c.future.OpensAt, f.OpensAt, decided); fault != nil {
			return fault
		}
		c.future.OpensAt = time.Time{}
	case *events.PerformanceClosed:
		if fault := checkReached("closes", c.future.ClosesAt, f.ClosesAt, decided); fault != nil {
			return fault
		}
		c.future.ClosesAt = time.Time{}
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
	c.setTerms(
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
		return faultf(RuleFigures, "it records holds of %d s, limit %d", f.HoldSeconds, f.LimitPerHolder)
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
	c.setTerms(
		revision,
		&terms{f.StartsAt, f.Cancellation, f.SaleTimes, time.Duration(f.HoldSeconds) * time.Second, f.LimitPerHolder, layout},
	)
	return nil
}

// setTerms applies the terms that a fact records. A changed opening or closing time has not been reached.
func (c *performanceCheck) setTerms(revision events.Revision, next *terms) {
	before := events.SaleTimes{}
	if c.latest != nil {
		before = c.latest.times
	} else {
		c.termsAt = map[events.Revision]*terms{}
	}
	if !next.times.OpensAt.Equal(before.OpensAt) {
		c.future.OpensAt = next.times.OpensAt
	}
	if !next.times.ClosesAt.Equal(before.ClosesAt) {
		c.future.ClosesAt = next.times.ClosesAt
	}
	c.latest, c.termsAt[revision] = next, next
}

// findTerms returns the terms that a revision of the performance set.
func (c *performanceCheck) findTerms(revision events.Revision) (*terms, *fault) {
	if t := c.termsAt[revision]; t != nil {
		return t, nil
	}
	return nil, faultf(RuleTerms, "revision %d of performance %q does not set terms", revision, c.id)
}

// checkAcquisition checks the terms on which seats are acquired at a time, and returns them.
func (c *performanceCheck) checkAcquisition(named events.SaleTerms, decided time.Time) (*terms, *fault) {
	saleTerms, fault := c.findTerms(named.Terms)
	if fault != nil {
		return nil, fault
	}
	frozen := time.Duration(named.HoldSeconds) * time.Second
	older := named == events.SaleTerms{} // from before performances could be edited
	if !older && (frozen != saleTerms.holdFor || named.LimitPerHolder != saleTerms.limit) {
		return nil, faultf(RuleTerms, "it freezes holds of %s, limit %d; revision %d has %s, %d", frozen,
			named.LimitPerHolder, named.Terms, saleTerms.holdFor, saleTerms.limit)
	}
	return saleTerms, checkWithin(saleTerms.times, decided)
}

// terms returns the terms on which the current or last hold of a booking was decided.
func (l *ledger) terms(b *booking) *terms { return l.performances[b.performance].termsAt[b.terms] }
