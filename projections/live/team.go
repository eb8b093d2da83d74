package live

import (
	"slices"

	"admitone/events"
	"admitone/projections/row"
)

// TeamEntry is a team's entry in a tournament, as in the team's topic.
type TeamEntry struct {
	TournamentID events.TournamentID
	Status       events.EntryStatus
	// Place is the place among the waiting teams, from 1; 0 if the team is not waiting.
	Place int64
	// Cause of the entry's current status; CauseNone in a snapshot.
	Cause Cause
}

func (e *TeamEntry) appendTo(dst []byte) []byte {
	o := events.OpenObject(dst)
	o.String("tournament_id", string(e.TournamentID))
	o.String("status", string(e.Status))
	if e.Place > 0 {
		o.Int("place", e.Place)
	}
	if e.Cause != CauseNone {
		o.String("cause", string(e.Cause))
	}
	return o.Close()
}

// TeamDelta is a change of a team's entries.
type TeamDelta struct {
	// Cause is CauseMoved only if nothing but places on waitlists changed.
	Cause Cause
	// Entries that changed, in order of their first change.
	Entries []TeamEntry
}

// Members implements Delta.
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

// Clone implements Delta.
func (d *TeamDelta) Clone() Delta { return &TeamDelta{d.Cause, slices.Clone(d.Entries)} }

// Merge implements Delta.
func (d *TeamDelta) Merge(later Delta) {
	l := later.(*TeamDelta)
	switch {
	case l.Cause == CauseMoved && d.Cause != CauseNone: // the earlier cause is more specific
	case d.Cause == CauseMoved && l.Cause != CauseNone: // the later cause is more specific
		d.Cause = l.Cause
	default:
		d.Cause = d.Cause.MergedWith(l.Cause)
	}
	for i := range l.Entries {
		d.Entries = withEntry(d.Entries, l.Entries[i])
	}
}

// withEntry replaces the entry in the same tournament by e, or appends it.
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

// Row implements Delta. It returns nil.
func (d *TeamDelta) Row() any { return nil }

// teamState is the state of a team's topic.
type teamState struct {
	team row.Team
	// entries are initially in the order of the tournaments' ids; more means that further entries are not shown.
	entries []TeamEntry
	more    bool
}

// NewTeamState returns the state of "team:<id>": the team and its entries, in the order of the tournaments' ids; more
// means that further entries are not shown.
func NewTeamState(team row.Team, entries []TeamEntry, more bool) State {
	return &teamState{team, entries, more}
}

func (s *teamState) Members(o *events.Object) {
	o.String("id", string(s.team.ID))
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
