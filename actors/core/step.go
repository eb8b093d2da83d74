package core

import (
	"fmt"
	"time"

	"admitone/events"
)

// Step executes one command on c at the time now: it expires everything that is due, decides cmd,
// applies the facts to c, and returns them. It calls expired with the facts of each expiry, after
// it has applied them. With a nil cmd it only expires.
//
// Errors: the [*Refusal] of cmd; any other error is a bug of the core, which has a deadline before
// now but nothing that expires.
func Step(c Core, cmd Command, now time.Time, expired func([]events.Fact)) ([]events.Fact, error) {
	for next := c.NextDeadline(); !next.IsZero() && next.Before(now); next = c.NextDeadline() {
		facts, err := c.Decide(&Expire{}, now)
		if err != nil || len(facts) == 0 {
			return nil, fmt.Errorf("the deadline %v has passed, but nothing expires: %v", next, err)
		}
		evolve(c, facts)
		expired(facts)
	}
	if cmd == nil {
		return nil, nil
	}
	facts, err := c.Decide(cmd, now)
	if err == nil {
		evolve(c, facts)
	}
	return facts, err
}

func evolve(c Core, facts []events.Fact) {
	for _, fact := range facts {
		c.Evolve(fact)
	}
}
