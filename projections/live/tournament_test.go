package live

import (
	"fmt"
	"testing"

	"admitone/events"
	"admitone/projections/row"
)

// TestManyTeamsAreNotNamed: a frame with many changes stays small.
func TestManyTeamsAreNotNamed(t *testing.T) {
	entered := RowDelta[row.Tournament]{Cause: CauseEntered}
	var d Delta = &TournamentDelta{RowDelta: RowDelta[row.Tournament]{Cause: CauseNone}}
	for n := range namedTeams + 1 {
		for range 2 { // the same team again is no other
			before := d.(*TournamentDelta)
			if before.Unnamed || len(before.Teams) > n+1 {
				t.Fatalf("after %d teams it names %d, unnamed: %t", n, len(before.Teams), before.Unnamed)
			}
			next := &TournamentDelta{
				RowDelta: entered,
				Teams:    []TeamStatus{{events.TeamID(fmt.Sprint(n)), events.EntryEntered}},
			}
			sum := d.Clone()
			sum.Merge(next)
			if n < namedTeams || !sum.(*TournamentDelta).Unnamed {
				d = sum
			}
		}
		if n < namedTeams && len(d.(*TournamentDelta).Teams) != n+1 {
			t.Fatalf("%d teams are named %d times", n+1, len(d.(*TournamentDelta).Teams))
		}
	}
	d.Merge(&TournamentDelta{RowDelta: entered, Teams: []TeamStatus{{"one more", events.EntryEntered}}})
	d.Merge(&TournamentDelta{RowDelta: entered, Teams: []TeamStatus{{"and another", events.EntryEntered}}})
	o := events.OpenObject(nil)
	d.Members(&o)
	if text := string(o.Close()); text != `{"remaining":0,"entered":0,"waitlisted":0,"change":0,"cause":"entered","revision":0,"teams_unnamed":true}` {
		t.Error(text)
	}
}

// TestCausesOfATeam: a promotion is not hidden by moves in the waitlist.
func TestCausesOfATeam(t *testing.T) {
	for _, test := range []struct{ first, then, want Cause }{
		{CauseMoved, CauseMoved, CauseMoved},
		{CauseMoved, CausePromoted, CausePromoted},
		{CausePromoted, CauseMoved, CausePromoted},
		{CauseNone, CauseMoved, CauseMoved},
		{CauseNone, CausePromoted, CausePromoted},
		{CauseMoved, CauseNone, CauseMoved},
		{CausePromoted, CauseWithdrawn, CauseMixed},
	} {
		d := &TeamDelta{Cause: test.first}
		if d.Merge(&TeamDelta{Cause: test.then}); d.Cause != test.want {
			t.Errorf("%s and %s are %s, want %s", test.first, test.then, d.Cause, test.want)
		}
	}
}
