package cursors

import (
	"fmt"
	"testing"
	"time"

	"admitone/actors/core"
	"admitone/actors/core/coretest"
	"admitone/events"
)

// TestRules: each case continues from the previous one, with a cursor restored from its snapshot.
func TestRules(t *testing.T) {
	describe := func(fact events.Fact) string {
		switch f := fact.(type) {
		case *events.CursorTaken:
			return fmt.Sprintf("taken by %s for term %d", f.Node, f.Term)
		case *events.CursorMoved:
			return fmt.Sprintf("moved to %d in term %d", f.Reached, f.Term)
		}
		return fact.Name()
	}
	moved := func(term int64, to events.Position) core.Command {
		return &core.MoveCursor{CursorMoved: events.CursorMoved{Term: term, Reached: to}}
	}
	c := New().(*Cursor)
	for i, test := range []struct {
		cmd  core.Command
		want string
	}{
		{moved(0, 1), "stale_revision [term:0]"},
		{&core.TakeCursor{CursorTaken: events.CursorTaken{Term: 2, Node: "a"}}, "stale_revision [term:0]"},
		{&core.TakeCursor{CursorTaken: events.CursorTaken{Term: 1, Node: "a"}}, "taken by a for term 1"},
		{moved(1, 7), "moved to 7 in term 1"},
		{moved(1, 7), "nothing"},
		{&core.TakeCursor{CursorTaken: events.CursorTaken{Term: 2, Node: "b"}}, "taken by b for term 2"},
		{moved(1, 9), "stale_revision [term:2]"},
		{moved(2, 9), "moved to 9 in term 2"},
	} {
		if got := coretest.Do(c, test.cmd, time.Time{}, describe); got != test.want {
			t.Errorf("case %d: got %q, want %q", i+1, got, test.want)
		}
		c = coretest.RoundTrip(t, c.Freeze(), New).(*Cursor)
	}
	if at := c.At(); at.Node != "b" || at.Reached != 9 || !c.NextDeadline().IsZero() {
		t.Errorf("cursor = %+v, want node b at 9", at)
	}
}
