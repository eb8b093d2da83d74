package tournament

import (
	"fmt"
	"slices"

	"admitone/events"
)

// Evolve implements [core.Core].
func (t *Tournament) Evolve(fact events.Fact) {
	switch f := fact.(type) {
	case *events.TournamentEntered:
		for _, team := range f.TeamIDs {
			t.take(team, 0)
		}
		t.entered += int64(len(f.TeamIDs))
		t.check(f.TournamentCounts)
	case *events.TournamentWaitlisted:
		number := t.waitlist.add(f.TeamIDs)
		for _, team := range f.TeamIDs {
			t.take(team, number)
		}
		t.waitlisted += int64(len(f.TeamIDs))
		t.check(f.TournamentCounts)
	case *events.TournamentPromoted:
		for _, row := range f.Rows {
			t.promoted(row)
		}
		t.check(f.TournamentCounts)
	case *events.TournamentWithdrawn:
		t.give(f.TeamID, f.Was)
		t.check(f.TournamentCounts)
	case *events.TournamentCreated:
		t.created = Create{ID: f.TournamentID, Name: f.DisplayName, TeamLimit: f.TeamLimit,
			RegisterDeadline: f.RegisterDeadline, Waitlist: f.Waitlist, Rule: f.WaitlistRule, WaitingRoom: f.WaitingRoom}
	case *events.TournamentEdited:
		t.created.Name, t.created.TeamLimit, t.created.RegisterDeadline = f.DisplayName, f.TeamLimit, f.RegisterDeadline
		t.created.WaitingRoom = f.WaitingRoom
		t.closed = f.Status == events.TournamentClosed
		t.check(f.TournamentCounts)
	default:
		panic(fmt.Sprintf("tournament: %s is no fact of a tournament", fact.Name()))
	}
}

func (t *Tournament) take(team string, number uint64) {
	before := t.teams.Len()
	t.teams.Set(team, number)
	if t.teams.Len() == before {
		panic(fmt.Sprintf("tournament %s: the log enters team %s, which is in", t.created.ID, team))
	}
}

// promoted moves a whole row of the waitlist to the slots.
func (t *Tournament) promoted(row []string) {
	number := uint64(0)
	if len(row) > 0 {
		number, _ = t.teams.Get(row[0])
	}
	if teams, ok := t.waitlist.rows.Get(number); !ok || !slices.Equal(teams, row) {
		panic(fmt.Sprintf("tournament %s: the log promotes %v, which is no row of the waitlist", t.created.ID, row))
	}
	for _, team := range row {
		t.teams.Set(team, 0)
	}
	t.waitlist.take(number, len(row))
	t.entered += int64(len(row))
	t.waitlisted -= int64(len(row))
}

func (t *Tournament) give(team string, was events.EntryStatus) {
	if status, in := t.Entry(team); !in || status != was {
		panic(fmt.Sprintf("tournament %s: the log withdraws team %s (%s), which is not like that", t.created.ID, team, was))
	}
	number, _ := t.teams.Get(team)
	t.teams.Delete(team)
	if number == 0 {
		t.entered--
		return
	}
	t.waitlisted--
	row, _ := t.waitlist.rows.Get(number)
	if len(row) == 1 {
		t.waitlist.take(number, 1)
		return
	}
	t.waitlist.shrink(number, len(row), without(row, team))
}

// check holds the figures a fact recorded against the state it led to.
func (t *Tournament) check(recorded events.TournamentCounts) {
	if counts := t.counts(); counts != recorded || counts.Remaining < 0 {
		panic(fmt.Sprintf("tournament %s: the log says %+v, its facts add up to %+v", t.created.ID, recorded, counts))
	}
}
