package row

import (
	"time"

	"admitone/events"
)

// Entry is a team's part in a tournament: a slot, or a place in the waitlist.
type Entry struct {
	TournamentID events.TournamentID
	TeamID       events.TeamID
	// Status is events.EntryEntered or events.EntryWaitlisted.
	Status events.EntryStatus
	// Place among the waiting teams, from 1; 0 of a team that has entered.
	Place int64
	// Group is the same number for the teams that wait together, 0 of all others.
	Group int64
	// Revision and Position of the event that put the team there, and the store's
	// time of it.
	Revision events.Revision
	Position events.Position
	Since    time.Time

	// Number of the place, from 1, in the order in which the tournament gave them.
	Number int64
}
