package projections

import (
	"fmt"
	"sync/atomic"

	"github.com/cockroachdb/pebble/v2"

	"admitone/events"
)

const (
	tournamentCategory = "tournament"
	teamCategory       = "team"
)

func init() {
	register(registration{
		views:      "tournament.v3",
		categories: []string{tournamentCategory, teamCategory},
		open:       func(p *Projections) kind { return newTournaments(p) },
	})
}

// tournaments is the kind of slots that teams sign up for: a row per tournament
// and per team, who takes part, and the topics "tournament:<id>" and "team:<id>".
type tournaments struct {
	rows    *table[Tournament]
	past    *milestones[Tournament]
	teams   *table[Team]
	entries *entries
	// known are teams that have rows. It is another one after a reset: whoever looked
	// a team up before that adds it to the one before.
	known atomic.Pointer[known]
	at    func() events.Position // up to which the views have come

	topic     *topicKind
	teamTopic *topicKind
	watched   watchedPlaces

	// Reused for every event.
	delta TournamentDelta
	moves []move
}

// move is what an event does to one team: from a seat, if it had one, to a place,
// if it keeps one.
type move struct {
	team string
	from seat
	to   seat // number 0 for none
	// group is that of the place.
	group int64
	cause Cause
}

func newTournaments(p *Projections) *tournaments {
	k := &tournaments{
		rows:    newTable(p, "tournament", appendTournament, decodeTournament),
		past:    newMilestones(p, "tournament-past", appendTournament, decodeTournament),
		teams:   newTable(p, "team", appendTeam, decodeTeam),
		entries: newEntries(p),
		at:      func() events.Position { return p.at.position },
		watched: watchedPlaces{},
	}
	k.known.Store(newKnown())
	k.topic = newTopicKind("tournament", k.state)
	k.topic.category = tournamentCategory
	k.teamTopic = newTopicKind("team", k.teamState)
	return k
}

func (k *tournaments) topics() []*topicKind { return []*topicKind{k.topic, k.teamTopic} }

func (k *tournaments) reset() {
	k.rows.reset()
	k.past.reset()
	k.teams.reset()
	k.entries.reset()
	k.known.Store(newKnown())
	clear(k.watched)
}

func (k *tournaments) flush(b *pebble.Batch) error {
	if err := k.rows.flush(b); err != nil {
		return err
	}
	if err := k.past.flush(b); err != nil {
		return err
	}
	if err := k.teams.flush(b); err != nil {
		return err
	}
	return k.entries.flush(b)
}

func (k *tournaments) fold(e *events.Recorded, fact events.Fact) (work int, err error) {
	if e.Stream.Category() == teamCategory {
		return 0, k.foldTeam(e, fact)
	}
	id := e.Stream.Entity()
	entry, err := k.rows.find(id)
	if err != nil {
		return 0, err
	}
	if entry == nil {
		var row Tournament
		if err := row.apply(e, fact); err != nil {
			return 0, err
		}
		k.rows.add(id, row)
		return 0, nil
	}
	if e.Revision <= entry.row.Revision {
		return 0, nil
	}
	if err := k.plan(e, &entry.row, fact); err != nil {
		return 0, err
	}
	before := entry.row.Remaining()
	if err := entry.row.apply(e, fact); err != nil {
		return 0, err
	}
	k.rows.changed(entry)
	if err := k.move(e, entry.id); err != nil {
		return 0, err
	}
	k.tell(e, entry, fact, before)
	return k.past.keep(id, entry.row.Revision, entry.row.Position, &entry.row) + len(k.moves), nil
}

func (k *tournaments) foldTeam(e *events.Recorded, fact events.Fact) error {
	id := e.Stream.Entity()
	entry, err := k.teams.find(id)
	if err != nil {
		return err
	}
	if entry != nil {
		return entry.row.apply(e, fact)
	}
	var row Team
	if err := row.apply(e, fact); err != nil {
		return err
	}
	k.teams.add(id, row)
	return nil
}

// plan finds out which teams an event moves, and holds them to where they are. It
// changes nothing in the views.
func (k *tournaments) plan(e *events.Recorded, row *Tournament, fact events.Fact) error {
	k.moves = k.moves[:0]
	next := row.seated
	switch f := fact.(type) {
	case *events.TournamentEntered:
		k.planNew(f.TeamIDs, move{to: seat{events.EntryEntered, next}, cause: CauseEntered})
	case *events.TournamentWaitlisted:
		to := move{to: seat{events.EntryWaitlisted, row.queued}, cause: CauseWaitlisted}
		if len(f.TeamIDs) > 1 {
			to.group = row.queued + 1
		}
		k.planNew(f.TeamIDs, to)
	case *events.TournamentPromoted:
		for _, teams := range f.Rows {
			if err := k.planAll(e, row, teams, events.EntryWaitlisted, move{to: seat{events.EntryEntered, next}, cause: CausePromoted}); err != nil {
				return err
			}
			next += int64(len(teams))
		}
	case *events.TournamentWithdrawn:
		return k.planAll(e, row, []string{f.TeamID}, f.Was, move{cause: CauseWithdrawn})
	}
	return nil
}

// planNew lets teams come to the places behind to's. It does not look up whether
// they take part already: that would cost more than all the rest, and the core and
// the verifier do.
func (k *tournaments) planNew(teams []string, to move) {
	for _, team := range teams {
		to.team = team
		to.to.number++
		k.moves = append(k.moves, to)
	}
}

// planAll lets teams that all are where they were come to the places behind to's,
// if it has any.
func (k *tournaments) planAll(e *events.Recorded, row *Tournament, teams []string, were events.EntryStatus, to move) error {
	for _, team := range teams {
		from, in, err := k.entries.standing(row.ID, team)
		if err != nil {
			return err
		}
		if !in || from.status != were {
			return fmt.Errorf("%w: position %d: %s@%d is a %s, and team %q was not %s before",
				ErrViolated, e.Position, e.Stream, e.Revision, e.Type, team, were)
		}
		to.team, to.from = team, from
		if to.to.status != "" {
			to.to.number++
		}
		k.moves = append(k.moves, to)
	}
	return nil
}

// move does what was planned.
func (k *tournaments) move(e *events.Recorded, id string) error {
	for i := range k.moves {
		m := &k.moves[i]
		if m.from.number != 0 {
			if err := k.entries.remove(id, m.team, m.from); err != nil {
				return err
			}
		}
		if m.to.number != 0 {
			if err := k.entries.add(id, m.to.status, place{
				team: m.team, number: m.to.number, group: m.group, revision: int64(e.Revision), position: int64(e.Position),
				second: e.Created.Unix(), nano: int32(e.Created.Nanosecond()),
			}); err != nil {
				return err
			}
		}
	}
	return nil
}

func (k *tournaments) table() *table[Tournament] { return k.rows }

func (k *tournaments) milestones() *milestones[Tournament] { return k.past }

func (k *tournaments) teamTable() *table[Team] { return k.teams }

// Tournament returns the row of a tournament, and whether it exists.
// Errors: the disk's.
func (p *Projections) Tournament(id string) (Tournament, bool, error) {
	return rowOf(p, (*tournaments).table, id)
}

// Tournaments returns up to limit tournaments with ids above after, as
// [Projections.Products] does. Errors: the disk's.
func (p *Projections) Tournaments(after string, limit int) (page []Tournament, next string, err error) {
	return pageOf(p, (*tournaments).table, after, limit, func(row *Tournament) string { return row.ID })
}

// Team returns the row of a team, and whether it exists. Errors: the disk's.
func (p *Projections) Team(id string) (Team, bool, error) {
	return rowOf(p, (*tournaments).teamTable, id)
}

// HasTeam says whether [Projections.Team] finds a team. Who asks for the same ones
// again and again need not wait for the disk. Errors: the disk's.
func (p *Projections) HasTeam(id string) (bool, error) {
	known := kindOf[*tournaments](p).known.Load()
	if known.has(id) {
		return true, nil
	}
	_, found, err := p.Team(id)
	if found {
		known.add(id)
	}
	return found, err
}

// Teams returns up to limit teams with ids above after, as [Projections.Products]
// does. Errors: the disk's.
func (p *Projections) Teams(after string, limit int) (page []Team, next string, err error) {
	return pageOf(p, (*tournaments).teamTable, after, limit, func(row *Team) string { return row.ID })
}
