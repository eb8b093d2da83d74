package verify

import (
	"time"

	"admitone/events"
)

// tournament is the fold of a tournament's facts, without its teams.
type tournament struct {
	id                             events.TournamentID
	teamLimit, entered, waitlisted int64
	registerDeadline               time.Time
	status                         events.TournamentStatus
	waitlist                       bool
	waitlistRule                   events.WaitlistRule
	opensAt                        time.Time
	futureOpening                  time.Time // opensAt, if no fact has recorded it as reached
}

// setOpening applies the opening time that a fact records. A changed time has not been reached.
func (t *tournament) setOpening(opensAt time.Time) {
	if !opensAt.Equal(t.opensAt) {
		t.futureOpening = opensAt
	}
	t.opensAt = opensAt
}

// remaining returns the number of free slots.
func (t *tournament) remaining() int64 { return t.teamLimit - t.entered }

func (t *tournament) counts() events.TournamentCounts {
	return events.TournamentCounts{Entered: t.entered, Remaining: t.remaining(), Waitlisted: t.waitlisted}
}

// evolve applies a fact, and returns the counts that the fact records. ok is false for a fact of a
// different kind.
func (t *tournament) evolve(fact events.Fact) (counts events.TournamentCounts, ok bool) {
	switch f := fact.(type) {
	case *events.TournamentCreated:
		*t = tournament{
			id: f.TournamentID, teamLimit: f.TeamLimit, registerDeadline: f.RegisterDeadline,
			status: events.TournamentOpen, waitlist: f.Waitlist, waitlistRule: f.WaitlistRule,
		}
		if f.Status != "" {
			t.status = f.Status
		}
		t.setOpening(f.OpensAt)
		return t.counts(), true
	case *events.TournamentEdited:
		t.teamLimit, t.registerDeadline, t.status = f.TeamLimit, f.RegisterDeadline, f.Status
		t.setOpening(f.OpensAt)
		return f.TournamentCounts, true
	case *events.TournamentCancelled:
		t.status = events.TournamentIsCancelled
		return f.TournamentCounts, true
	case *events.TournamentOpened:
		t.futureOpening = time.Time{}
		return f.TournamentCounts, true
	case *events.TournamentEntered:
		t.entered += int64(len(f.TeamIDs))
		return f.TournamentCounts, true
	case *events.TournamentWaitlisted:
		t.waitlisted += int64(len(f.TeamIDs))
		return f.TournamentCounts, true
	case *events.TournamentPromoted:
		for _, teams := range f.Rows {
			t.entered, t.waitlisted = t.entered+int64(len(teams)), t.waitlisted-int64(len(teams))
		}
		return f.TournamentCounts, true
	case *events.TournamentWithdrawn:
		if f.Was == events.EntryEntered {
			t.entered--
		} else {
			t.waitlisted--
		}
		return f.TournamentCounts, true
	}
	return counts, false
}
