package projections

import (
	"encoding/binary"
	"errors"
	"time"

	"github.com/cockroachdb/pebble/v2"

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

// entries is the view of who takes part in which tournament.
type entries struct {
	// seats by team and tournament say under which number the entry is.
	seats *records[seat]
	// places have the entries, by tournament, status and number.
	places *records[Entry]
	// blocks count the waiting teams of a tournament whose numbers lie in one block,
	// so that a team's place is known without walking past all before it.
	blocks *records[int64]
}

// seat is where an entry is found.
type seat struct {
	status events.EntryStatus
	number int64
}

// blockSize is how many numbers of places are in one block: as many as it would
// have blocks if a million teams were waiting.
const blockSize = 1024

// lastPlace is behind every number.
const lastPlace = 1 << 62

func newEntries(p *Projections) *entries {
	return &entries{
		seats:  newRecords(p, "seat", appendSeat, decodeSeat),
		places: newRecords(p, "place", appendEntry, decodeEntry),
		blocks: newRecords(p, "waiting", func(dst []byte, n *int64) []byte { return appendInt(dst, *n) }, decodeBlock),
	}
}

func appendSeat(dst []byte, s *seat) []byte {
	return appendInt(appendString(dst, string(s.status)), s.number)
}

func decodeSeat(record []byte) (seat, error) {
	in := reader{rest: record}
	s := seat{events.EntryStatus(in.str()), in.int()}
	return s, in.done()
}

func appendEntry(dst []byte, e *Entry) []byte {
	dst = appendString(dst, e.TeamID)
	dst = appendInt(appendInt(dst, e.number), e.Group)
	dst = appendInt(appendInt(dst, int64(e.Revision)), int64(e.Position))
	return appendTime(dst, e.Since)
}

// decodeEntry leaves out what the key has: the tournament and the status.
func decodeEntry(record []byte) (Entry, error) {
	in := reader{rest: record}
	e := Entry{TeamID: in.str(), number: in.int(), Group: in.int(), Revision: events.Revision(in.int()), Position: events.Position(in.int()), Since: in.time()}
	return e, in.done()
}

func decodeBlock(record []byte) (int64, error) {
	in := reader{rest: record}
	n := in.int()
	return n, in.done()
}

// seatKey sorts by team.
func seatKey(tournament, team string) string { return ownedKey(team, tournament) }

// placeKey sorts by tournament, status and number.
func placeKey(tournament string, status events.EntryStatus, number int64) string {
	key := [9]byte{'w'}
	if status == events.EntryEntered {
		key[0] = 'e'
	}
	binary.BigEndian.PutUint64(key[1:], uint64(number))
	return ownedKey(tournament, string(key[:]))
}

func blockKey(tournament string, block int64) string {
	var key [8]byte
	binary.BigEndian.PutUint64(key[:], uint64(block))
	return ownedKey(tournament, string(key[:]))
}

func (v *entries) reset() {
	v.seats.reset()
	v.places.reset()
	v.blocks.reset()
}

func (v *entries) flush(b *pebble.Batch) error {
	if err := v.seats.flush(b); err != nil {
		return err
	}
	if err := v.places.flush(b); err != nil {
		return err
	}
	return v.blocks.flush(b)
}

// add puts a team in a place that was not taken.
func (v *entries) add(e *Entry) error {
	v.seats.set(seatKey(e.TournamentID, e.TeamID), &seat{e.Status, e.number})
	v.places.set(placeKey(e.TournamentID, e.Status, e.number), e)
	if e.Status == events.EntryWaitlisted {
		return v.count(e.TournamentID, e.number, 1)
	}
	return nil
}

// remove frees the place of a team.
func (v *entries) remove(tournament, team string, at seat) error {
	v.seats.delete(seatKey(tournament, team))
	v.places.delete(placeKey(tournament, at.status, at.number))
	if at.status == events.EntryWaitlisted {
		return v.count(tournament, at.number, -1)
	}
	return nil
}

// count adds to the waiting teams of a number's block.
func (v *entries) count(tournament string, number, more int64) error {
	key := blockKey(tournament, number/blockSize)
	n, _, err := v.blocks.find(key)
	if err != nil {
		return err
	}
	if n += more; n == 0 {
		v.blocks.delete(key)
		return nil
	}
	v.blocks.set(key, &n)
	return nil
}

// standing returns the seat of a team. The lock must be held.
func (v *entries) standing(tournament, team string) (seat, bool, error) {
	return v.seats.find(seatKey(tournament, team))
}

// ahead counts the waiting teams up to a number.
type ahead struct {
	blocks *scan[int64]
	places *scan[Entry]
}

// ahead begins to count. The lock must be held now, and not for counting.
func (v *entries) ahead(tournament string, number int64) (*ahead, error) {
	block := number / blockSize
	blocks, err := v.blocks.scan(blockKey(tournament, 0), blockKey(tournament, block))
	if err != nil {
		return nil, err
	}
	places, err := v.places.scan(placeKey(tournament, events.EntryWaitlisted, block*blockSize),
		placeKey(tournament, events.EntryWaitlisted, number+1))
	if err != nil {
		return nil, errors.Join(err, blocks.close())
	}
	return &ahead{blocks, places}, nil
}

func (a *ahead) count() (n int64, err error) {
	if err := a.blocks.each(func(_ string, waiting *int64) bool { n += *waiting; return true }); err != nil {
		return 0, errors.Join(err, a.places.close())
	}
	return n, a.places.each(func(string, *Entry) bool { n++; return true })
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
	if err != nil || e.TeamID == "" {
		return Entry{}, false, err
	}
	if before != nil {
		e.Place, err = before.count()
	}
	return e, err == nil, err
}

// entry returns a team's entry, the zero one if there is none, and what counts its
// place, if it waits. The lock must be held.
func (v *entries) entry(tournament, team string) (e Entry, place *ahead, err error) {
	at, ok, err := v.standing(tournament, team)
	if err != nil || !ok {
		return Entry{}, nil, err
	}
	if e, ok, err = v.places.find(placeKey(tournament, at.status, at.number)); err != nil || !ok {
		return Entry{}, nil, err
	}
	e.TournamentID, e.Status = tournament, at.status
	if at.status == events.EntryWaitlisted {
		place, err = v.ahead(tournament, at.number)
	}
	return e, place, err
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
	var before *ahead
	p.mu.RLock()
	places, err := v.places.scan(placeKey(tournamentID, status, from+1), placeKey(tournamentID, status, lastPlace+1))
	if err == nil && status == events.EntryWaitlisted {
		before, err = v.ahead(tournamentID, from)
	}
	p.mu.RUnlock()
	if err != nil {
		return nil, 0, err
	}
	place := int64(0)
	if before != nil {
		if place, err = before.count(); err != nil {
			return nil, 0, errors.Join(err, places.close())
		}
	}
	err = places.each(func(_ string, e *Entry) bool {
		if len(page) == limit {
			next = uint64(page[limit-1].number)
			return false
		}
		page = append(page, *e)
		last := &page[len(page)-1]
		last.TournamentID, last.Status = tournamentID, status
		if before != nil {
			place++
			last.Place = place
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

// tournamentsOf lists where a team takes part. The lock must be held.
func (v *entries) tournamentsOf(team, after string, limit int) (ids []string, more bool, err error) {
	begin := ownedKey(team, "")
	seats, err := v.seats.scan(begin+after+"\x00", begin+"\xff\xff")
	if err != nil {
		return nil, false, err
	}
	err = seats.each(func(key string, _ *seat) bool {
		if more = len(ids) == limit; more {
			return false
		}
		ids = append(ids, key[len(begin):])
		return true
	})
	return ids, more, err
}
