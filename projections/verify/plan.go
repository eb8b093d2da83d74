package verify

import (
	"time"

	"admitone/events"
)

// RulePlans is the rule of seating plans, as it is printed.
const RulePlans Rule = "a seating plan is sealed once, with the text of its parts, and never changes"

func init() {
	ledgerChecks[events.PlanCategory] = func(l *ledger, id string) check {
		return &planCheck{ledger: l, id: events.PlanID(id)}
	}
}

// planCheck assembles the parts of a plan, and compiles its hall when it is sealed.
type planCheck struct {
	ledger *ledger
	id     events.PlanID
	digest string
	text   []byte
	sealed bool
}

func (c *planCheck) apply(_ *events.Recorded, fact events.Fact, _ time.Time) *fault {
	switch f := fact.(type) {
	case *events.PlanPartAdded:
		switch {
		case c.sealed:
			return faultf(RulePlans, "a part after the seal")
		case f.PlanID != c.id || f.Text == "":
			return faultf(RuleFigures, "a part of %q with %d bytes", f.PlanID, len(f.Text))
		case f.Offset == 0:
			c.digest, c.text = f.Digest, nil
		case f.Digest != c.digest || f.Offset != int64(len(c.text)):
			return faultf(RulePlans, "a part at %d of %s after %d bytes of %s", f.Offset, f.Digest, len(c.text), c.digest)
		}
		c.text = append(c.text, f.Text...)
	case *events.PlanSealed:
		return c.seal(f)
	default:
		return faultf(RuleKnown, "a %s in a plan's stream", fact.Name())
	}
	return nil
}

func (c *planCheck) seal(f *events.PlanSealed) *fault {
	digest := events.PlanDigest(c.text)
	switch {
	case c.sealed:
		return faultf(RulePlans, "it is sealed again")
	case f.PlanID != c.id:
		return faultf(RuleFigures, "it seals %q", f.PlanID)
	case f.Bytes != int64(len(c.text)) || f.Digest != digest || c.digest != digest:
		return faultf(RulePlans, "it seals %d bytes of %s; the parts are %d of %s", f.Bytes, f.Digest, len(c.text), digest)
	}
	plan, err := events.ParsePlan(c.text)
	if err != nil {
		return faultf(RulePlans, "%v", err)
	}
	hall, err := plan.Compile()
	if err != nil {
		return faultf(RulePlans, "the plan is not valid: %v", err)
	}
	if f.Seats != int64(hall.Seats()) || f.Places != hall.Places() || f.DisplayName != hall.DisplayName {
		return faultf(RuleFigures, "it records %q with %d seats and %d places; the plan has %d and %d", f.DisplayName, f.Seats,
			f.Places, hall.Seats(), hall.Places())
	}
	c.sealed, c.text = true, nil
	c.ledger.halls[c.id] = hall
	return nil
}
