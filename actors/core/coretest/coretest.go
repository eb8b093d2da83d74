package coretest

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"admitone/actors/core"
	"admitone/events"
)

// Do has a core decide a command, takes the facts in, and tells what was decided.
func Do(c core.Core, cmd core.Command, at time.Time, tell func(events.Fact) string) string {
	facts, err := c.Decide(cmd, at)
	said := Describe(facts, err, tell)
	for _, fact := range facts {
		c.Evolve(fact)
	}
	return said
}

// Describe puts what was decided as a sentence: a refusal is its code and its fields,
// and facts are what tell says of each.
func Describe(facts []events.Fact, err error, tell func(events.Fact) string) string {
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
	said := make([]string, 0, len(facts))
	for _, fact := range facts {
		said = append(said, tell(fact))
	}
	return strings.Join(said, "; ")
}

// Failer is what a test and a random test have in common.
type Failer interface {
	Helper()
	Fatalf(format string, args ...any)
}

// Restored writes a frozen state down and returns the core that comes of it.
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

// RefusesCutSnapshots holds that no prefix of a core's snapshot passes for one.
func RefusesCutSnapshots(t *testing.T, c core.Core, fresh func() core.Core) {
	t.Helper()
	var whole bytes.Buffer
	if err := c.Freeze()(&whole); err != nil {
		t.Fatal(err)
	}
	for size := range whole.Len() {
		if err := fresh().Restore(bytes.NewReader(whole.Bytes()[:size])); err == nil {
			t.Errorf("%d of %d bytes were restored", size, whole.Len())
		}
	}
}

// RefusesFacts holds that a core panics at facts that can't be, and does not go on.
func RefusesFacts(t *testing.T, c core.Core, facts ...events.Fact) {
	t.Helper()
	defer func() {
		if recover() == nil {
			t.Errorf("taken in: %+v", c)
		}
	}()
	for _, fact := range facts {
		c.Evolve(fact)
	}
}
