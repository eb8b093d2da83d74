package core_test

import (
	"errors"
	"io"
	"testing"
	"time"

	"admitone/actors/core"
	"admitone/events"
)

// ticker is a core with a deadline every second. It refuses a string, and an int n leads to n facts.
type ticker struct {
	next    time.Time
	stuck   bool // nothing expires
	evolved []events.Fact
}

func (c *ticker) Decide(cmd core.Command, _ time.Time) (facts []events.Fact, err error) {
	switch cmd := cmd.(type) {
	case *core.Expire:
		if c.stuck {
			return nil, nil
		}
		return []events.Fact{&events.SeatExpired{}}, nil
	case int:
		for range cmd {
			facts = append(facts, &events.SeatBlocked{})
		}
		return facts, nil
	}
	return nil, &core.Refusal{Code: "no"}
}

func (c *ticker) Evolve(fact events.Fact) {
	c.evolved = append(c.evolved, fact)
	if _, ok := fact.(*events.SeatExpired); ok {
		c.next = c.next.Add(time.Second)
	}
}

func (c *ticker) NextDeadline() time.Time       { return c.next }
func (c *ticker) Freeze() func(io.Writer) error { return nil }
func (c *ticker) Restore(io.Reader) error       { return nil }

// TestStep checks that deadlines before now expire one after another before the command is decided.
// A deadline at now is not due yet.
func TestStep(t *testing.T) {
	start := time.Date(2026, 5, 1, 20, 0, 0, 0, time.UTC)
	for _, line := range []struct {
		name                    string
		core                    ticker
		command                 core.Command
		expired, facts, evolved int
		err                     string
	}{
		{"nothing is due", ticker{}, 2, 0, 2, 2, ""},
		{"a deadline at now", ticker{next: start}, 1, 0, 1, 1, ""},
		{"two deadlines before now", ticker{next: start.Add(-2 * time.Second)}, 1, 2, 1, 3, ""},
		{"deadlines alone", ticker{next: start.Add(-2 * time.Second)}, nil, 2, 0, 2, ""},
		{"a refusal", ticker{next: start.Add(-time.Second)}, "no", 1, 0, 1, "no: "},
		{"a deadline at which nothing expires", ticker{next: start.Add(-time.Second), stuck: true}, 1, 0, 0, 0,
			"the deadline 2026-05-01 19:59:59 +0000 UTC has passed, but nothing expires: <nil>"},
	} {
		t.Run(line.name, func(t *testing.T) {
			expired := 0
			facts, err := core.Step(&line.core, line.command, start, func(facts []events.Fact) {
				if expired += len(facts); len(line.core.evolved) != expired {
					t.Errorf("expired was called with %d facts applied, want %d", len(line.core.evolved), expired)
				}
			})
			if expired != line.expired || len(facts) != line.facts || len(line.core.evolved) != line.evolved {
				t.Errorf("expired %d, returned %d, applied %d facts; want %d, %d, %d",
					expired, len(facts), len(line.core.evolved), line.expired, line.facts, line.evolved)
			}
			if err == nil && line.err != "" || err != nil && err.Error() != line.err {
				t.Errorf("error = %v, want %q", err, line.err)
			}
			if refusal := (*core.Refusal)(nil); errors.As(err, &refusal) != (line.err == "no: ") {
				t.Errorf("error = %v is a refusal: %t, want %t", err, refusal != nil, line.err == "no: ")
			}
		})
	}
}
