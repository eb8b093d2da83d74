package embedded

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"

	"github.com/cockroachdb/pebble/v2"

	"admitone/events"
	"admitone/events/pebbledb"
)

// checkEvery is the number of events that a read decodes between two checks of its context.
const checkEvery = 256

// Read implements events.Store.
func (s *Store) Read(ctx context.Context, stream events.StreamID, from events.Revision, dir events.Direction,
	limit int) (page []events.Recorded, err error) {
	if !s.gate.enter() {
		return nil, events.ErrClosed
	}
	defer s.gate.leave()
	defer func() { err = s.noteDamage(err) }()
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if limit <= 0 || stream == "" || len(stream) > MaxStreamBytes || bytes.IndexByte([]byte(stream), 0) >= 0 {
		return nil, nil
	}
	if dir == events.Forward {
		from = max(from, 0)
	}
	if from < 0 {
		return nil, nil
	}
	if s.streams.absent(stream) {
		return nil, nil
	}
	r, err := s.newStreamReader(stream)
	if err != nil {
		return nil, err
	}
	defer r.close()
	if dir == events.Forward {
		return r.forward(ctx, from, limit)
	}
	return r.backward(ctx, from, limit)
}

// ReadAll implements events.Store.
func (s *Store) ReadAll(ctx context.Context, from events.Position, dir events.Direction,
	limit int) ([]events.Recorded, error) {
	if !s.gate.enter() {
		return nil, events.ErrClosed
	}
	defer s.gate.leave()
	return s.readAll(ctx, nil, from, dir, limit, math.MaxInt)
}

// readAll is ReadAll with a bound in bytes: the event with which page reaches maxBytes is the last. It appends to
// page. Positions have no gaps, so a missing event is damage.
func (s *Store) readAll(ctx context.Context, page []events.Recorded, from events.Position, dir events.Direction,
	limit, maxBytes int) (_ []events.Recorded, err error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	defer func() { err = s.noteDamage(err) }()
	head := events.Position(s.head.Load())
	var first events.Position
	var n uint64
	switch {
	case dir == events.Forward && from < head:
		first, n = from+1, uint64(head-from)
	case dir == events.Backward && from > 1 && head > 0:
		first = min(head, from-1)
		n = uint64(first)
	}
	n = min(n, uint64(max(limit, 0)))
	if n == 0 {
		return page, nil
	}
	c, err := s.newCursor()
	if err != nil {
		return nil, err
	}
	defer c.close()
	if page == nil {
		page = make([]events.Recorded, 0, min(n, 4096))
	}
	for i := range n {
		if i%checkEvery == 0 && ctx.Err() != nil {
			return nil, ctx.Err()
		}
		position := first + events.Position(i)
		if dir == events.Backward {
			position = first - events.Position(i)
		}
		r, err := c.at(position)
		if err != nil {
			return nil, err
		}
		page = append(page, r)
		if maxBytes -= weight(&r); maxBytes <= 0 {
			break
		}
	}
	return page, nil
}

// newIter returns an iterator over one key space.
func (s *Store) newIter(space byte) (*pebble.Iterator, error) {
	iter, err := s.db.NewIter(&pebble.IterOptions{LowerBound: []byte{space}, UpperBound: []byte{space + 1}})
	if err != nil {
		return nil, readError(err)
	}
	return iter, nil
}

// readError translates an error of a read from Pebble.
func readError(err error) error {
	truncated := errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF)
	if truncated || pebble.IsCorruptionError(err) || errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%w: %w", events.ErrDamaged, pebbledb.FirstLine(err))
	}
	return fmt.Errorf("%w: %w", events.ErrUnavailable, err)
}

// cursor finds events by position.
type cursor struct {
	decoder
	iter    *pebble.Iterator
	current events.Position // the position that iter is at, 0 if unknown
	key     [eventKeySize]byte
}

func (s *Store) newCursor() (*cursor, error) {
	iter, err := s.newIter(eventSpace)
	if err != nil {
		return nil, err
	}
	return &cursor{iter: iter}, nil
}

// close ignores the error of Close, which a read has already returned.
func (c *cursor) close() { _ = c.iter.Close() }

// at returns the event at position, which must exist. A step to the next or previous position needs no seek.
func (c *cursor) at(position events.Position) (events.Recorded, error) {
	var found bool
	switch {
	case c.current != 0 && position == c.current+1:
		found = c.iter.Next()
	case c.current != 0 && position == c.current-1:
		found = c.iter.Prev()
	default:
		putEventKey(c.key[:], position)
		found = c.iter.SeekGE(c.key[:])
	}
	c.current = 0
	if !found {
		if err := c.iter.Error(); err != nil {
			return events.Recorded{}, readError(err)
		}
		return events.Recorded{}, damaged("the event at position %d is missing", position)
	}
	key := c.iter.Key()
	if len(key) != eventKeySize || events.Position(binary.BigEndian.Uint64(key[1:])) != position {
		return events.Recorded{}, damaged("found key %x instead of the event at position %d", key, position)
	}
	value, err := c.iter.ValueAndErr()
	if err != nil {
		return events.Recorded{}, readError(err)
	}
	r, err := c.record(position, value)
	if err != nil {
		return events.Recorded{}, damaged("position %d: %v", position, err)
	}
	c.current = position
	return r, nil
}

// lastEntry returns the last index entry of a stream that begins at or before head.
func lastEntry(iter *pebble.Iterator, stream events.StreamID, head events.Position) (entry, bool, error) {
	e, ok, err := entryAt(iter, stream, events.EndRevision)
	for ok && e.position > head {
		e, ok, err = entryHere(iter, stream, iter.Prev())
	}
	if ok && e.end() > head {
		return entry{}, false, damaged("%s: an append of %d events at position %d extends beyond the end of the log at %d",
			stream, e.count, e.position, head)
	}
	return e, ok, err
}

// entryAt returns the last index entry of a stream that begins at or before revision.
func entryAt(iter *pebble.Iterator, stream events.StreamID, revision events.Revision) (entry, bool, error) {
	key := indexKey(stream, min(revision, events.EndRevision-1)+1)
	return entryHere(iter, stream, iter.SeekLT(key))
}

// entryHere decodes the index entry that iter is at. ok is false if iter is not valid or at a different stream.
func entryHere(iter *pebble.Iterator, stream events.StreamID, valid bool) (entry, bool, error) {
	if !valid {
		if err := iter.Error(); err != nil {
			return entry{}, false, readError(err)
		}
		return entry{}, false, nil
	}
	key := iter.Key()
	if len(key) != indexKeySize(stream) || string(key[1:1+len(stream)]) != string(stream) || key[1+len(stream)] != 0 {
		return entry{}, false, nil
	}
	value, err := iter.ValueAndErr()
	if err != nil {
		return entry{}, false, readError(err)
	}
	e, err := decodeEntry(key, value)
	return e, err == nil, err
}
