package verify

import (
	"testing"

	"admitone/events"
)

// TestBlockRules: valid and invalid sequences of changes of blocks.
func TestBlockRules(t *testing.T) {
	layout := events.NewLayout([]events.Section{{ID: "A", Rows: 1, SeatsPerRow: 3}})
	change := func(number int64, seats ...events.SeatName) events.BlockChange {
		return events.BlockChange{Number: number, Label: "press", Seats: seats}
	}
	start := func(n int64, seats ...events.SeatName) events.Fact {
		return &events.BlocksBegun{BlockChange: change(n, seats...)}
	}
	made := func(n int64, seats ...events.SeatName) events.Fact {
		return &events.BlocksChanged{BlockChange: change(n, seats...)}
	}
	withdrawn, undone := &events.BlocksWithdrawn{Number: 1}, &events.BlocksUndone{Number: 1}
	unblocks := func(seats ...events.SeatName) events.BlockChange {
		c := change(1, seats...)
		c.Unblocks = true
		return c
	}
	seat := func(label events.BlockLabel, n int64) events.Fact {
		return &events.SeatBlocked{Label: label, Change: n}
	}
	for i, line := range []struct {
		facts []events.Fact // the last one breaks the rule, if there is one
		rule  Rule
	}{
		{[]events.Fact{made(1, "A-1-1", "A-1-3"), seat("press", 1), start(2), made(2), start(3), seat("press", 1)}, ""},
		{[]events.Fact{start(1, "A-1-1"), withdrawn, undone, start(2, "A-1-1"), made(2, "A-1-1")}, ""},
		{[]events.Fact{&events.BlocksBegun{BlockChange: unblocks("A-1-1", "A-1-2")},
			&events.BlocksChanged{BlockChange: unblocks("A-1-2")}}, ""},
		{[]events.Fact{&events.BlocksBegun{BlockChange: unblocks("A-1-1", "A-1-2")},
			&events.BlocksChanged{BlockChange: unblocks("A-1-3")}}, RuleBlocks},
		{[]events.Fact{start(1, "A-1-1", "A-1-2"), made(1, "A-1-1")}, RuleBlocks},
		{[]events.Fact{start(2)}, RuleBlocks},
		{[]events.Fact{made(1), made(1)}, RuleBlocks},
		{[]events.Fact{start(1), start(2)}, RuleBlocks},
		{[]events.Fact{withdrawn}, RuleBlocks},
		{[]events.Fact{start(1), undone}, RuleBlocks},
		{[]events.Fact{start(1), withdrawn, withdrawn}, RuleBlocks},
		{[]events.Fact{start(1), withdrawn, made(1)}, RuleBlocks},
		{[]events.Fact{start(1, "A-1-4")}, RuleLayout},
		{[]events.Fact{start(1, "A-1-1", "A-1-1")}, RuleBlocks},
		{[]events.Fact{start(1, "A-1-2", "A-1-1")}, RuleBlocks},
		{[]events.Fact{&events.BlocksBegun{BlockChange: events.BlockChange{Number: 1}}}, RuleBlocks},
		{[]events.Fact{seat("press", 1)}, RuleBlocks},
		{[]events.Fact{made(1, "A-1-2"), seat("press", 1)}, RuleBlocks},
		{[]events.Fact{made(1, "A-1-1"), seat("crew", 1)}, RuleBlocks},
		{[]events.Fact{&events.BlocksBegun{BlockChange: unblocks("A-1-1")}, seat("press", 1)}, RuleBlocks},
		{[]events.Fact{made(1), seat("press", -1)}, RuleBlocks},
	} {
		performance := &performanceCheck{id: "g", latest: &terms{layout: layout}}
		for j, fact := range line.facts {
			var found *fault
			if f, ok := fact.(*events.SeatBlocked); ok {
				found = performance.blocks.blocked("A-1-1", f)
			} else {
				found, _ = performance.blocks.apply(performance, fact)
			}
			rule := Rule("")
			if found != nil {
				rule = found.rule
			}
			want := Rule("")
			if j == len(line.facts)-1 {
				want = line.rule
			}
			if rule != want {
				t.Errorf("line %d, fact %d: %q, want %q", i+1, j+1, rule, want)
			}
		}
	}
}
