package projections

import (
	"cmp"
	"slices"

	"admitone/events"
)

// listedEntries is how many tournaments a team's topic shows.
const listedEntries = 100

// TeamEntry is a team's part in a tournament as the team's topic shows it.
type TeamEntry struct {
	TournamentID string
	Status       events.EntryStatus
	// Place among the waiting teams, from 1; 0 if it does not wait.
	Place int64
	// Cause of what the team's part is now; CauseNone in a snapshot.
	Cause Cause
}

func (e *TeamEntry) appendTo(dst []byte) []byte {
	o := events.OpenObject(dst)
	o.String("tournament_id", e.TournamentID)
	o.String("status", string(e.Status))
	if e.Place > 0 {
		o.Int("place", e.Place)
	}
	if e.Cause != CauseNone {
		o.String("cause", string(e.Cause))
	}
	return o.Close()
}

// TeamDelta is a change of a team's part in tournaments.
type TeamDelta struct {
	// Cause is CauseMoved only if nothing but places changed.
	Cause Cause
	// Entries are those that changed, in the order of their first change.
	Entries []TeamEntry
}

// Members is for [Delta].
func (d *TeamDelta) Members(o *events.Object) {
	o.String("cause", string(d.Cause))
	appendEntries(o, d.Entries)
}

func appendEntries(o *events.Object, entries []TeamEntry) {
	o.Key("entries")
	o.Buf = append(o.Buf, '[')
	for i := range entries {
		if i > 0 {
			o.Buf = append(o.Buf, ',')
		}
		o.Buf = entries[i].appendTo(o.Buf)
	}
	o.Buf = append(o.Buf, ']')
}

// Clone is for [Delta].
func (d *TeamDelta) Clone() Delta { return &TeamDelta{d.Cause, slices.Clone(d.Entries)} }

// Merge is for [Delta].
func (d *TeamDelta) Merge(later Delta) {
	l := later.(*TeamDelta)
	switch {
	case l.Cause == CauseMoved && d.Cause != CauseNone: // what came before says more
	case d.Cause == CauseMoved && l.Cause != CauseNone: // and so does what came behind
		d.Cause = l.Cause
	default:
		d.Cause = d.Cause.and(l.Cause)
	}
	for i := range l.Entries {
		d.Entries = withEntry(d.Entries, l.Entries[i])
	}
}

// withEntry puts an entry in, in the place of the one in the same tournament.
func withEntry(entries []TeamEntry, e TeamEntry) []TeamEntry {
	for i := range entries {
		if entries[i].TournamentID != e.TournamentID {
			continue
		}
		if e.Cause == CauseMoved {
			e.Cause = entries[i].Cause
		}
		entries[i] = e
		return entries
	}
	return append(entries, e)
}

// Row is for [Delta]: a team's topic has none.
func (d *TeamDelta) Row() any { return nil }

// teamState is a team's topic.
type teamState struct {
	team Team
	// entries that it had at first are in the order of the tournaments' ids; more
	// says that there were others.
	entries []TeamEntry
	more    bool
}

// teamState is called with the lock held.
func (k *tournaments) teamState(id string) (State, events.Position, error) {
	team, err := k.teams.existing(id)
	if err != nil {
		return nil, 0, err
	}
	k.watched.forget(id)
	s := &teamState{team: team.row}
	ids, more, err := k.entries.tournamentsOf(id, "", listedEntries)
	if err != nil {
		return nil, 0, err
	}
	s.more = more
	for _, tournament := range ids {
		e, before, err := k.entries.entry(tournament, id)
		if err == nil && before != nil {
			err = e.complete(before)
		}
		if err != nil {
			return nil, 0, err
		}
		s.entries = append(s.entries, TeamEntry{tournament, e.Status, e.Place, CauseNone})
		if e.Place > 0 {
			k.watched.add(tournament, id, watchedPlace{e.number, e.Place})
		}
	}
	return s, k.at(), nil // what a team is in changes by events of many streams
}

func (s *teamState) Members(o *events.Object) {
	o.String("id", s.team.ID)
	o.String("name", s.team.Name)
	o.Int("revision", int64(s.team.Revision))
	appendEntries(o, s.entries)
	if s.more {
		o.Bool("more", true)
	}
}

func (s *teamState) Apply(d Delta) {
	for _, e := range d.(*TeamDelta).Entries {
		e.Cause = CauseNone
		s.entries = withEntry(s.entries, e)
	}
	s.entries = slices.DeleteFunc(s.entries, func(e TeamEntry) bool { return e.Status == events.EntryWithdrawn })
}

func (s *teamState) Row() any { return nil }

func (s *teamState) Unchanged() Delta { return &TeamDelta{Cause: CauseNone} }

// watchedPlaces are the places of waiting teams whose topics are watched, by
// tournament and team. Whoever leaves the waitlist moves all behind up; only
// these are told, and what nobody watches costs nothing.
type watchedPlaces map[string]map[string]watchedPlace

type watchedPlace struct{ number, place int64 }

func (w watchedPlaces) add(tournament, team string, at watchedPlace) {
	if w[tournament] == nil {
		w[tournament] = map[string]watchedPlace{}
	}
	w[tournament][team] = at
}

func (w watchedPlaces) remove(tournament, team string) {
	delete(w[tournament], team)
	if len(w[tournament]) == 0 {
		delete(w, tournament)
	}
}

// forget drops the places of a team that nobody has watched for a while: they may
// have changed unseen.
func (w watchedPlaces) forget(team string) {
	for tournament := range w {
		w.remove(tournament, team)
	}
}

// tellTeams hands the moves of an event to the topics of the teams: of those that
// it moved, and of those that came closer because others left the waitlist.
func (k *tournaments) tellTeams(e *events.Recorded, row *Tournament) {
	var left []int64 // the numbers of those that left it
	for i := range k.moves {
		m := &k.moves[i]
		if m.from.status == events.EntryWaitlisted {
			left = append(left, m.from.number)
		}
		t := k.teamTopic.watched(m.team)
		if t == nil {
			continue
		}
		told := TeamEntry{TournamentID: row.ID, Status: m.status(), Cause: m.cause}
		k.watched.remove(row.ID, t.id)
		if told.Status == events.EntryWaitlisted { // at the end, with those of its group
			told.Place = row.Waitlisted - int64(len(k.moves)-1-i)
			k.watched.add(row.ID, t.id, watchedPlace{m.to.number, told.Place})
		}
		t.change(e.Position, &TeamDelta{told.Cause, []TeamEntry{told}})
	}
	if len(left) > 0 {
		k.moveUp(e, row.ID, left)
	}
}

// moveUp tells the watched teams behind those that left.
func (k *tournaments) moveUp(e *events.Recorded, tournament string, left []int64) {
	slices.SortFunc(left, cmp.Compare)
	for team, at := range k.watched[tournament] {
		t := k.teamTopic.watched(team)
		if t == nil { // nobody watches any more
			k.watched.remove(tournament, team)
			continue
		}
		ahead, _ := slices.BinarySearch(left, at.number)
		if ahead == 0 {
			continue
		}
		at.place -= int64(ahead)
		k.watched.add(tournament, team, at)
		t.change(e.Position, &TeamDelta{CauseMoved, []TeamEntry{{tournament, events.EntryWaitlisted, at.place, CauseMoved}}})
	}
}
