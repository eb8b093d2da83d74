package projections

import (
	"encoding/binary"
	"sort"

	"github.com/cockroachdb/pebble/v2"

	"admitone/events"
)

// entries is the view of who takes part in which tournament.
//
// Places are numbered in the order in which a tournament gave them, those of its
// slots and those of its waitlist apart. A number is never given twice.
type entries struct {
	// seats by team and tournament say which place the team has.
	seats *records[seat]
	// blocks have the places, by tournament, status and number / blockSize. An entry
	// then costs one record of its own, its seat, and a share of a block.
	blocks *records[block]
	// counts are how many there are in a block of a waitlist, so that a team's place
	// is known without reading all before it.
	counts *records[int64]
}

// blockSize is how many numbers are in one block: a million waiting teams have
// some four thousand.
const blockSize = 256

// lastPlace is behind every number.
const lastPlace = 1 << 56

// seat is where a team's place is found: under its status and number.
type seat struct {
	status events.EntryStatus
	number int64
}

// block is the places of a block that are taken, by number. Readers keep it, so
// its places never change; new ones are only appended.
type block struct{ places []place }

// place is an [Entry] without what its block says.
type place struct {
	team                       string
	number, group              int64
	revision, position, second int64
	nano                       int32
}

func newEntries(p *Projections) *entries {
	return &entries{
		seats:  newRecords(p, "seat", appendSeat, decodeSeat),
		blocks: newRecords(p, "places", appendBlock, decodeBlock),
		counts: newRecords(p, "waiting", func(dst []byte, n *int64) []byte { return appendInt(dst, *n) }, decodeCount),
	}
}

func appendSeat(dst []byte, s *seat) []byte { return appendInt(append(dst, s.status[0]), s.number) }

func decodeSeat(record []byte) (seat, error) {
	in := reader{rest: record}
	status := events.EntryWaitlisted
	if first := in.take(1); !in.bad && len(first) == 1 && first[0] == events.EntryEntered[0] {
		status = events.EntryEntered
	}
	s := seat{status, in.int()}
	return s, in.done()
}

func appendBlock(dst []byte, b *block) []byte {
	dst = appendInt(dst, int64(len(b.places)))
	for i := range b.places {
		p := &b.places[i]
		dst = appendString(dst, p.team)
		for _, n := range [...]int64{p.number, p.group, p.revision, p.position, p.second, int64(p.nano)} {
			dst = appendInt(dst, n)
		}
	}
	return dst
}

func decodeBlock(record []byte) (block, error) {
	in := reader{rest: record}
	n := in.int()
	if n < 0 || n > blockSize {
		return block{}, errRecord
	}
	b := block{make([]place, n, blockSize)}
	for i := range b.places {
		b.places[i] = place{in.str(), in.int(), in.int(), in.int(), in.int(), in.int(), int32(in.int())}
	}
	return b, in.done()
}

func decodeCount(record []byte) (int64, error) {
	in := reader{rest: record}
	n := in.int()
	return n, in.done()
}

// seatKey sorts by team.
func seatKey(tournament, team string) string { return ownedKey(team, tournament) }

// blockKey sorts by tournament, status and number, and is that of all in a block.
func blockKey(tournament string, at seat) string {
	key := [9]byte{at.status[0]}
	binary.BigEndian.PutUint64(key[1:], uint64(at.number/blockSize))
	return ownedKey(tournament, string(key[:]))
}

func (v *entries) reset() {
	v.seats.reset()
	v.blocks.reset()
	v.counts.reset()
}

func (v *entries) flush(b *pebble.Batch) error {
	if err := v.seats.flush(b); err != nil {
		return err
	}
	if err := v.blocks.flush(b); err != nil {
		return err
	}
	return v.counts.flush(b)
}

// add puts a team in the next place of a status.
func (v *entries) add(tournament string, status events.EntryStatus, p place) error {
	at := seat{status, p.number}
	key := blockKey(tournament, at)
	b, ok, err := v.blocks.find(key)
	if err != nil {
		return err
	}
	if !ok {
		b.places = make([]place, 0, blockSize)
	}
	v.seats.set(seatKey(tournament, p.team), &at)
	v.set(key, status, append(b.places, p))
	return nil
}

// remove frees the place of a team.
func (v *entries) remove(tournament, team string, at seat) error {
	key := blockKey(tournament, at)
	b, _, err := v.blocks.find(key)
	if err != nil {
		return err
	}
	rest := make([]place, 0, blockSize)
	for i := range b.places {
		if b.places[i].number != at.number {
			rest = append(rest, b.places[i])
		}
	}
	v.seats.delete(seatKey(tournament, team))
	v.set(key, at.status, rest)
	return nil
}

// set makes places those of a block.
func (v *entries) set(key string, status events.EntryStatus, places []place) {
	counted := status == events.EntryWaitlisted
	if len(places) == 0 {
		v.blocks.delete(key)
		if counted {
			v.counts.delete(key)
		}
		return
	}
	v.blocks.set(key, &block{places})
	if counted {
		n := int64(len(places))
		v.counts.set(key, &n)
	}
}

// standing returns the seat of a team, and whether it takes part. The lock must be
// held.
func (v *entries) standing(tournament, team string) (seat, bool, error) {
	return v.seats.find(seatKey(tournament, team))
}

// find returns the place of a seat, and whether it is there. The lock must be held.
func (v *entries) find(tournament string, at seat) (b block, i int, ok bool, err error) {
	b, _, err = v.blocks.find(blockKey(tournament, at))
	i = b.upTo(at.number)
	return b, i - 1, err == nil && i > 0 && b.places[i-1].number == at.number, err
}

// upTo is how many places of a block have numbers up to this one.
func (b *block) upTo(number int64) int {
	return sort.Search(len(b.places), func(i int) bool { return b.places[i].number > number })
}

// before begins to count those who wait in the blocks before that of a number. The
// lock must be held now, and not for counting.
func (v *entries) before(tournament string, number int64) (*scan[int64], error) {
	return v.counts.scan(blockKey(tournament, seat{events.EntryWaitlisted, 0}), blockKey(tournament, seat{events.EntryWaitlisted, number}))
}

// sum counts.
func sum(counts *scan[int64]) (n int64, err error) {
	err = counts.each(func(_ string, waiting *int64) bool { n += *waiting; return true })
	return n, err
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
