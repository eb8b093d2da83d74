package projections

import (
	"encoding/binary"
	"sort"

	"github.com/cockroachdb/pebble/v2"

	"admitone/events"
	"admitone/projections/row"
)

// entries is the view of teams' entries in tournaments.
//
// Places are numbered in the order in which the tournament assigned them, separately for the slots and
// the waitlist. A number is never reused.
type entries struct {
	// refs has the place of each team in each tournament, by entryKey.
	refs *records[placeRef]
	// blocks contain the places, by tournament, status and number / blockSize. An entry costs one
	// record in refs and a share of a block.
	blocks *records[block]
	// counts has the number of teams in each block of a waitlist, so that computing a team's place
	// does not read all earlier blocks.
	counts *records[int64]
}

// blockSize is the number of places in a block. A million waiting teams fill about four thousand
// blocks.
const blockSize = 256

// lastPlace is greater than the number of any place.
const lastPlace = 1 << 56

// placeRef locates a team's place.
type placeRef struct {
	status events.EntryStatus
	number int64
}

// block contains the assigned places of a block, in ascending order of their numbers. Readers use it without the
// lock, so places are appended but never modified.
type block struct{ places []place }

// place is a [row.Entry] without the fields that its block's key implies.
type place struct {
	team                       events.TeamID
	number, group              int64
	revision, position, second int64
	nano                       int32
}

func newEntries(p *Projections) *entries {
	return &entries{
		refs:   newRecords(p, "seat", appendPlaceRef, decodePlaceRef),
		blocks: newRecords(p, "places", appendBlock, decodeBlock),
		counts: newRecords(p, "waiting", func(dst []byte, n *int64) []byte { return row.AppendInt(dst, *n) }, decodeCount),
	}
}

func appendPlaceRef(dst []byte, s *placeRef) []byte {
	return row.AppendInt(append(dst, s.status[0]), s.number)
}

func decodePlaceRef(record []byte) (placeRef, error) {
	reader := row.NewReader(record)
	first := reader.Bytes(1)
	for _, status := range []events.EntryStatus{events.EntryEntered, events.EntryWaitlisted} {
		if reader.OK() && first[0] == status[0] {
			s := placeRef{status, reader.Int()}
			return s, reader.Done()
		}
	}
	return placeRef{}, row.ErrRecord
}

func appendBlock(dst []byte, b *block) []byte {
	dst = row.AppendInt(dst, int64(len(b.places)))
	for i := range b.places {
		p := &b.places[i]
		dst = row.AppendString(dst, string(p.team))
		for _, n := range [...]int64{p.number, p.group, p.revision, p.position, p.second, int64(p.nano)} {
			dst = row.AppendInt(dst, n)
		}
	}
	return dst
}

func decodeBlock(record []byte) (block, error) {
	reader := row.NewReader(record)
	n := reader.Int()
	if n < 0 || n > blockSize {
		return block{}, row.ErrRecord
	}
	b := block{make([]place, n, blockSize)}
	for i := range b.places {
		b.places[i] = place{events.TeamID(reader.Text()), reader.Int(), reader.Int(), reader.Int(), reader.Int(),
			reader.Int(), int32(reader.Int())}
	}
	return b, reader.Done()
}

func decodeCount(record []byte) (int64, error) {
	reader := row.NewReader(record)
	n := reader.Int()
	return n, reader.Done()
}

// entryKey returns the key of a team's entry in a tournament. Keys sort by team.
func entryKey(tournament events.TournamentID, team events.TeamID) string {
	return ownedKey(string(team), string(tournament))
}

// blockKey returns the key of the block that contains at. Keys sort by tournament, status and number.
func blockKey(tournament events.TournamentID, at placeRef) string {
	key := [9]byte{at.status[0]}
	binary.BigEndian.PutUint64(key[1:], uint64(at.number/blockSize))
	return ownedKey(string(tournament), string(key[:]))
}

func (v *entries) reset() {
	v.refs.reset()
	v.blocks.reset()
	v.counts.reset()
}

func (v *entries) flush(b *pebble.Batch) error {
	if err := v.refs.flush(b); err != nil {
		return err
	}
	if err := v.blocks.flush(b); err != nil {
		return err
	}
	return v.counts.flush(b)
}

// add appends a place to the slots or the waitlist.
func (v *entries) add(tournament events.TournamentID, status events.EntryStatus, p place) error {
	at := placeRef{status, p.number}
	key := blockKey(tournament, at)
	b, ok, err := v.blocks.find(key)
	if err != nil {
		return err
	}
	if !ok {
		b.places = make([]place, 0, blockSize)
	}
	v.refs.set(entryKey(tournament, p.team), &at)
	v.set(key, status, append(b.places, p))
	return nil
}

// remove frees a team's place.
func (v *entries) remove(tournament events.TournamentID, team events.TeamID, at placeRef) error {
	key := blockKey(tournament, at)
	b, _, err := v.blocks.find(key)
	if err != nil {
		return err
	}
	remaining := make([]place, 0, blockSize)
	for i := range b.places {
		if b.places[i].number != at.number {
			remaining = append(remaining, b.places[i])
		}
	}
	v.refs.delete(entryKey(tournament, team))
	v.set(key, at.status, remaining)
	return nil
}

// set replaces the places of a block, and deletes an empty block.
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

// placeOf returns the place of a team, and whether it has one. The lock must be held.
func (v *entries) placeOf(tournament events.TournamentID, team events.TeamID) (placeRef, bool, error) {
	return v.refs.find(entryKey(tournament, team))
}

// find returns the block of a place and the index in it; ok is false if the place is free. The lock must be
// held.
func (v *entries) find(tournament events.TournamentID, at placeRef) (b block, i int, ok bool, err error) {
	b, _, err = v.blocks.find(blockKey(tournament, at))
	i = b.countUpTo(at.number)
	return b, i - 1, err == nil && i > 0 && b.places[i-1].number == at.number, err
}

// countUpTo returns the number of places in a block whose numbers are at most number.
func (b *block) countUpTo(number int64) int {
	return sort.Search(len(b.places), func(i int) bool { return b.places[i].number > number })
}

// countsBefore returns a scan of the counts of the waitlist's blocks before the block that contains number. The
// lock must be held for the call, but not for the scan.
func (v *entries) countsBefore(tournament events.TournamentID, number int64) (*scan[int64], error) {
	return v.counts.scan(blockKey(tournament, placeRef{events.EntryWaitlisted, 0}),
		blockKey(tournament, placeRef{events.EntryWaitlisted, number}))
}

// sum returns the total of the counts in a scan, which it closes.
func sum(counts *scan[int64]) (n int64, err error) {
	err = counts.each(func(_ string, waiting *int64) bool { n += *waiting; return true })
	return n, err
}

// tournamentsOf returns up to limit tournaments with ids above after that a team has entered or waits for, and
// whether there are more. The lock must be held.
func (v *entries) tournamentsOf(team events.TeamID, after string,
	limit int) (ids []events.TournamentID, more bool, err error) {
	prefix := ownedKey(string(team), "")
	seats, err := v.refs.scan(prefix+after+"\x00", prefix+"\xff\xff")
	if err != nil {
		return nil, false, err
	}
	err = seats.each(func(key string, _ *placeRef) bool {
		if more = len(ids) == limit; more {
			return false
		}
		ids = append(ids, events.TournamentID(key[len(prefix):]))
		return true
	})
	return ids, more, err
}
