package core

import (
	"fmt"
	"time"

	"admitone/events"
)

// Step takes c through one command at the time now: everything that is due expires, cmd is
// decided, and c evolves by the facts, which Step returns. It calls expired with the facts of
// each deadline, by which c has evolved already. A nil cmd only lets things expire.
//
// Errors: the [*Refusal] of cmd; any other error is a fault of the core, a deadline that
// passes and at which nothing expires.
func Step(c Core, cmd Command, now time.Time, expired func([]events.Fact)) ([]events.Fact, error) {
	for next := c.NextDeadline(); !next.IsZero() && next.Before(now); next = c.NextDeadline() {
		facts, err := c.Decide(&Expire{}, now)
		if err != nil || len(facts) == 0 {
			return nil, fmt.Errorf("there is a deadline at %v and nothing that expires: %v", next, err)
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
