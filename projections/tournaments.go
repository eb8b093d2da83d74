package projections

import (
	"fmt"
	"sync/atomic"

	"github.com/cockroachdb/pebble/v2"

	"admitone/events"
	"admitone/projections/live"
	"admitone/projections/row"
)

func init() {
	register(registration{
		version:    "tournament.v7",
		categories: []string{events.TournamentCategory, events.TeamCategory},
		open:       func(p *Projections) view { return newTournaments(p) },
	})
}

// tournaments is the view of tournaments: a row per tournament and per team, the entries, and the topics
// "tournament:<id>" and "team:<id>".
type tournaments struct {
	rows    *table[row.Tournament]
	past    *rowSnapshots[row.Tournament]
	teams   *table[row.Team]
	entries *entries
	orders  *records[events.OrderData] // of entries, by entryKey
	owned   *records[int64]            // number of teams, by owner
	// teamIDs caches ids of teams that have rows. A reset replaces the cache, so that a look-up that began earlier
	// adds its team to the discarded cache.
	teamIDs atomic.Pointer[idCache]
	at      func() events.Position // the position of the views

	topic     *live.Topics
	teamTopic *live.Topics
	watched   watchedPlaces

	// Reused for every event.
	delta live.TournamentDelta
	moves []move
}

// move is the change of one team's place by an event.
type move struct {
	team  events.TeamID
	from  placeRef // number 0 if the team had no place
	to    placeRef // number 0 if the team leaves
	group int64    // of the new place
	cause live.Cause
}

func newTournaments(p *Projections) *tournaments {
	k := &tournaments{
		rows:    newTable(p, "tournament", row.AppendTournament, row.DecodeTournament),
		past:    newRowSnapshots(p, "tournament-past", row.AppendTournament, row.DecodeTournament),
		teams:   newTable(p, "team", row.AppendTeam, row.DecodeTeam),
		entries: newEntries(p),
		orders:  newRecords(p, "entry-order", row.AppendOrderData, decodeOrderData),
		owned:   newRecords(p, "owned", func(dst []byte, n *int64) []byte { return row.AppendInt(dst, *n) }, decodeCount),
		at:      func() events.Position { return p.at.position },
		watched: watchedPlaces{},
	}
	k.teamIDs.Store(newIDCache())
	k.topic = live.NewTopics(live.TournamentTopics.Prefix, k.state)
	k.topic.Category = live.TournamentTopics.Category
	k.teamTopic = live.NewTopics("team", k.teamState)
	return k
}

func (k *tournaments) topics() []*live.Topics { return []*live.Topics{k.topic, k.teamTopic} }

func (k *tournaments) reset() {
	k.rows.reset()
	k.past.reset()
	k.teams.reset()
	k.entries.reset()
	k.orders.reset()
	k.owned.reset()
	k.teamIDs.Store(newIDCache())
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
	if err := k.owned.flush(b); err != nil {
		return err
	}
	if err := k.orders.flush(b); err != nil {
		return err
	}
	return k.entries.flush(b)
}

func (k *tournaments) fold(e *events.Recorded, fact events.Fact) (work int, err error) {
	if e.Stream.Category() == events.TeamCategory {
		return 0, k.foldTeam(e, fact)
	}
	id := e.Stream.Entity()
	entry, err := k.rows.find(id)
	if err != nil {
		return 0, err
	}
	if entry == nil {
		var tournament row.Tournament
		if err := tournament.ApplyFact(e, fact); err != nil {
			return 0, err
		}
		k.rows.add(id, tournament)
		return 0, nil
	}
	if e.Revision <= entry.row.Revision {
		return 0, nil
	}
	if err := k.plan(e, &entry.row, fact); err != nil {
		return 0, err
	}
	before := entry.row.Remaining()
	if err := entry.row.ApplyFact(e, fact); err != nil {
		return 0, err
	}
	k.rows.changed(entry)
	if err := k.applyMoves(e, events.TournamentID(entry.id)); err != nil {
		return 0, err
	}
	k.foldOrder(events.TournamentID(entry.id), fact)
	k.publishChange(e, entry, fact, before)
	return k.past.save(id, entry.row.Revision, entry.row.Position, &entry.row) + len(k.moves), nil
}

func (k *tournaments) foldTeam(e *events.Recorded, fact events.Fact) error {
	id := e.Stream.Entity()
	entry, err := k.teams.find(id)
	if err != nil {
		return err
	}
	if entry != nil {
		return entry.row.ApplyFact(e, fact)
	}
	var team row.Team
	if err := team.ApplyFact(e, fact); err != nil {
		return err
	}
	if team.Owner != "" {
		owned, _, err := k.owned.find(string(team.Owner))
		if err != nil {
			return err
		}
		owned++
		k.owned.set(string(team.Owner), &owned)
	}
	k.teams.add(id, team)
	return nil
}

// plan determines the teams that an event moves, and checks that each has the status that the event implies. It does
// not change the views.
func (k *tournaments) plan(e *events.Recorded, tournament *row.Tournament, fact events.Fact) error {
	k.moves = k.moves[:0]
	next := tournament.LastSlot
	switch f := fact.(type) {
	case *events.TournamentEntered:
		k.planNew(f.TeamIDs, move{to: placeRef{events.EntryEntered, next}, cause: live.CauseEntered})
	case *events.TournamentWaitlisted:
		to := move{to: placeRef{events.EntryWaitlisted, tournament.LastWaiting}, cause: live.CauseWaitlisted}
		if len(f.TeamIDs) > 1 {
			to.group = tournament.LastWaiting + 1
		}
		k.planNew(f.TeamIDs, to)
	case *events.TournamentPromoted:
		for _, teams := range f.Rows {
			if err := k.planAll(e, tournament, teams, events.EntryWaitlisted,
				move{to: placeRef{events.EntryEntered, next}, cause: live.CausePromoted}); err != nil {
				return err
			}
			next += int64(len(teams))
		}
	case *events.TournamentWithdrawn:
		return k.planAll(e, tournament, []events.TeamID{f.TeamID}, f.Was, move{cause: live.CauseWithdrawn})
	}
	return nil
}

// planNew plans a move of each new team, to consecutive places after to.to.number. It does not check whether a
// team already has an entry, which the core and the verifier do: the check would cost more than the rest of the
// fold.
func (k *tournaments) planNew(teams []events.TeamID, to move) {
	for _, team := range teams {
		to.team = team
		to.to.number++
		k.moves = append(k.moves, to)
	}
}

// planAll plans a move of each team, whose status must be were. If to has a status, the teams take the places
// after it; otherwise they leave.
func (k *tournaments) planAll(e *events.Recorded, tournament *row.Tournament, teams []events.TeamID,
	were events.EntryStatus, to move) error {
	for _, team := range teams {
		from, in, err := k.entries.placeOf(tournament.ID, team)
		if err != nil {
			return err
		}
		if !in || from.status != were {
			return fmt.Errorf("%w: position %d: %s@%d is a %s, but team %q was not %s before",
				row.ErrViolated, e.Position, e.Stream, e.Revision, e.Type, team, were)
		}
		to.team, to.from = team, from
		if to.to.status != "" {
			to.to.number++
		}
		k.moves = append(k.moves, to)
	}
	return nil
}

// applyMoves applies the plan.
func (k *tournaments) applyMoves(e *events.Recorded, id events.TournamentID) error {
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

func (k *tournaments) table() *table[row.Tournament] { return k.rows }

func (k *tournaments) rowSnapshots() *rowSnapshots[row.Tournament] { return k.past }

func (k *tournaments) teamTable() *table[row.Team] { return k.teams }

// Tournament returns the row of a tournament, and whether it exists.
// Errors: the disk's.
func (p *Projections) Tournament(id events.TournamentID) (row.Tournament, bool, error) {
	return rowOf(p, (*tournaments).table, string(id))
}

// Tournaments returns up to limit tournaments with ids above after, as
// [Projections.Products] does. Errors: the disk's.
func (p *Projections) Tournaments(after string, limit int) (page []row.Tournament, next string, err error) {
	return pageOf(p, (*tournaments).table, after, limit,
		func(tournament *row.Tournament) string { return string(tournament.ID) })
}

// Team returns the row of a team, and whether it exists. Errors: the disk's.
func (p *Projections) Team(id events.TeamID) (row.Team, bool, error) {
	return rowOf(p, (*tournaments).teamTable, string(id))
}

// HasTeam reports whether [Projections.Team] finds a team. Repeated calls for the same team do not wait for the
// disk. Errors: the disk's.
func (p *Projections) HasTeam(id events.TeamID) (bool, error) {
	known := viewOf[*tournaments](p).teamIDs.Load()
	if known.has(string(id)) {
		return true, nil
	}
	_, found, err := p.Team(id)
	if found {
		known.add(string(id))
	}
	return found, err
}

// Teams returns up to limit teams with ids above after, as [Projections.Products]
// does. Errors: the disk's.
func (p *Projections) Teams(after string, limit int) (page []row.Team, next string, err error) {
	return pageOf(p, (*tournaments).teamTable, after, limit, func(team *row.Team) string { return string(team.ID) })
}

// state returns the state of the topic "tournament:<id>". The lock must be held.
func (k *tournaments) state(id string) (live.State, events.Position, error) {
	e, err := k.rows.existing(id)
	if err != nil {
		return nil, 0, err
	}
	return live.NewTournamentState(e.row), e.row.Position, nil
}

// publishChange publishes a folded event to the topics that are watched.
func (k *tournaments) publishChange(e *events.Recorded, found *entry[row.Tournament], fact events.Fact, before int64) {
	if t := k.topic.Watched(found.id); t != nil {
		k.delta.Set(before, found.row, fact)
		t.Change(e.Position, &k.delta)
	}
	if k.teamTopic.Any() {
		k.publishTeams(e, &found.row)
	}
}

// status returns the status of a team after its move.
func (m *move) status() events.EntryStatus {
	if m.to.number == 0 {
		return events.EntryWithdrawn
	}
	return m.to.status
}
