package projections

import (
	"context"
	"encoding/binary"
	"slices"

	"github.com/cockroachdb/pebble/v2"

	"admitone/events"
	"admitone/projections/row"
)

// rowSnapshotEvery is the number of revisions between two snapshots of a row.
const rowSnapshotEvery = 512

// rowSnapshots stores the states of a view's rows at every rowSnapshotEvery-th revision. A past state
// is folded from the last snapshot before it, from a bounded number of events. The snapshots are a
// fold of the log like the rows.
type rowSnapshots[R any] struct {
	records *records[[]byte]
	every   events.Revision
	encode  func(dst []byte, row *R) []byte
	decode  func(id string, record []byte) (R, error)
}

func newRowSnapshots[R any](p *Projections, prefix string, encode func([]byte, *R) []byte,
	decode func(string, []byte) (R, error)) *rowSnapshots[R] {
	return &rowSnapshots[R]{
		records: newRecords(p, prefix,
			func(dst []byte, record *[]byte) []byte { return append(dst, *record...) },
			func(record []byte) ([]byte, error) { return slices.Clone(record), nil }),
		every: rowSnapshotEvery, encode: encode, decode: decode,
	}
}

// rowSnapshotKey returns the key of a snapshot. Keys sort by entity, then with later positions first, so that a seek
// to the key of a position finds the last snapshot up to that position.
func rowSnapshotKey(id string, position events.Position) string {
	return ownedKey(id, string(binary.BigEndian.AppendUint64(nil, ^uint64(position))))
}

// save stores a snapshot of a changed row if at is a multiple of the interval; at and position are those
// of the row's last event. It returns the number of records written.
func (m *rowSnapshots[R]) save(id string, at events.Revision, position events.Position, state *R) int {
	if (at+1)%m.every != 0 {
		return 0
	}
	record := m.encode(row.AppendInt(nil, int64(at)), state)
	m.records.set(rowSnapshotKey(id, position), &record)
	return 1
}

// last returns the row in the last snapshot up to a position, and the revision after that snapshot; nil and 0
// if there is none. It must be called without the lock.
func (m *rowSnapshots[R]) last(id string, position events.Position) (state *R, next events.Revision, err error) {
	m.records.mu.RLock()
	snapshots, err := m.records.scan(rowSnapshotKey(id, position), rowSnapshotKey(id, 0))
	m.records.mu.RUnlock()
	if err != nil {
		return nil, 0, err
	}
	var decodeErr error
	err = snapshots.each(func(_ string, record *[]byte) bool {
		reader := row.NewReader(*record)
		next = events.Revision(reader.Int()) + 1
		var was R
		if was, decodeErr = m.decode(id, reader.Rest()); decodeErr == nil {
			state = &was
		}
		return false
	})
	if err == nil {
		err = m.records.p.readError(decodeErr)
	}
	return state, next, err
}

func (m *rowSnapshots[R]) flush(b *pebble.Batch) error { return m.records.flush(b) }

func (m *rowSnapshots[R]) reset() { m.records.reset() }

// pastOf folds the row of a stream up to a position, from the last snapshot. It returns nil if the stream had no
// events up to the position. Errors: apply's; the disk's; the store's.
func pastOf[V view, R any](ctx context.Context, p *Projections, of func(V) *rowSnapshots[R], stream events.StreamID,
	position events.Position, apply func(*R, *events.Recorded) error) (*R, error) {
	if err := p.enter(); err != nil {
		return nil, err
	}
	state, next, err := of(viewOf[V](p)).last(stream.Entity(), position)
	p.leave()
	if err != nil {
		return nil, err
	}
	return row.FoldFrom(ctx, p.store, stream, state, next, position, apply)
}

// ProductAt is [row.ProductAt] for the views' log. It reads a few hundred events at most.
// Errors: those of [row.ProductAt]; the disk's.
func (p *Projections) ProductAt(ctx context.Context, id events.ProductID,
	position events.Position) (*row.Product, error) {
	return pastOf(ctx, p, (*products).rowSnapshots, events.NewStreamID(events.ProductCategory, string(id)), position,
		(*row.Product).Apply)
}

// TournamentAt is [row.TournamentAt] for the views' log. It reads a few hundred events at most.
// Errors: those of [row.TournamentAt]; the disk's.
func (p *Projections) TournamentAt(ctx context.Context, id events.TournamentID,
	position events.Position) (*row.Tournament, error) {
	return pastOf(ctx, p, (*tournaments).rowSnapshots, events.NewStreamID(events.TournamentCategory, string(id)), position,
		(*row.Tournament).Apply)
}
