package projections

import (
	"errors"
	"time"

	"admitone/events"
)

// Entry is a team's part in a tournament: a slot, or a place in the waitlist.
type Entry struct {
	TournamentID string
	TeamID       string
	// Status is events.EntryEntered or events.EntryWaitlisted.
	Status events.EntryStatus
	// Place among the waiting teams, from 1; 0 of a team that has entered.
	Place int64
	// Group is the same number for the teams that wait together, 0 of all others.
	Group int64
	// Revision and Position of the event that put the team there, and the store's
	// time of it.
	Revision events.Revision
	Position events.Position
	Since    time.Time

	// number of the place, in the order in which the tournament gave them.
	number int64
}

// entry makes an Entry of a place.
func (p *place) entry(tournament string, status events.EntryStatus) Entry {
	return Entry{
		TournamentID: tournament, TeamID: p.team, Status: status, Group: p.group,
		Revision: events.Revision(p.revision), Position: events.Position(p.position),
		Since: time.Unix(p.second, int64(p.nano)).UTC(), number: p.number,
	}
}

// Entry returns a team's part in a tournament, and whether it takes part.
// Errors: the disk's.
func (p *Projections) Entry(tournamentID, teamID string) (Entry, bool, error) {
	if err := p.enter(); err != nil {
		return Entry{}, false, err
	}
	defer p.leave()
	v := kindOf[*tournaments](p).entries
	p.mu.RLock()
	e, before, err := v.entry(tournamentID, teamID)
	p.mu.RUnlock()
	if err == nil && before != nil {
		err = e.complete(before)
	}
	return e, err == nil && e.TeamID != "", err
}

// entry returns a team's entry, the zero one if there is none. Of one that waits
// the place counts within its block only, and complete adds those before. The lock
// must be held.
func (v *entries) entry(tournament, team string) (e Entry, before *scan[int64], err error) {
	at, ok, err := v.standing(tournament, team)
	if err != nil || !ok {
		return Entry{}, nil, err
	}
	b, i, ok, err := v.find(tournament, at)
	if err != nil || !ok {
		return Entry{}, nil, err
	}
	if e = b.places[i].entry(tournament, at.status); at.status == events.EntryWaitlisted {
		e.Place = int64(i) + 1
		before, err = v.before(tournament, at.number)
	}
	return e, before, err
}

func (e *Entry) complete(before *scan[int64]) error {
	n, err := sum(before)
	e.Place += n
	return err
}

// Entries returns up to limit entries of one status behind the place after, 0 for
// the first: those that have entered in the order in which they did, those that
// wait in the order of the waitlist. next is the after of the next page, 0 if
// there is none. Nobody takes part in a tournament that does not exist.
// Errors: the disk's.
func (p *Projections) Entries(tournamentID string, status events.EntryStatus, after uint64, limit int) (page []Entry, next uint64, err error) {
	if err := p.enter(); err != nil {
		return nil, 0, err
	}
	defer p.leave()
	v, from := kindOf[*tournaments](p).entries, int64(min(after, lastPlace))
	ahead := from // of whom to count those who wait
	if status == events.EntryEntered {
		ahead = 0
	}
	p.mu.RLock()
	blocks, err := v.blocks.scan(blockKey(tournamentID, seat{status, from}), blockKey(tournamentID, seat{status, 2 * lastPlace}))
	var before *scan[int64]
	if err == nil {
		if before, err = v.before(tournamentID, ahead); err != nil {
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
		i := b.upTo(from)
		place += int64(i)
		for ; i < len(b.places); i++ {
			if len(page) == limit {
				next = uint64(page[limit-1].number)
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

// TeamEntries returns up to limit entries of a team, in tournaments with ids above
// after and ordered by the bytes of those, and where the next page starts: its
// after, or "" when there is none. Errors: the disk's.
func (p *Projections) TeamEntries(teamID, after string, limit int) (page []Entry, next string, err error) {
	if err := p.enter(); err != nil {
		return nil, "", err
	}
	v := kindOf[*tournaments](p).entries
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
		if ok { // it may have withdrawn in between
			page = append(page, e)
		}
	}
	if more {
		next = ids[limit-1]
	}
	return page, next, nil
}
