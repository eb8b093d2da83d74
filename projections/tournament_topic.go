package projections

import (
	"slices"

	"admitone/events"
)

// What makes a tournament, and a team's part in it, change besides an edit.
// CauseMoved is that of a waiting team's place alone: somebody ahead has left.
const (
	CauseEntered    Cause = "entered"
	CauseWaitlisted Cause = "waitlisted"
	CausePromoted   Cause = "promoted"
	CauseWithdrawn  Cause = "withdrawn"
	CauseMoved      Cause = "moved"
)

// namedTeams is how many teams a delta names. Of more it only says so.
const namedTeams = 32

// TournamentDelta is a change of one tournament.
type TournamentDelta struct {
	// Tournament is the row after it.
	Tournament Tournament
	// Change of what remains.
	Change int64
	Cause  Cause
	// Edited says that an edit is among the causes: any member may be new, and the
	// frame states them.
	Edited bool
	// Teams are those that it moved, and where they are now; none if there were
	// more than a frame should name.
	Teams []TeamStatus
	// Unnamed says that there were.
	Unnamed bool
}

// TeamStatus is where a team is after a delta.
type TeamStatus struct {
	TeamID string
	Status events.EntryStatus
}

// Members is for [Delta].
func (d *TournamentDelta) Members(o *events.Object) {
	t := &d.Tournament
	o.Int("remaining", t.Remaining())
	o.Int("entered", t.Entered)
	o.Int("waitlisted", t.Waitlisted)
	o.Int("change", d.Change)
	o.String("cause", string(d.Cause))
	o.Int("revision", int64(t.Revision))
	if d.Edited {
		o.String("name", t.Name)
		o.Int("team_limit", t.TeamLimit)
		o.Time("register_deadline", t.RegisterDeadline)
		o.String("status", string(t.Status))
		appendRoom(o, t.WaitingRoom)
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
		t.String("team_id", team.TeamID)
		t.String("status", string(team.Status))
		o.Buf = t.Close()
	}
	o.Buf = append(o.Buf, ']')
}

// Clone is for [Delta].
func (d *TournamentDelta) Clone() Delta {
	c := *d
	c.Teams = slices.Clone(d.Teams)
	return &c
}

// Merge is for [Delta].
func (d *TournamentDelta) Merge(later Delta) {
	l := later.(*TournamentDelta)
	d.Cause = d.Cause.and(l.Cause)
	d.Change += l.Change
	d.Edited = d.Edited || l.Edited
	d.Tournament = l.Tournament
	for _, team := range l.Teams {
		d.name(team)
	}
	if d.Unnamed = d.Unnamed || l.Unnamed; d.Unnamed {
		d.Teams = nil
	}
}

// name says where a team is now.
func (d *TournamentDelta) name(team TeamStatus) {
	if d.Unnamed {
		return
	}
	at := slices.IndexFunc(d.Teams, func(other TeamStatus) bool { return other.TeamID == team.TeamID })
	switch {
	case at >= 0:
		d.Teams[at] = team
	case len(d.Teams) == namedTeams:
		d.Unnamed, d.Teams = true, nil
	default:
		d.Teams = append(d.Teams, team)
	}
}

// Row is for [Delta]: the [Tournament] after it.
func (d *TournamentDelta) Row() any { return d.Tournament }

// tournamentState is a tournament's topic.
type tournamentState struct{ row Tournament }

// state is called with the lock held.
func (k *tournaments) state(id string) (State, events.Position, error) {
	e, err := k.rows.existing(id)
	if err != nil {
		return nil, 0, err
	}
	return &tournamentState{e.row}, e.row.Position, nil
}

func (s *tournamentState) Members(o *events.Object) {
	t := &s.row
	o.String("id", t.ID)
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
	o.Int("revision", int64(t.Revision))
}

func (s *tournamentState) Apply(d Delta) { s.row = d.(*TournamentDelta).Tournament }

func (s *tournamentState) Row() any { return s.row }

func (s *tournamentState) Unchanged() Delta {
	return &TournamentDelta{Tournament: s.row, Cause: CauseNone}
}

// take says what a fact did.
func (d *TournamentDelta) take(fact events.Fact) {
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
		d.Cause, d.Edited = CauseEdited, true
	}
}

// tell hands an event that was folded to the topics that are watched.
func (k *tournaments) tell(e *events.Recorded, row *entry[Tournament], fact events.Fact, before int64) {
	if t := k.topic.watched(row.id); t != nil {
		k.delta = TournamentDelta{Tournament: row.row, Change: row.row.Remaining() - before, Teams: k.delta.Teams[:0]}
		k.delta.take(fact)
		t.change(e.Position, &k.delta)
	}
	if len(k.teamTopic.live) > 0 {
		k.tellTeams(e, &row.row)
	}
}

// status is where a team is after its move.
func (m *move) status() events.EntryStatus {
	if m.to.number == 0 {
		return events.EntryWithdrawn
	}
	return m.to.status
}
