package verify

import (
	"time"

	"admitone/events"
)

// allowanceCheck folds an allowance and checks it against the performance's limit.
type allowanceCheck struct {
	ledger *ledger
	id     string
	parts  map[events.HoldID]part
	taken  int64
}

// part is one hold's share of an allowance, until a deadline; a zero deadline means none.
type part struct {
	seats int64
	until time.Time
}

func (c *allowanceCheck) apply(_ *events.Recorded, fact events.Fact, decided time.Time) *fault {
	switch f := fact.(type) {
	case *events.AllowanceTaken:
		return c.checkTaken(f)
	case *events.AllowanceExtended:
		p := c.parts[f.HoldID]
		if p.until.IsZero() || !f.ExpiresAt.After(p.until) {
			return faultf(RuleOwner, "%q has no share with a deadline before %s", f.HoldID, events.FormatTime(f.ExpiresAt))
		}
		c.parts[f.HoldID] = part{p.seats, f.ExpiresAt}
	case *events.AllowanceKept:
		p := c.parts[f.HoldID]
		switch {
		case p.until.IsZero() || p.seats != f.Seats || f.Taken != c.taken:
			return faultf(RuleFigures, "%q keeps %d seats of a total of %d; it has %d of %d, until %s",
				f.HoldID, f.Seats, f.Taken, p.seats, c.taken, events.FormatTime(p.until))
		case decided.After(p.until):
			return faultf(RuleDeadlines, "taken until %s and kept at %s", events.FormatTime(p.until), events.FormatTime(decided))
		}
		c.parts[f.HoldID] = part{seats: p.seats}
	case *events.AllowanceReduced:
		p := c.parts[f.HoldID]
		if p.seats <= f.Seats || f.Seats < 1 || f.Taken != c.taken-f.Seats {
			return faultf(RuleFigures, "%q releases %d seats and leaves a total of %d; it has %d of %d",
				f.HoldID, f.Seats, f.Taken, p.seats, c.taken)
		}
		c.parts[f.HoldID], c.taken = part{p.seats - f.Seats, p.until}, f.Taken
	case *events.AllowanceReleased:
		return c.checkReleased(f.HoldID, f.Seats, f.Taken, f.Was == events.AllowanceIsHeld)
	case *events.AllowanceExpired:
		if until := c.parts[f.HoldID].until; !f.ExpiresAt.Equal(until) || !decided.After(until) {
			return faultf(RuleDeadlines, "taken until %s; expired, as of %s, at %s", events.FormatTime(until),
				events.FormatTime(f.ExpiresAt), events.FormatTime(decided))
		}
		return c.checkReleased(f.HoldID, f.Seats, f.Taken, true)
	default:
		return faultf(RuleKnown, "a %s in an allowance's stream", fact.Name())
	}
	return nil
}

func (c *allowanceCheck) checkTaken(f *events.AllowanceTaken) *fault {
	id, _ := events.CutPerformance(c.id)
	performance := c.ledger.performances[id]
	if performance == nil {
		return faultf(RuleLayout, "there is no performance %q", id)
	}
	terms, fault := performance.findTerms(f.Terms)
	if fault != nil {
		return fault
	}
	_, known := c.parts[f.HoldID]
	switch {
	case terms.limit == 0:
		return faultf(RuleLimit, "performance %q has no limit", id)
	case known || f.Seats < 1 || f.Taken != c.taken+f.Seats:
		return faultf(RuleFigures, "%q takes %d seats, which makes a total of %d; the total was %d, and it had seats already: %t",
			f.HoldID, f.Seats, f.Taken, c.taken, known)
	case f.Taken > terms.limit:
		return faultf(RuleLimit, "%d seats are taken; the limit is %d", f.Taken, terms.limit)
	}
	c.parts[f.HoldID], c.taken = part{f.Seats, f.ExpiresAt}, f.Taken
	return nil
}

func (c *allowanceCheck) checkReleased(hold events.HoldID, seats, taken int64, held bool) *fault {
	p, known := c.parts[hold]
	if !known || p.seats != seats || c.taken-seats != taken || held == p.until.IsZero() {
		return faultf(RuleFigures, "%q releases %d seats and leaves a total of %d; it has %d of %d, with a deadline: %t",
			hold, seats, taken, p.seats, c.taken, !p.until.IsZero())
	}
	delete(c.parts, hold)
	c.taken = taken
	return nil
}
