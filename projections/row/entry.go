package row

import (
	"time"

	"admitone/events"
)

// Entry is a team's entry in a tournament: a slot, or a place on the waitlist.
type Entry struct {
	TournamentID events.TournamentID
	TeamID       events.TeamID
	// Status is events.EntryEntered or events.EntryWaitlisted.
	Status events.EntryStatus
	// Place is the team's place among the waiting teams, from 1; 0 for an entered team.
	Place int64
	// Group is a number shared by the teams that wait as a group, 0 for others.
	Group int64
	// Revision, Position and store's time of the event that assigned the place.
	Revision events.Revision
	Position events.Position
	Since    time.Time

	// Number is the number of the place, from 1, in order of assignment.
	Number int64
}
