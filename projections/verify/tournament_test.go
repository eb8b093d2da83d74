package verify

import (
	"slices"
	"testing"
	"time"

	"admitone/events"
)

// TestVerifierForgetsRowsThatAreGone: a group that waits first forever does not keep later rows in
// memory once they are promoted.
func TestVerifierForgetsRowsThatAreGone(t *testing.T) {
	c := &tournamentCheck{teams: map[events.TeamID]*waitingRow{}}
	closing := time.Date(2099, 1, 1, 0, 0, 0, 0, time.UTC)
	e, most := events.Recorded{Stream: "tournament-a"}, 0
	take := func(facts ...events.Fact) {
		for _, fact := range facts {
			if f := c.apply(&e, fact, closing.AddDate(-1, 0, 0)); f != nil {
				t.Fatal(f)
			}
			e.Revision++
		}
		most = max(most, len(c.waiting))
	}
	counts := func(entered, waitlisted int64) events.TournamentCounts {
		return events.TournamentCounts{Entered: entered, Remaining: 2 - entered, Waitlisted: waitlisted}
	}
	take(
		&events.TournamentCreated{
			TournamentID: "a", TeamLimit: 2, RegisterDeadline: closing, Waitlist: true, WaitlistRule: events.WaitlistFill,
		},
		&events.TournamentEntered{TeamIDs: []events.TeamID{"x", "y"}, TournamentCounts: counts(2, 0)},
		&events.TournamentWaitlisted{TeamIDs: []events.TeamID{"v", "w"}, TournamentCounts: counts(2, 2)},
	)
	entered := []events.TeamID{"x", "y"}
	for n := range 5000 {
		name := events.TeamID(string(rune('a'+n%26)) + string(rune('a'+n/26%26)) + string(rune('a'+n/26/26)))
		take(
			&events.TournamentWaitlisted{TeamIDs: []events.TeamID{name}, TournamentCounts: counts(2, 3)},
			&events.TournamentWithdrawn{TeamID: entered[0], Was: events.EntryEntered, TournamentCounts: counts(1, 3)},
			&events.TournamentPromoted{Rows: [][]events.TeamID{{name}}, TournamentCounts: counts(2, 2)},
		)
		entered = append(entered[1:], name)
	}
	if most > 8 {
		t.Errorf("up to %d rows were kept", most)
	}
	if front := c.firstUpTo(largestGroup); !slices.Equal(front.teams, []events.TeamID{"v", "w"}) || c.row.waitlisted != 2 {
		t.Errorf("it ended with %q in front of %d teams", front.teams, c.row.waitlisted)
	}
}
