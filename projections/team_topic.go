package projections

import (
	"cmp"
	"slices"

	"admitone/events"
	"admitone/projections/live"
	"admitone/projections/row"
)

// listedEntries bounds the number of tournaments that a team's topic shows.
const listedEntries = 100

// teamState returns the state of the topic "team:<id>". The lock must be held.
func (k *tournaments) teamState(id string) (live.State, events.Position, error) {
	team, err := k.teams.existing(id)
	if err != nil {
		return nil, 0, err
	}
	k.watched.forget(events.TeamID(id))
	ids, more, err := k.entries.tournamentsOf(events.TeamID(id), "", listedEntries)
	if err != nil {
		return nil, 0, err
	}
	var listed []live.TeamEntry
	for _, tournament := range ids {
		e, before, err := k.entries.entry(tournament, events.TeamID(id))
		if err == nil && before != nil {
			err = addPlaces(&e, before)
		}
		if err != nil {
			return nil, 0, err
		}
		listed = append(listed, live.TeamEntry{TournamentID: tournament, Status: e.Status, Place: e.Place,
			Cause: live.CauseNone})
		if e.Place > 0 {
			k.watched.add(tournament, events.TeamID(id), watchedPlace{e.Number, e.Place})
		}
	}
	// The entries change in the streams of many tournaments, so the position is that of the views.
	return live.NewTeamState(team.row, listed, more), k.at(), nil
}

// watchedPlaces has the places of the waiting teams whose topics are watched, by tournament and team. When a team
// leaves the waitlist, all teams after it move up; only watched teams get frames, and the others cost nothing.
type watchedPlaces map[events.TournamentID]map[events.TeamID]watchedPlace

type watchedPlace struct{ number, place int64 }

func (w watchedPlaces) add(tournament events.TournamentID, team events.TeamID, at watchedPlace) {
	if w[tournament] == nil {
		w[tournament] = map[events.TeamID]watchedPlace{}
	}
	w[tournament][team] = at
}

func (w watchedPlaces) remove(tournament events.TournamentID, team events.TeamID) {
	delete(w[tournament], team)
	if len(w[tournament]) == 0 {
		delete(w, tournament)
	}
}

// forget drops the places of a team whose topic was not watched for a while: they may be stale.
func (w watchedPlaces) forget(team events.TeamID) {
	for tournament := range w {
		w.remove(tournament, team)
	}
}

// publishTeams publishes the moves of an event to the topics of the moved teams, and to those of
// waiting teams that move up because others left the waitlist.
func (k *tournaments) publishTeams(e *events.Recorded, tournament *row.Tournament) {
	var left []int64 // the numbers of the teams that left the waitlist
	for i := range k.moves {
		m := &k.moves[i]
		if m.from.status == events.EntryWaitlisted {
			left = append(left, m.from.number)
		}
		t := k.teamTopic.Watched(string(m.team))
		if t == nil {
			continue
		}
		change := live.TeamEntry{TournamentID: tournament.ID, Status: m.status(), Cause: m.cause}
		k.watched.remove(tournament.ID, events.TeamID(t.ID()))
		if change.Status == events.EntryWaitlisted { // the event's teams are the last of the waitlist
			change.Place = tournament.Waitlisted - int64(len(k.moves)-1-i)
			k.watched.add(tournament.ID, events.TeamID(t.ID()), watchedPlace{m.to.number, change.Place})
		}
		t.Change(e.Position, &live.TeamDelta{Cause: change.Cause, Entries: []live.TeamEntry{change}})
	}
	if len(left) > 0 {
		k.moveUp(e, tournament.ID, left)
	}
}

// moveUp publishes the new places of the watched teams; left has the numbers of the places that were freed.
func (k *tournaments) moveUp(e *events.Recorded, tournament events.TournamentID, left []int64) {
	slices.SortFunc(left, cmp.Compare)
	for team, at := range k.watched[tournament] {
		t := k.teamTopic.Watched(string(team))
		if t == nil { // no longer watched
			k.watched.remove(tournament, team)
			continue
		}
		ahead, _ := slices.BinarySearch(left, at.number)
		if ahead == 0 {
			continue
		}
		at.place -= int64(ahead)
		k.watched.add(tournament, team, at)
		t.Change(e.Position, &live.TeamDelta{Cause: live.CauseMoved, Entries: []live.TeamEntry{
			{TournamentID: tournament, Status: events.EntryWaitlisted, Place: at.place, Cause: live.CauseMoved}}})
	}
}
