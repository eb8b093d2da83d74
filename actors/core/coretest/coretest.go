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
	texts := Describe(facts, err, describe)
	for _, fact := range facts {
		c.Evolve(fact)
	}
	return texts
}

// Describe describes a decision: a refusal by its code and its fields, facts by the results of
// describe.
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

// Restored writes a frozen state and returns the core restored from it.
func Restored(t Failer, write func(io.Writer) error, fresh func() core.Core) core.Core {
	t.Helper()
	var saved bytes.Buffer
	if err := write(&saved); err != nil {
		t.Fatalf("writing: %v", err)
	}
	c := fresh()
	if err := c.Restore(&saved); err != nil {
		t.Fatalf("restoring: %v", err)
	}
	return c
}

// ClonesApart checks at every prefix of a log that a core and its clone, which must be a
// [core.Cloner], share nothing that changes, and that the clone goes on like the core.
func ClonesApart(t Failer, fresh func() core.Core, log []events.Fact) {
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
	kept, then := make([]core.Core, len(log)), make([]string, len(log))
	c, ends := fresh(), map[string]bool{}
	for i, fact := range log {
		kept[i], then[i] = c.(core.Cloner).Clone(), state(c)
		ahead := c.(core.Cloner).Clone()
		for _, next := range log[i:] {
			ahead.Evolve(next)
		}
		ends[state(ahead)] = true
		if got := state(c); got != then[i] {
			t.Fatalf("the facts from %d on, applied to the clone, make of the core %s, want %s", i, got, then[i])
		}
		c.Evolve(fact)
	}
	for i := range kept {
		if got := state(kept[i]); got != then[i] {
			t.Fatalf("the facts from %d on, applied to the core, make of the clone %s, want %s", i, got, then[i])
		}
	}
	if len(log) > 0 && (len(ends) != 1 || !ends[state(c)]) {
		t.Fatalf("the clones end in %d states, want only the core's: %s", len(ends), state(c))
	}
}

// RefusesCutSnapshots checks that no prefix of a core's snapshot is accepted.
func RefusesCutSnapshots(t *testing.T, c core.Core, fresh func() core.Core) {
	t.Helper()
	var whole bytes.Buffer
	if err := c.Freeze()(&whole); err != nil {
		t.Fatal(err)
	}
	for size := range whole.Len() {
		if err := fresh().Restore(bytes.NewReader(whole.Bytes()[:size])); err == nil {
			t.Errorf("Restore accepted %d of %d bytes", size, whole.Len())
		}
	}
}

// RefusesFacts checks that a core panics at impossible facts, and is not changed by them.
func RefusesFacts(t *testing.T, c core.Core, facts ...events.Fact) {
	t.Helper()
	defer func() {
		if recover() == nil {
			t.Errorf("an impossible fact was accepted: %+v", c)
		}
	}()
	for _, fact := range facts {
		c.Evolve(fact)
	}
}
