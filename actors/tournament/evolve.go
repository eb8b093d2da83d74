package tournament

import (
	"fmt"
	"slices"
	"time"

	"admitone/events"
)

// Evolve implements [core.Core].
func (t *Tournament) Evolve(fact events.Fact) {
	t.facts++
	switch f := fact.(type) {
	case *events.TournamentEntered:
		for _, team := range f.TeamIDs {
			t.add(team, 0)
		}
		t.entered += int64(len(f.TeamIDs))
		t.check(f.TournamentCounts)
	case *events.TournamentWaitlisted:
		number := t.waitlist.add(f.TeamIDs)
		for _, team := range f.TeamIDs {
			t.add(team, number)
		}
		t.waitlisted += int64(len(f.TeamIDs))
		t.check(f.TournamentCounts)
	case *events.TournamentPromoted:
		for _, row := range f.Rows {
			t.applyPromoted(row)
		}
		t.check(f.TournamentCounts)
	case *events.TournamentWithdrawn:
		t.remove(f.TeamID, f.Was)
		t.check(f.TournamentCounts)
	case *events.TournamentCreated:
		t.created = Create{ID: f.TournamentID, Name: f.DisplayName, TeamLimit: f.TeamLimit,
			RegisterDeadline: f.RegisterDeadline, Waitlist: f.Waitlist, Rule: f.WaitlistRule, WaitingRoom: f.WaitingRoom,
			OpensAt: f.OpensAt, Closed: f.Status == events.TournamentClosed}
		t.applyEdit(f.OpensAt)
	case *events.TournamentEdited:
		t.created.Name, t.created.TeamLimit, t.created.RegisterDeadline = f.DisplayName, f.TeamLimit, f.RegisterDeadline
		t.created.WaitingRoom = f.WaitingRoom
		t.created.OpensAt, t.created.Closed = f.OpensAt, f.Status == events.TournamentClosed
		t.applyEdit(f.OpensAt)
		t.check(f.TournamentCounts)
	case *events.TournamentCancelled:
		t.applyCancelled()
		t.check(f.TournamentCounts)
	case *events.TournamentOpened:
		if upcoming := t.sale.Upcoming.OpensAt; upcoming.IsZero() || !upcoming.Equal(f.OpensAt) {
			panic(fmt.Sprintf("tournament %s: opened at %v, want %v", t.created.ID, f.OpensAt, upcoming))
		}
		t.sale.Upcoming = events.SaleTimes{}
		t.check(f.TournamentCounts)
	default:
		panic(fmt.Sprintf("tournament: %s is not a fact of a tournament", fact.Name()))
	}
}

// applyEdit applies the opening time of a creation or an edit, and makes the fact the newest edit.
func (t *Tournament) applyEdit(opensAt time.Time) {
	t.sale = t.sale.WithTimes(events.SaleTimes{OpensAt: opensAt})
	t.edited = t.facts - 1
}

func (t *Tournament) add(team events.TeamID, number uint64) {
	before := t.teams.Len()
	t.teams.Set(team, number)
	if t.teams.Len() == before {
		panic(fmt.Sprintf("tournament %s: team %s is entered twice", t.created.ID, team))
	}
}

// applyPromoted moves a whole row of the waitlist to slots.
func (t *Tournament) applyPromoted(row []events.TeamID) {
	number := uint64(0)
	if len(row) > 0 {
		number, _ = t.teams.Get(row[0])
	}
	if teams, ok := t.waitlist.rows.Get(number); !ok || !slices.Equal(teams, row) {
		panic(fmt.Sprintf("tournament %s: %v is promoted, but is not a row of the waitlist", t.created.ID, row))
	}
	for _, team := range row {
		t.teams.Set(team, 0)
	}
	t.waitlist.remove(number, len(row))
	t.entered += int64(len(row))
	t.waitlisted -= int64(len(row))
}

func (t *Tournament) remove(team events.TeamID, was events.EntryStatus) {
	if status, in := t.Entry(team); !in || status != was {
		panic(fmt.Sprintf("tournament %s: team %s is withdrawn as %s, but its status is %q", t.created.ID, team, was, status))
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
		t.waitlist.remove(number, 1)
		return
	}
	t.waitlist.shrink(number, len(row), without(row, team))
}

// check panics unless the counts recorded in a fact agree with the state.
func (t *Tournament) check(recorded events.TournamentCounts) {
	if counts := t.counts(); counts != recorded || counts.Remaining < 0 {
		panic(fmt.Sprintf("tournament %s: the facts add up to %+v, but the last one records %+v", t.created.ID,
			counts, recorded))
	}
}
