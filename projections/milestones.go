package projections

import (
	"context"
	"encoding/binary"
	"slices"

	"github.com/cockroachdb/pebble/v2"

	"admitone/events"
)

// milestoneEvery is how many events of a stream lie between two of its milestones.
const milestoneEvery = 512

// milestones are what the rows of a kind were like at every so many revisions. From
// there on few events have to be folded to know what an entity was like at any time,
// however many it has. They are a fold of the log as the rows are.
type milestones[R any] struct {
	records *records[[]byte]
	every   events.Revision
	encode  func(dst []byte, row *R) []byte
	decode  func(id string, record []byte) (R, error)
}

func newMilestones[R any](p *Projections, prefix string, encode func([]byte, *R) []byte, decode func(string, []byte) (R, error)) *milestones[R] {
	return &milestones[R]{
		records: newRecords(p, prefix,
			func(dst []byte, record *[]byte) []byte { return append(dst, *record...) },
			func(record []byte) ([]byte, error) { return slices.Clone(record), nil }),
		every: milestoneEvery, encode: encode, decode: decode,
	}
}

// milestoneKey sorts by entity, and those of later positions first: behind the key of a
// position is the last one up to there.
func milestoneKey(id string, position events.Position) string {
	return ownedKey(id, string(binary.BigEndian.AppendUint64(nil, ^uint64(position))))
}

// keep takes in a row that has changed, with the revision and position of its last
// event, and returns how many records that makes.
func (m *milestones[R]) keep(id string, at events.Revision, position events.Position, row *R) int {
	if (at+1)%m.every != 0 {
		return 0
	}
	record := m.encode(appendInt(nil, int64(at)), row)
	m.records.set(milestoneKey(id, position), &record)
	return 1
}

// last returns the row of the last milestone up to a position, and the revision behind
// it; nil and 0 if there is none. It must be called without the lock.
func (m *milestones[R]) last(id string, position events.Position) (row *R, next events.Revision, err error) {
	m.records.mu.RLock()
	found, err := m.records.scan(milestoneKey(id, position), milestoneKey(id, 0))
	m.records.mu.RUnlock()
	if err != nil {
		return nil, 0, err
	}
	var bad error
	err = found.each(func(_ string, record *[]byte) bool {
		in := reader{rest: *record}
		next = events.Revision(in.int()) + 1
		var was R
		if was, bad = m.decode(id, in.rest); bad == nil {
			row = &was
		}
		return false
	})
	if err == nil {
		err = bad
	}
	return row, next, err
}

func (m *milestones[R]) flush(b *pebble.Batch) error { return m.records.flush(b) }

func (m *milestones[R]) reset() { m.records.reset() }

// pastOf folds the row of a stream up to a position, from the last milestone on; nil if
// the stream had no event by then. Errors: apply's; the disk's; the store's.
func pastOf[K kind, R any](ctx context.Context, p *Projections, of func(K) *milestones[R], stream events.StreamID,
	position events.Position, apply func(*R, *events.Recorded) error) (*R, error) {
	if err := p.enter(); err != nil {
		return nil, err
	}
	row, next, err := of(kindOf[K](p)).last(stream.Entity(), position)
	p.leave()
	if err != nil {
		return nil, err
	}
	return rowFrom(ctx, p.store, stream, row, next, position, apply)
}
