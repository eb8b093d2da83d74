package calloff

import (
	"fmt"
	"testing"
	"time"

	"admitone/actors/core"
	"admitone/actors/core/coretest"
	"admitone/events"
)

// TestRules checks the facts of each command on a core restored from a snapshot.
func TestRules(t *testing.T) {
	begun := &events.CallOffBegun{Of: "performance", ID: "gala", Reason: "ill"}
	taken, moved := &events.CursorTaken{Term: 1, Node: "n"}, &events.CursorMoved{Term: 1, Reached: 9}
	swept := &events.CallOffSwept{Ended: 3}
	for i, test := range []struct {
		given []events.Fact
		cmd   core.Command
		want  string
	}{
		{nil, &Begin{Of: "performance", ID: "gala", Reason: "ill"}, "calloff.begun.v1 {performance gala ill}"},
		{[]events.Fact{begun}, &Begin{Of: "performance", ID: "gala", Reason: "other"}, "nothing"},
		{[]events.Fact{begun, taken, swept}, &Begin{Of: "performance", ID: "gala"}, "nothing"},
		{nil, &Finish{Term: 1}, "not_found [resource:cancellation]"},
		{nil, &core.TakeCursor{CursorTaken: events.CursorTaken{Term: 1, Node: "n"}}, "not_found [resource:cancellation]"},
		{[]events.Fact{begun}, &Finish{}, "stale_revision"},
		{[]events.Fact{begun, taken}, &Finish{Term: 2}, "stale_revision"},
		{[]events.Fact{begun, taken}, &Finish{Term: 1, Ended: 3}, "calloff.swept.v1 {3}"},
		{[]events.Fact{begun, taken, swept}, &Finish{Term: 7}, "nothing"},
		{[]events.Fact{begun}, &core.TakeCursor{CursorTaken: events.CursorTaken{Term: 1, Node: "n"}}, "cursor.taken.v1 {1 n  false 0 { 0}}"},
		{[]events.Fact{begun, taken}, &core.MoveCursor{CursorMoved: events.CursorMoved{Term: 2, Reached: 9}},
			"stale_revision [term:1]"},
		{[]events.Fact{begun, taken, moved}, &core.MoveCursor{CursorMoved: *moved}, "nothing"},
	} {
		c := New()
		for _, fact := range test.given {
			c.Evolve(fact)
		}
		c = coretest.RoundTrip(t, c.Freeze(), New)
		got := coretest.Do(c, test.cmd, time.Time{}, func(fact events.Fact) string {
			switch f := fact.(type) {
			case *events.CallOffBegun:
				return fmt.Sprint(f.Name(), " ", *f)
			case *events.CallOffSwept:
				return fmt.Sprint(f.Name(), " ", *f)
			case *events.CursorTaken:
				return fmt.Sprint(f.Name(), " ", *f)
			}
			return fact.Name()
		})
		if got != test.want {
			t.Errorf("case %d: %T: got %q, want %q", i+1, test.cmd, got, test.want)
		}
	}
}

// TestImpossibleFacts checks that the core panics on facts that contradict its state.
func TestImpossibleFacts(t *testing.T) {
	begun, swept := &events.CallOffBegun{Of: "performance", ID: "gala"}, &events.CallOffSwept{}
	for _, facts := range [][]events.Fact{
		{swept}, {begun, begun}, {begun, swept, swept}, {begun, &events.ProductOpened{}},
	} {
		coretest.RequirePanic(t, New(), facts...)
	}
}
