package tournament

import (
	"slices"
	"time"

	"admitone/actors/core"
	"admitone/events"
)

// Kind of tournaments.
var Kind = core.Kind{Category: events.TournamentCategory, New: New, SnapshotVersion: snapshotVersion}

// Stream of the tournament with this id.
func Stream(id events.TournamentID) events.StreamID {
	return events.NewStreamID(events.TournamentCategory, string(id))
}

const (
	// MaxTeams is the largest team limit, and the most teams that can wait.
	MaxTeams = 1_000_000
	// MaxGroup is how many teams one entry can have.
	MaxGroup = 16
	// MaxPromoted is how many teams of the waitlist one edit can let in: all of
	// them are in one append, and an append has to stay small.
	MaxPromoted = 10_000
	// rowsAtOnce bounds the rows that one fact promotes.
	rowsAtOnce = 256
)

// Create opens a tournament for entry. Refusals: invalid_field (team_limit),
// already_exists (with other members; with the same it does nothing).
type Create struct {
	ID        events.TournamentID
	Name      string
	TeamLimit int64
	// RegisterDeadline is the last moment at which a team can enter, in UTC.
	RegisterDeadline time.Time
	// Waitlist reports whether teams may wait for a slot, Rule who comes first.
	Waitlist bool
	Rule     events.WaitlistRule
	// WaitingRoom that guards the entry, "" if none does.
	WaitingRoom events.RoomID
	// OpensAt is the first moment at which a team can enter, zero if there is none.
	OpensAt time.Time
	// Closed reports whether the organiser lets nobody enter.
	Closed bool
}

// Edit changes the members that are not nil, and promotes whoever fits then.
// Refusals: not_found, invalid_field (team_limit), limit_exceeded (a limit below
// what has entered, or more than MaxPromoted teams would come in).
type Edit struct {
	Name             *string
	TeamLimit        *int64
	RegisterDeadline *time.Time
	Status           *events.TournamentStatus
	// WaitingRoom that is to guard the entry, "" for none.
	WaitingRoom *events.RoomID
	// OpensAt is to be the first moment at which a team can enter; the zero time takes it away.
	OpensAt *time.Time
}

// Enter asks for slots for a team, or for all teams of a group or none. Refusals,
// in this order: not_found, invalid_field (team_ids), pass_required, already_entered
// (one of them has entered or waits), not_open, deadline_passed, registration_closed,
// tournament_full. TeamIDs must not be changed afterwards.
type Enter struct {
	TeamIDs []events.TeamID
	// Room is the waiting room whose pass was shown, "" if none.
	Room events.RoomID
	// Order is kept in the fact, and must not be changed afterwards.
	Order events.OrderData
}

// Withdraw takes a team out, from its slot or from the waitlist, and promotes
// whoever fits then. Refusals: not_found (of the tournament, of the entry).
type Withdraw struct {
	TeamID events.TeamID
}

// Tournament is the state and the rules of one tournament. It implements
// [core.Core].
type Tournament struct {
	created    Create // as created or last edited; ID is "" before
	entered    int64  // teams
	waitlisted int64  // teams
	sale       core.Sale
	facts      events.Revision // taken in
	edited     events.Revision // of the newest edit; the creation counts

	// teams are those that have entered or wait, with the number of their row of
	// the waitlist; 0 is entered.
	teams    *core.Table[events.TeamID, uint64]
	waitlist waitlist
}

// New returns a tournament that has not been created yet.
func New() core.Core {
	return &Tournament{teams: core.NewTable[events.TeamID, uint64](), waitlist: newWaitlist()}
}

// Exists reports whether the tournament was created.
func (t *Tournament) Exists() bool { return t.created.ID != "" }

// Status is the organiser's switch.
func (t *Tournament) Status() events.TournamentStatus {
	if t.created.Closed {
		return events.TournamentClosed
	}
	return events.TournamentOpen
}

// Figures returns the tournament as it was created or last edited, and its teams.
func (t *Tournament) Figures() (created Create, counts events.TournamentCounts) {
	return t.created, t.counts()
}

func (t *Tournament) counts() events.TournamentCounts {
	return events.TournamentCounts{
		Entered:    t.entered,
		Remaining:  t.created.TeamLimit - t.entered,
		Waitlisted: t.waitlisted,
	}
}

// Entry says where a team stands, and whether it takes part at all.
func (t *Tournament) Entry(teamID events.TeamID) (events.EntryStatus, bool) {
	row, ok := t.teams.Get(teamID)
	switch {
	case !ok:
		return "", false
	case row != 0:
		return events.EntryWaitlisted, true
	}
	return events.EntryEntered, true
}

// NextDeadline implements [core.Core]. The register deadline ends nothing by
// itself: it is looked at when a team enters.
func (t *Tournament) NextDeadline() time.Time { return t.sale.NextDeadline() }

// EditRevision implements [core.Edited].
func (t *Tournament) EditRevision() events.Revision { return t.edited }

// same reports whether a creation asks for what is there.
func (c *Create) same(other *Create) bool {
	a, b := *c, *other
	a.RegisterDeadline, b.RegisterDeadline = time.Time{}, time.Time{}
	a.OpensAt, b.OpensAt = time.Time{}, time.Time{}
	return a == b && c.RegisterDeadline.Equal(other.RegisterDeadline) && c.OpensAt.Equal(other.OpensAt)
}

// without returns a copy of teams that lacks one of them.
func without(teams []events.TeamID, team events.TeamID) []events.TeamID {
	rest := make([]events.TeamID, 0, len(teams)-1)
	for _, other := range teams {
		if other != team {
			rest = append(rest, other)
		}
	}
	return slices.Clip(rest)
}
