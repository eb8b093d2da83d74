package projections

import "admitone/events"

// Recall is for [recaller].
func (s *tournamentState) Recall(before, fact events.Fact) Delta {
	d := &TournamentDelta{Tournament: s.row, Change: slotsAfter(fact) - slotsAfter(before)}
	d.take(fact)
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
