package performance

import (
	"fmt"
	"testing"

	"admitone/actors/core"
	"admitone/actors/core/coretest"
	"admitone/events"
)

// TestBlocks makes and undoes changes of blocks in order.
func TestBlocks(t *testing.T) {
	change := func(number int64) events.BlockChange {
		return events.BlockChange{Number: number, Label: "press", Seats: []events.SeatName{"A-1-1"}}
	}
	begin := func(number int64) core.Command { return &BeginBlocks{BlockChange: change(number)} }
	apply := func(number int64) core.Command { return &ChangeBlocks{BlockChange: change(number)} }
	p := New()
	for i, test := range []struct {
		cmd  core.Command
		want string
	}{
		{begin(1), "not_found [resource:performance]"},
		{apply(1), "not_found [resource:performance]"},
		{&WithdrawBlocks{1}, "not_found [resource:performance]"},
		{&UndoBlocks{1}, "nothing"},
		{gala(func(*Create) {}), "performance.created.v1"},
		{&RecallBlocks{}, "not_found [resource:change]"},
		{begin(2), "stale_revision"},
		{apply(2), "stale_revision"},
		{apply(1), "performance.blocks_changed.v1"},
		{apply(1), "nothing"},
		{&WithdrawBlocks{1}, "already_confirmed"},
		{begin(1), "stale_revision"},
		{begin(2), "performance.blocks_begun.v1"},
		{begin(2), "stale_revision"},
		{begin(3), "stale_revision"},
		{apply(3), "stale_revision"},
		{&UndoBlocks{2}, "nothing"},
		{&WithdrawBlocks{1}, "already_confirmed"},
		{&WithdrawBlocks{2}, "performance.blocks_withdrawn.v1"},
		{&WithdrawBlocks{2}, "nothing"},
		{apply(2), "stale_revision"},
		{&UndoBlocks{1}, "nothing"},
		{&UndoBlocks{2}, "performance.blocks_undone.v1"},
		{&UndoBlocks{2}, "nothing"},
		{&WithdrawBlocks{2}, "nothing"},
		{apply(2), "stale_revision"},
		{begin(3), "performance.blocks_begun.v1"},
		{apply(3), "performance.blocks_changed.v1"},
		{apply(2), "stale_revision"},
		{&UndoBlocks{3}, "nothing"},
	} {
		if got := coretest.Do(p, test.cmd, at(0), events.Fact.Name); got != test.want {
			t.Errorf("case %d: %T: got %q, want %q", i+1, test.cmd, got, test.want)
		}
		p = coretest.RoundTrip(t, p.Freeze(), New)
	}
	if got := p.(*Performance).Blocks(); got.Last != 3 || got.Open != nil || got.Withdrawn {
		t.Errorf("got blocks %+v, want Last 3 and no change in progress", got)
	}
}

// TestUndoneChangesAreBounded checks that only the latest maxUndone undone changes are remembered.
func TestUndoneChangesAreBounded(t *testing.T) {
	var b blocks
	for n := int64(1); n <= 3*maxUndone; n++ {
		for _, fact := range []events.Fact{&events.BlocksBegun{BlockChange: events.BlockChange{Number: n}},
			&events.BlocksWithdrawn{Number: n}, &events.BlocksUndone{Number: n}} {
			if !b.evolve(fact) {
				t.Fatalf("%s of change %d: got it refused, want it applied", fact.Name(), n)
			}
		}
	}
	if len(b.Undone) != maxUndone || b.Undone[maxUndone-1] != 3*maxUndone {
		t.Errorf("got %d undone changes, the last %d; want %d, the last %d", len(b.Undone), b.Undone[len(b.Undone)-1],
			maxUndone, 3*maxUndone)
	}
}

// TestImpossibleBlocks checks that facts which contradict the state are refused.
func TestImpossibleBlocks(t *testing.T) {
	begun := func(n int64) events.Fact { return &events.BlocksBegun{BlockChange: events.BlockChange{Number: n}} }
	changed := func(n int64) events.Fact { return &events.BlocksChanged{BlockChange: events.BlockChange{Number: n}} }
	withdrawn, undone := &events.BlocksWithdrawn{Number: 1}, &events.BlocksUndone{Number: 1}
	for i, facts := range [][]events.Fact{
		{begun(2)}, {changed(2)}, {changed(0)}, {withdrawn}, {undone}, {begun(1), begun(2)},
		{begun(1), changed(2)}, {begun(1), undone}, {begun(1), withdrawn, withdrawn}, {begun(1), withdrawn, changed(1)},
		{begun(1), changed(1), changed(1)}, {changed(1), withdrawn}, {begun(1), withdrawn, undone, begun(1)},
	} {
		t.Run(fmt.Sprint(i), func(t *testing.T) {
			var b blocks
			for _, fact := range facts[:len(facts)-1] {
				if !b.evolve(fact) {
					t.Fatalf("%s: got it refused, want it applied", fact.Name())
				}
			}
			if b.evolve(facts[len(facts)-1]) {
				t.Errorf("%s: got it applied, want it refused", facts[len(facts)-1].Name())
			}
		})
	}
}
