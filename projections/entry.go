package projections

import (
	"errors"
	"time"

	"admitone/events"
	"admitone/projections/row"
)

// entry converts a place to a [row.Entry].
func (p *place) entry(tournament events.TournamentID, status events.EntryStatus) row.Entry {
	return row.Entry{
		TournamentID: tournament, TeamID: p.team, Status: status, Group: p.group,
		Revision: events.Revision(p.revision), Position: events.Position(p.position),
		Since: time.Unix(p.second, int64(p.nano)).UTC(), Number: p.number,
	}
}

// Entry returns a team's entry in a tournament, and whether it has one. Errors: the disk's.
func (p *Projections) Entry(tournamentID events.TournamentID, teamID events.TeamID) (row.Entry, bool, error) {
	if err := p.enter(); err != nil {
		return row.Entry{}, false, err
	}
	defer p.leave()
	v := viewOf[*tournaments](p).entries
	p.mu.RLock()
	e, before, err := v.entry(tournamentID, teamID)
	p.mu.RUnlock()
	if err == nil && before != nil {
		err = addPlaces(&e, before)
	}
	return e, err == nil && e.TeamID != "", err
}

// entry returns a team's entry, the zero value if there is none. The place of a waiting team is counted within its
// block only; addPlaces adds the counts of the earlier blocks, which before scans. The lock must be held.
func (v *entries) entry(tournament events.TournamentID,
	team events.TeamID) (e row.Entry, before *scan[int64], err error) {
	at, ok, err := v.placeOf(tournament, team)
	if err != nil || !ok {
		return row.Entry{}, nil, err
	}
	b, i, ok, err := v.find(tournament, at)
	if err != nil || !ok {
		return row.Entry{}, nil, err
	}
	if e = b.places[i].entry(tournament, at.status); at.status == events.EntryWaitlisted {
		e.Place = int64(i) + 1
		before, err = v.countsBefore(tournament, at.number)
	}
	return e, before, err
}

// addPlaces adds the counts in before to the place of a waiting team.
func addPlaces(e *row.Entry, before *scan[int64]) error {
	n, err := sum(before)
	e.Place += n
	return err
}

// Entries returns up to limit entries of one status after the cursor after, which is 0 for the first page: entered
// teams in order of entry, waiting teams in order of the waitlist. next is the cursor of the next page, 0 on the
// last. A tournament that does not exist has no entries. Errors: the disk's.
func (p *Projections) Entries(tournamentID events.TournamentID, status events.EntryStatus, after uint64,
	limit int) (page []row.Entry, next uint64, err error) {
	if err := p.enter(); err != nil {
		return nil, 0, err
	}
	defer p.leave()
	v, from := viewOf[*tournaments](p).entries, int64(min(after, lastPlace))
	counted := from // the number up to whose block waiting teams are counted
	if status == events.EntryEntered {
		counted = 0
	}
	p.mu.RLock()
	blocks, err := v.blocks.scan(blockKey(tournamentID, placeRef{status, from}),
		blockKey(tournamentID, placeRef{status, 2 * lastPlace}))
	var before *scan[int64]
	if err == nil {
		if before, err = v.countsBefore(tournamentID, counted); err != nil {
			err = errors.Join(err, blocks.close())
		}
	}
	p.mu.RUnlock()
	if err != nil {
		return nil, 0, err
	}
	place, err := sum(before)
	if err != nil {
		return nil, 0, errors.Join(err, blocks.close())
	}
	err = blocks.each(func(_ string, b *block) bool {
		i := b.countUpTo(from)
		place += int64(i)
		for ; i < len(b.places); i++ {
			if len(page) == limit {
				next = uint64(page[limit-1].Number)
				return false
			}
			e := b.places[i].entry(tournamentID, status)
			if place++; status == events.EntryWaitlisted {
				e.Place = place
			}
			page = append(page, e)
		}
		return true
	})
	return page, next, err
}

// TeamEntries returns up to limit entries of a team in tournaments with ids above after, in byte order of the
// ids, and the cursor of the next page, "" on the last. Errors: the disk's.
func (p *Projections) TeamEntries(teamID events.TeamID, after string,
	limit int) (page []row.Entry, next events.TournamentID, err error) {
	if err := p.enter(); err != nil {
		return nil, "", err
	}
	v := viewOf[*tournaments](p).entries
	p.mu.RLock()
	ids, more, err := v.tournamentsOf(teamID, after, limit)
	p.mu.RUnlock()
	p.leave()
	if err != nil {
		return nil, "", err
	}
	for _, id := range ids {
		e, ok, err := p.Entry(id, teamID)
		if err != nil {
			return nil, "", err
		}
		if ok { // the team may have withdrawn in between
			page = append(page, e)
		}
	}
	if more {
		next = ids[limit-1]
	}
	return page, next, nil
}

func decodeOrderData(record []byte) (events.OrderData, error) {
	reader := row.NewReader(record)
	o := reader.OrderData()
	return o, reader.Done()
}

// foldOrder applies a fact's changes to the order data of entries.
func (k *tournaments) foldOrder(id events.TournamentID, fact events.Fact) {
	switch f := fact.(type) {
	case *events.TournamentEntered:
		k.setOrders(id, f.TeamIDs, &f.OrderData)
	case *events.TournamentWaitlisted:
		k.setOrders(id, f.TeamIDs, &f.OrderData)
	case *events.TournamentWithdrawn:
		k.orders.delete(entryKey(id, f.TeamID))
	}
}

func (k *tournaments) setOrders(id events.TournamentID, teams []events.TeamID, order *events.OrderData) {
	if order.IsZero() {
		return
	}
	for _, team := range teams {
		k.orders.set(entryKey(id, team), order)
	}
}

// EntryOrder returns the order data of a team's entry, the zero value for none. Errors: the disk's.
func (p *Projections) EntryOrder(id events.TournamentID, team events.TeamID) (events.OrderData, error) {
	if err := p.enter(); err != nil {
		return events.OrderData{}, err
	}
	defer p.leave()
	order, _, err := viewOf[*tournaments](p).orders.get(entryKey(id, team))
	return order, err
}
