package demand

import "admitone/events"

func init() {
	register(requested, &events.TeamRegistered{}, &events.TournamentCreated{}, &events.TournamentEdited{},
		&events.TournamentEntered{}, &events.TournamentWaitlisted{}, &events.TournamentWithdrawn{})
	register(consequence, &events.TournamentOpened{}, &events.TournamentPromoted{})
}
