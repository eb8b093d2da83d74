package tournament

import (
	"slices"
	"time"

	"admitone/actors/core"
	"admitone/events"
)

// Kind registers tournaments with the shell.
var Kind = core.Kind{Category: events.TournamentCategory, New: New, SnapshotVersion: snapshotVersion}

// Stream returns the stream of the tournament with this id.
func Stream(id events.TournamentID) events.StreamID {
	return events.NewStreamID(events.TournamentCategory, string(id))
}

const (
	// MaxTeams is the maximum team limit, and the maximum number of waiting teams.
	MaxTeams = 1_000_000
	// MaxGroup is the maximum number of teams of one entry.
	MaxGroup = 16
	// MaxPromoted is the maximum number of teams that one edit can promote. It bounds the size of the append.
	MaxPromoted = 10_000
	// maxRows bounds the rows that one fact promotes.
	maxRows = 256
)

// Create creates a tournament. No-op if it exists with the same fields. Refusals, in this order: invalid_field
// (team_limit), already_exists (with different fields), invalid_field (opens_at).
type Create struct {
	ID        events.TournamentID
	Name      string
	TeamLimit int64
	// RegisterDeadline is the last moment at which a team can enter, in UTC.
	RegisterDeadline time.Time
	// Waitlist permits teams to wait for a slot. Rule decides which of them are promoted first.
	Waitlist bool
	Rule     events.WaitlistRule
	// WaitingRoom is the room whose pass is required for entry, "" for none.
	WaitingRoom events.RoomID
	// OpensAt is the first moment at which a team can enter, zero for none.
	OpensAt time.Time
	// Closed reports whether the organiser has closed entry.
	Closed bool
}

// Edit changes the fields that are not nil, and promotes the waiting rows that then fit. Refusals, in this order:
// not_found, cancelled, invalid_field (team_limit), limit_exceeded (the limit is below the number of teams that
// have entered), invalid_field (opens_at), limit_exceeded (more than MaxPromoted teams would be promoted).
type Edit struct {
	Name             *string
	TeamLimit        *int64
	RegisterDeadline *time.Time
	Status           *events.TournamentStatus
	// WaitingRoom is the room whose pass is required for entry, "" for none.
	WaitingRoom *events.RoomID
	// OpensAt is the new first moment at which a team can enter; the zero time removes it.
	OpensAt *time.Time
}

// Enter requests a slot for one team, or slots for all teams of a group together. Refusals, in this order:
// not_found, invalid_field (team_ids), pass_required, cancelled, already_entered (one of them has
// entered or waits), not_open, deadline_passed, registration_closed, tournament_full. TeamIDs must
// not be changed afterwards.
type Enter struct {
	TeamIDs []events.TeamID
	// Room is the waiting room whose pass was presented, "" for none.
	Room events.RoomID
	// Order is recorded in the fact, and must not be changed afterwards.
	Order events.OrderData
}

// Withdraw removes a team from its slot or from the waitlist, and promotes the waiting rows that
// then fit. Refusals: not_found (of the tournament, of the entry).
type Withdraw struct {
	TeamID events.TeamID
}

// Tournament is the state and the rules of one tournament. It implements
// [core.Core].
type Tournament struct {
	created    Create // as created or last edited; ID is "" before the creation
	entered    int64  // teams
	waitlisted int64  // teams
	sale       core.Sale
	calledOff  bool            // by the organiser
	facts      events.Revision // number of facts applied
	edited     events.Revision // revision of the newest edit, or of the creation

	// teams has the entered and waiting teams, with the number of their row of the waitlist; 0
	// means entered.
	teams    *core.Table[events.TeamID, uint64]
	waitlist waitlist
}

// New returns a tournament that has not been created yet.
func New() core.Core {
	return &Tournament{teams: core.NewTable[events.TeamID, uint64](), waitlist: newWaitlist()}
}

// Exists reports whether the tournament was created.
func (t *Tournament) Exists() bool { return t.created.ID != "" }

// Status returns open or closed as set by the organiser, or cancelled.
func (t *Tournament) Status() events.TournamentStatus {
	if t.calledOff {
		return events.TournamentIsCancelled
	}
	if t.created.Closed {
		return events.TournamentClosed
	}
	return events.TournamentOpen
}

// Figures returns the tournament as created or last edited, and the number of its teams.
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

// Entry returns the status of a team; ok is false if it has not entered and does not wait.
func (t *Tournament) Entry(teamID events.TeamID) (status events.EntryStatus, ok bool) {
	row, ok := t.teams.Get(teamID)
	switch {
	case !ok:
		return "", false
	case row != 0:
		return events.EntryWaitlisted, true
	}
	return events.EntryEntered, true
}

// NextDeadline implements [core.Core]. Nothing happens at the register deadline: it is checked when
// a team enters.
func (t *Tournament) NextDeadline() time.Time { return t.sale.NextDeadline() }

// EditRevision implements [core.Edited].
func (t *Tournament) EditRevision() events.Revision { return t.edited }

// same reports whether two creations have the same fields. Times are compared with Equal.
func (c *Create) same(other *Create) bool {
	a, b := *c, *other
	a.RegisterDeadline, b.RegisterDeadline = time.Time{}, time.Time{}
	a.OpensAt, b.OpensAt = time.Time{}, time.Time{}
	return a == b && c.RegisterDeadline.Equal(other.RegisterDeadline) && c.OpensAt.Equal(other.OpensAt)
}

// without returns a copy of teams without team, which must be one of them.
func without(teams []events.TeamID, team events.TeamID) []events.TeamID {
	rest := make([]events.TeamID, 0, len(teams)-1)
	for _, other := range teams {
		if other != team {
			rest = append(rest, other)
		}
	}
	return slices.Clip(rest)
}
