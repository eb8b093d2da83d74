package live

import (
	"slices"

	"admitone/events"
	"admitone/projections/row"
)

// Causes of a change of a tournament, or of a team's entry in it, besides an edit. CauseMoved means
// that only a waiting team's place changed, because a team before it left the waitlist.
const (
	CauseEntered    Cause = "entered"
	CauseWaitlisted Cause = "waitlisted"
	CausePromoted   Cause = "promoted"
	CauseWithdrawn  Cause = "withdrawn"
	CauseMoved      Cause = "moved"
)

// maxNamedTeams bounds the teams named in a delta. A delta of more teams only has a flag.
const maxNamedTeams = 32

// TournamentDelta is a change of one tournament. The frame of an edit can have any member.
type TournamentDelta struct {
	RowDelta[row.Tournament]
	// Teams has the teams whose status changed, with their status after the change; it is empty if
	// there are more than maxNamedTeams.
	Teams []TeamStatus
	// Unnamed means that the status of more than maxNamedTeams teams changed.
	Unnamed bool
}

// TeamStatus is the status of a team after a delta.
type TeamStatus struct {
	TeamID events.TeamID
	Status events.EntryStatus
}

// Members implements Delta.
func (d *TournamentDelta) Members(o *events.Object) {
	t := &d.After
	o.Int("remaining", t.Remaining())
	o.Int("entered", t.Entered)
	o.Int("waitlisted", t.Waitlisted)
	o.Int("change", d.Change)
	o.String("cause", string(d.Cause))
	o.Int("revision", int64(t.Revision))
	t.Cancelled.Append(o)
	if d.Edited {
		o.String("name", t.Name)
		o.Int("team_limit", t.TeamLimit)
		o.Time("register_deadline", t.RegisterDeadline)
		o.String("status", string(t.Status))
		appendRoom(o, t.WaitingRoom)
		events.SaleTimes{OpensAt: t.OpensAt}.AppendSaleTimes(o)
	}
	if d.Unnamed {
		o.Bool("teams_unnamed", true)
		return
	}
	o.Key("teams")
	o.Buf = append(o.Buf, '[')
	for i, team := range d.Teams {
		if i > 0 {
			o.Buf = append(o.Buf, ',')
		}
		t := events.OpenObject(o.Buf)
		t.String("team_id", string(team.TeamID))
		t.String("status", string(team.Status))
		o.Buf = t.Close()
	}
	o.Buf = append(o.Buf, ']')
}

// Clone implements Delta.
func (d *TournamentDelta) Clone() Delta {
	c := *d
	c.Teams = slices.Clone(d.Teams)
	return &c
}

// Merge implements Delta.
func (d *TournamentDelta) Merge(later Delta) {
	l := later.(*TournamentDelta)
	d.merge(&l.RowDelta)
	for _, team := range l.Teams {
		d.name(team)
	}
	if d.Unnamed = d.Unnamed || l.Unnamed; d.Unnamed {
		d.Teams = nil
	}
}

// name adds a team with its current status.
func (d *TournamentDelta) name(team TeamStatus) {
	if d.Unnamed {
		return
	}
	at := slices.IndexFunc(d.Teams, func(other TeamStatus) bool { return other.TeamID == team.TeamID })
	switch {
	case at >= 0:
		d.Teams[at] = team
	case len(d.Teams) == maxNamedTeams:
		d.Unnamed, d.Teams = true, nil
	default:
		d.Teams = append(d.Teams, team)
	}
}

// TournamentTopics are the topics named "tournament:<id>"; their deltas are [TournamentDelta].
var TournamentTopics = &RowTopics[row.Tournament]{
	Prefix: "tournament", Category: events.TournamentCategory,
	Snapshot: tournamentMembers, Cause: tournamentCause,
	Remaining: (*row.Tournament).Remaining, RemainingAfter: slotsAfter,
}

// tournamentState is the state of a tournament's topic.
type tournamentState struct{ rowState[row.Tournament] }

// NewTournamentState returns the state of "tournament:<id>".
func NewTournamentState(tournament row.Tournament) State {
	return &tournamentState{rowState[row.Tournament]{TournamentTopics, tournament}}
}

func tournamentMembers(o *events.Object, t *row.Tournament) {
	o.String("id", string(t.ID))
	o.String("name", t.Name)
	o.Int("team_limit", t.TeamLimit)
	o.Int("entered", t.Entered)
	o.Int("remaining", t.Remaining())
	o.Int("waitlisted", t.Waitlisted)
	o.Time("register_deadline", t.RegisterDeadline)
	o.String("status", string(t.Status))
	o.Bool("waitlist", t.Waitlist)
	o.String("waitlist_rule", string(t.WaitlistRule))
	appendRoom(o, t.WaitingRoom)
	events.SaleTimes{OpensAt: t.OpensAt}.AppendSaleTimes(o)
	t.Cancelled.Append(o)
	o.Int("revision", int64(t.Revision))
}

// Unchanged implements State.
func (s *tournamentState) Unchanged() Delta {
	return &TournamentDelta{RowDelta: RowDelta[row.Tournament]{After: s.row, Cause: CauseNone}}
}

// Replay implements replayer.
func (s *tournamentState) Replay(before, fact events.Fact) Delta {
	d := &TournamentDelta{RowDelta: s.replay(before, fact)}
	d.nameTeams(fact)
	return d
}

// Set sets d to the change by a fact: before is the number remaining before the fact, after the row after it.
func (d *TournamentDelta) Set(before int64, after row.Tournament, fact events.Fact) {
	*d = TournamentDelta{RowDelta: TournamentTopics.Changed(before, after, fact), Teams: d.Teams[:0]}
	d.nameTeams(fact)
}

// tournamentCause returns the cause of a tournament's fact.
func tournamentCause(fact events.Fact) Cause {
	switch fact.(type) {
	case *events.TournamentEntered:
		return CauseEntered
	case *events.TournamentWaitlisted:
		return CauseWaitlisted
	case *events.TournamentPromoted:
		return CausePromoted
	case *events.TournamentWithdrawn:
		return CauseWithdrawn
	case *events.TournamentOpened:
		return CauseOpened
	case *events.TournamentCancelled:
		return CauseCancelled
	}
	return CauseEdited
}

// nameTeams adds the teams whose status a fact changed.
func (d *TournamentDelta) nameTeams(fact events.Fact) {
	name := func(status events.EntryStatus, teams ...events.TeamID) {
		for _, team := range teams {
			d.name(TeamStatus{team, status})
		}
	}
	switch f := fact.(type) {
	case *events.TournamentEntered:
		name(events.EntryEntered, f.TeamIDs...)
	case *events.TournamentWaitlisted:
		name(events.EntryWaitlisted, f.TeamIDs...)
	case *events.TournamentPromoted:
		for _, row := range f.Rows {
			name(events.EntryEntered, row...)
		}
	case *events.TournamentWithdrawn:
		name(events.EntryWithdrawn, f.TeamID)
	}
}

// slotsAfter returns the number of free slots in a tournament's fact.
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
	case *events.TournamentOpened:
		return f.Remaining
	case *events.TournamentCancelled:
		return f.Remaining
	}
	return 0
}
