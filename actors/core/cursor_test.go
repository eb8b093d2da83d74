package core

import (
	"reflect"
	"testing"
	"time"

	"admitone/events"
)

// TestCursor checks that only the last server to take the cursor moves it, and that recorded
// progress leads to no fact.
func TestCursor(t *testing.T) {
	next := time.Date(2026, 5, 1, 20, 0, 0, 0, time.UTC)
	moved := func(term int64, reached events.Position) events.CursorMoved {
		return events.CursorMoved{Term: term, Reached: reached, NextAt: next}
	}
	failing := moved(2, 7)
	failing.CursorFailure = events.CursorFailure{Failing: 8, Failures: 1, Since: next, Error: "no"}
	c := &Cursor{}
	for i, line := range []struct {
		cmd  Command
		want events.Fact // nil and ok false: refused
		ok   bool
	}{
		{&MoveCursor{moved(0, 5)}, nil, false}, // not taken yet
		{&TakeCursor{events.CursorTaken{Term: 2, Node: "a"}}, nil, false},
		{&TakeCursor{events.CursorTaken{Term: 1, Node: "a"}}, &events.CursorTaken{Term: 1, Node: "a"}, true},
		{&TakeCursor{events.CursorTaken{Term: 1, Node: "b"}}, nil, false}, // a took term 1
		{&MoveCursor{moved(1, 5)}, &events.CursorMoved{Term: 1, Reached: 5, NextAt: next}, true},
		{&MoveCursor{moved(1, 5)}, nil, true},
		{&TakeCursor{events.CursorTaken{Term: 2, Node: "b"}}, &events.CursorTaken{Term: 2, Node: "b"}, true},
		{&MoveCursor{moved(1, 6)}, nil, false}, // a has not learnt of the takeover
		{&MoveCursor{moved(2, 7)}, &events.CursorMoved{Term: 2, Reached: 7, NextAt: next}, true},
		{&MoveCursor{failing}, &failing, true},
		{&MoveCursor{failing}, nil, true},
	} {
		facts, err, known := c.Decide(line.cmd)
		refusal, _ := err.(*Refusal)
		if !known || (err == nil) != line.ok || err != nil && refusal.Code != CodeStaleRevision {
			t.Errorf("row %d: error %v, known %t; want accepted %t", i+1, err, known, line.ok)
		}
		if line.want == nil && facts != nil || line.want != nil && !reflect.DeepEqual(facts, []events.Fact{line.want}) {
			t.Errorf("row %d: facts = %v, want %v", i+1, facts, line.want)
		}
		for _, fact := range facts {
			c.Evolve(fact)
		}
	}
	if _, _, known := c.Decide(&Expire{}); known {
		t.Error("Decide(Expire) = known, want unknown")
	}
	// In a copy of the log it continues at a different position, and forgets failed events.
	mark := events.CursorMark{Stream: "product-1", Revision: 3}
	copied := *c
	for _, fact := range []events.Fact{
		&events.CursorTaken{Term: 3, Node: "a", Log: "copy", Copied: true, Reached: 4, CursorMark: mark},
		&events.CursorMoved{Term: 3, Reached: 5, CursorMark: mark},
		&events.CursorTaken{Term: 4, Node: "b", Log: "copy"},
	} {
		copied.Evolve(fact)
	}
	if want := (Cursor{Term: 4, Node: "b", Log: "copy",
		CursorMoved: events.CursorMoved{Term: 3, Reached: 5, CursorMark: mark}}); copied != want {
		t.Errorf("cursor in a copy of the log = %+v, want %+v", copied, want)
	}
	c.ClearFailure()
	if want := (Cursor{Term: 2, Node: "b", CursorMoved: events.CursorMoved{Term: 2, Reached: 7}}); *c != want {
		t.Errorf("after ClearFailure: %+v, want %+v", *c, want)
	}
	c.Rewind(3, 2)
	if _, err, _ := c.Decide(&MoveCursor{moved(3, 9)}); err == nil || c.Reached != 2 {
		t.Errorf("a move after the rewind: error %v at position %d; want a refusal at position 2", err, c.Reached)
	}
}

// TestImpossibleCursorFacts checks that Evolve panics at facts that only a damaged log has.
func TestImpossibleCursorFacts(t *testing.T) {
	for i, fact := range []events.Fact{
		&events.CursorTaken{Term: 3}, &events.CursorTaken{Term: 1}, &events.CursorMoved{Term: 2, Reached: 9},
		&events.CursorMoved{Term: 1, Reached: 4},
	} {
		func() {
			c := &Cursor{Term: 1, Node: "a", CursorMoved: events.CursorMoved{Term: 1, Reached: 5}}
			defer func() {
				if recover() == nil {
					t.Errorf("row %d: Evolve(%+v) returned, want a panic", i+1, fact)
				}
			}()
			c.Evolve(fact)
		}()
	}
}
