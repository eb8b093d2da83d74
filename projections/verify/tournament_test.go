package verify

import (
	"slices"
	"testing"
	"time"

	"admitone/events"
)

// TestVerifierForgetsEndedRows: promoted rows are removed from memory, even if a group before them never valid.
func TestVerifierForgetsEndedRows(t *testing.T) {
	c := &tournamentCheck{teams: map[events.TeamID]*waitingRow{}}
	closing := time.Date(2099, 1, 1, 0, 0, 0, 0, time.UTC)
	e, highest := events.Recorded{Stream: "tournament-a"}, 0
	apply := func(facts ...events.Fact) {
		for _, fact := range facts {
			if f := c.apply(&e, fact, closing.AddDate(-1, 0, 0)); f != nil {
				t.Fatalf("%s: %s", fact.Name(), f.detail)
			}
			e.Revision++
		}
		highest = max(highest, len(c.waiting))
	}
	counts := func(entered, waitlisted int64) events.TournamentCounts {
		return events.TournamentCounts{Entered: entered, Remaining: 2 - entered, Waitlisted: waitlisted}
	}
	apply(
		&events.TournamentCreated{
			TournamentID: "a", TeamLimit: 2, RegisterDeadline: closing, Waitlist: true, WaitlistRule: events.WaitlistFill,
		},
		&events.TournamentEntered{TeamIDs: []events.TeamID{"x", "y"}, TournamentCounts: counts(2, 0)},
		&events.TournamentWaitlisted{TeamIDs: []events.TeamID{"v", "w"}, TournamentCounts: counts(2, 2)},
	)
	entered := []events.TeamID{"x", "y"}
	for n := range 5000 {
		name := events.TeamID(string(rune('a'+n%26)) + string(rune('a'+n/26%26)) + string(rune('a'+n/26/26)))
		apply(&events.TournamentWaitlisted{TeamIDs: []events.TeamID{name}, TournamentCounts: counts(2, 3)},
			&events.TournamentWithdrawn{TeamID: entered[0], Was: events.EntryEntered, TournamentCounts: counts(1, 3)},
			&events.TournamentPromoted{Rows: [][]events.TeamID{{name}}, TournamentCounts: counts(2, 2)})
		entered = append(entered[1:], name)
	}
	if highest > 8 {
		t.Errorf("up to %d rows were in memory, want at most 8", highest)
	}
	if front := c.firstUpTo(largestGroup); !slices.Equal(front.teams, []events.TeamID{"v", "w"}) || c.row.waitlisted != 2 {
		t.Errorf("the first row is %q of %d waiting teams, want v and w", front.teams, c.row.waitlisted)
	}
}
