package live

import (
	"fmt"
	"testing"

	"admitone/events"
	"admitone/projections/row"
)

// TestManyTeamsAreNotNamed: a delta with more than maxNamedTeams teams names none.
func TestManyTeamsAreNotNamed(t *testing.T) {
	entered := RowDelta[row.Tournament]{Cause: CauseEntered}
	var d Delta = &TournamentDelta{RowDelta: RowDelta[row.Tournament]{Cause: CauseNone}}
	for n := range maxNamedTeams + 1 {
		for range 2 { // a repeated team counts once
			before := d.(*TournamentDelta)
			if before.Unnamed || len(before.Teams) > n+1 {
				t.Fatalf("a delta of %d teams names %d, unnamed: %t; want all of them", n, len(before.Teams), before.Unnamed)
			}
			next := &TournamentDelta{
				RowDelta: entered,
				Teams:    []TeamStatus{{events.TeamID(fmt.Sprint(n)), events.EntryEntered}},
			}
			sum := d.Clone()
			sum.Merge(next)
			if n < maxNamedTeams || !sum.(*TournamentDelta).Unnamed {
				d = sum
			}
		}
		if n < maxNamedTeams && len(d.(*TournamentDelta).Teams) != n+1 {
			t.Fatalf("a delta of %d teams names %d, want all of them", n+1, len(d.(*TournamentDelta).Teams))
		}
	}
	d.Merge(&TournamentDelta{RowDelta: entered, Teams: []TeamStatus{{"one more", events.EntryEntered}}})
	d.Merge(&TournamentDelta{RowDelta: entered, Teams: []TeamStatus{{"and another", events.EntryEntered}}})
	o := events.OpenObject(nil)
	d.Members(&o)
	const want = `{"remaining":0,"entered":0,"waitlisted":0,"change":0,"cause":"entered","revision":0,"teams_unnamed":true}`
	if got := string(o.Close()); got != want {
		t.Errorf("members %s, want %s", got, want)
	}
}

// TestTeamDeltaCause: the cause of merged deltas is CauseMoved only if there is no other cause among them.
func TestTeamDeltaCause(t *testing.T) {
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
			t.Errorf("the cause of %s and %s is %s, want %s", test.first, test.then, d.Cause, test.want)
		}
	}
}
