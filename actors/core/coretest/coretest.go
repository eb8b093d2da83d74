package coretest

import (
	"bytes"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"admitone/actors/core"
	"admitone/events"
)

// Do decides a command on a core, applies its facts, and describes the decision.
func Do(c core.Core, cmd core.Command, at time.Time, describe func(events.Fact) string) string {
	facts, err := c.Decide(cmd, at)
	text := Describe(facts, err, describe)
	for _, fact := range facts {
		c.Evolve(fact)
	}
	return text
}

// Describe describes a decision: a refusal by its code and fields, facts by describe, and no facts
// as "nothing".
func Describe(facts []events.Fact, err error, describe func(events.Fact) string) string {
	if err != nil {
		r := err.(*core.Refusal)
		if len(r.Fields) == 0 {
			return string(r.Code)
		}
		return string(r.Code) + " " + strings.TrimPrefix(fmt.Sprint(r.Fields), "map")
	}
	if len(facts) == 0 {
		return "nothing"
	}
	texts := make([]string, 0, len(facts))
	for _, fact := range facts {
		texts = append(texts, describe(fact))
	}
	return strings.Join(texts, "; ")
}

// Failer is the part of testing.T and rapid.T that this package uses.
type Failer interface {
	Helper()
	Fatalf(format string, args ...any)
}

// RoundTrip writes a frozen state and returns the core restored from it.
func RoundTrip(t Failer, write func(io.Writer) error, newCore func() core.Core) core.Core {
	t.Helper()
	var saved bytes.Buffer
	if err := write(&saved); err != nil {
		t.Fatalf("writing: %v", err)
	}
	c := newCore()
	if err := c.Restore(&saved); err != nil {
		t.Fatalf("restoring: %v", err)
	}
	return c
}

// RequireIndependentClones checks at every prefix of a log that a core, which must be a
// [core.Cloner], and its clone share nothing that changes, and that both evolve alike.
func RequireIndependentClones(t Failer, newCore func() core.Core, log []events.Fact) {
	t.Helper()
	state := func(c core.Core) string {
		var saved bytes.Buffer
		if err := c.Freeze()(&saved); err != nil {
			t.Fatalf("writing: %v", err)
		}
		content := saved.Bytes()
		slices.Sort(content) // entries have no order
		return fmt.Sprintf("%x %v", content, c.NextDeadline())
	}
	clones, states := make([]core.Core, len(log)), make([]string, len(log))
	c, ends := newCore(), map[string]bool{}
	for i, fact := range log {
		clones[i], states[i] = c.(core.Cloner).Clone(), state(c)
		clone := c.(core.Cloner).Clone()
		for _, next := range log[i:] {
			clone.Evolve(next)
		}
		ends[state(clone)] = true
		if got := state(c); got != states[i] {
			t.Fatalf("after the facts from %d on were applied to a clone, the core is %s, want %s", i, got, states[i])
		}
		c.Evolve(fact)
	}
	for i := range clones {
		if got := state(clones[i]); got != states[i] {
			t.Fatalf("after the facts from %d on were applied to the core, its clone is %s, want %s", i, got, states[i])
		}
	}
	if len(log) > 0 && (len(ends) != 1 || !ends[state(c)]) {
		t.Fatalf("the clones end in %d states, want only the core's: %s", len(ends), state(c))
	}
}

// RequireTruncatedSnapshotsRefused checks that no prefix of a core's snapshot is accepted.
func RequireTruncatedSnapshotsRefused(t *testing.T, c core.Core, newCore func() core.Core) {
	t.Helper()
	var whole bytes.Buffer
	if err := c.Freeze()(&whole); err != nil {
		t.Fatal(err)
	}
	for size := range whole.Len() {
		if err := newCore().Restore(bytes.NewReader(whole.Bytes()[:size])); err == nil {
			t.Errorf("Restore accepted the first %d of %d bytes, want an error", size, whole.Len())
		}
	}
}

// RequirePanic checks that a core accepts all facts but the last, at which it panics.
func RequirePanic(t *testing.T, c core.Core, facts ...events.Fact) {
	t.Helper()
	applied := 0
	defer func() {
		if r := recover(); r == nil || applied != len(facts)-1 {
			t.Errorf("Evolve accepted %d of the facts %+v and panicked with %v; want a panic at the last one", applied, facts, r)
		}
	}()
	for _, fact := range facts {
		c.Evolve(fact)
		applied++
	}
}
