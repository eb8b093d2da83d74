package verify

import (
	"slices"
	"time"

	"admitone/events"
)

// RuleTerms is the rule of what is decided on a performance, as it is printed.
const RuleTerms Rule = "what is held or taken of a performance names what it stated by then, and keeps to it"

// terms are what a performance stated at its creation or at an edit.
type terms struct {
	starts  time.Time
	rule    events.Cancellation
	times   events.SaleTimes
	holdFor time.Duration
	limit   int64
	layout  *events.Layout // with the prices
}

// price of a seat. ok is false if there is no such seat.
func (t *terms) price(name events.SeatName) (amount int64, ok bool) {
	seat, ok := t.layout.Find(name)
	if !ok {
		return 0, false
	}
	return t.layout.Price(seat), true
}

// performanceCheck folds a performance, and keeps all that it ever stated: bookings name what they
// were decided on, and a node that has not heard of an edit decides on what was before.
type performanceCheck struct {
	ledger *ledger
	id     events.PerformanceID
	latest *terms
	stated map[events.Revision]*terms
	// ahead are the bounds that no fact has recorded as reached.
	ahead events.SaleTimes
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
		return faultf(RuleKnown, "a %s in a performance's stream", fact.Name())
	}
	return nil
}

func (c *performanceCheck) created(f *events.PerformanceCreated) *fault {
	if f.PerformanceID != c.id || f.HoldSeconds < 0 || f.LimitPerHolder < 0 || len(f.Sections) == 0 {
		return faultf(RuleFigures, "it creates %q with %d sections, holds of %d s, limit %d", f.PerformanceID,
			len(f.Sections), f.HoldSeconds, f.LimitPerHolder)
	}
	if err := checkSections(f.Sections); err != nil {
		return faultf(RuleLayout, "%v", err)
	}
	if fault := checkOrder(f.SaleTimes); fault != nil {
		return fault
	}
	if fault := checkRule(f.Cancellation); fault != nil {
		return fault
	}
	c.state(
		0,
		&terms{f.StartsAt, f.Cancellation, f.SaleTimes, time.Duration(f.HoldSeconds) * time.Second, f.LimitPerHolder,
			events.NewLayout(f.Sections)},
	)
	c.ledger.performances[c.id] = c
	return nil
}

func (c *performanceCheck) edited(revision events.Revision, f *events.PerformanceEdited) *fault {
	if f.HoldSeconds < 0 || f.LimitPerHolder < 0 {
		return faultf(RuleFigures, "it states holds of %d s, limit %d", f.HoldSeconds, f.LimitPerHolder)
	}
	sections := slices.Clone(c.latest.layout.Sections())
	for i, p := range f.Prices {
		if i >= len(sections) || p.Section != sections[i].ID || p.Price < 0 {
			return faultf(RuleLayout, "%q at %d is no section of the performance, or not in its place", p.Section, p.Price)
		}
		sections[i].Price = p.Price
	}
	if len(f.Prices) != len(sections) {
		return faultf(RuleLayout, "it prices %d of %d sections", len(f.Prices), len(sections))
	}
	if fault := checkOrder(f.SaleTimes); fault != nil {
		return fault
	}
	layout := c.latest.layout
	if !slices.Equal(sections, layout.Sections()) {
		layout = events.NewLayout(sections)
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

// state takes in what a fact states: a bound that is new lies ahead.
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

// on returns what the performance stated at a revision.
func (c *performanceCheck) on(revision events.Revision) (*terms, *fault) {
	if t := c.stated[revision]; t != nil {
		return t, nil
	}
	return nil, faultf(RuleTerms, "revision %d of performance %q states nothing", revision, c.id)
}

// acquires holds what is acquired at a time to the terms that it names.
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

// terms returns what the present or last hold of a booking was decided on.
func (l *ledger) terms(b *booking) *terms { return l.performances[b.performance].stated[b.terms] }
