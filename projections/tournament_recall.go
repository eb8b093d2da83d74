package projections

import "admitone/events"

// Recall is for [recaller].
func (s *tournamentState) Recall(before, fact events.Fact) Delta {
	d := &TournamentDelta{Tournament: s.row, Change: slotsAfter(fact) - slotsAfter(before), Cause: CauseEdited}
	name := func(cause Cause, status events.EntryStatus, teams ...string) {
		d.Cause = cause
		for _, team := range teams {
			d.name(TeamStatus{team, status})
		}
	}
	switch f := fact.(type) {
	case *events.TournamentEntered:
		name(CauseEntered, events.EntryEntered, f.TeamIDs...)
	case *events.TournamentWaitlisted:
		name(CauseWaitlisted, events.EntryWaitlisted, f.TeamIDs...)
	case *events.TournamentPromoted:
		for _, row := range f.Rows {
			name(CausePromoted, events.EntryEntered, row...)
		}
	case *events.TournamentWithdrawn:
		name(CauseWithdrawn, events.EntryWithdrawn, f.TeamID)
	default:
		d.Edited = true
	}
	return d
}

// slotsAfter is what a tournament's fact says remains.
func slotsAfter(fact events.Fact) int64 {
	switch f := fact.(type) {
	case *events.TournamentCreated:
		return f.TeamLimit
	case *events.TournamentEdited:
		return f.Remaining
	case *events.TournamentEntered:
		return f.Remaining
	case *events.TournamentWaitlisted:
		return f.Remaining
	case *events.TournamentPromoted:
		return f.Remaining
	case *events.TournamentWithdrawn:
		return f.Remaining
	}
	return 0
}
