package embedded

import (
	"context"

	"github.com/cockroachdb/pebble/v2"

	"admitone/events"
)

// streamReader reads one stream through its index, up to the head at which it
// was made.
type streamReader struct {
	stream events.StreamID
	head   events.Position
	index  *pebble.Iterator
	events *cursor
	page   []events.Recorded
}

func (s *Store) newStreamReader(stream events.StreamID) (*streamReader, error) {
	// The head is read first: what it covers, the iterators see.
	r := &streamReader{stream: stream, head: events.Position(s.head.Load())}
	var err error
	if r.index, err = s.newIter(indexSpace); err != nil {
		return nil, err
	}
	if r.events, err = s.newCursor(); err != nil {
		_ = r.index.Close()
		return nil, err
	}
	return r, nil
}

func (r *streamReader) close() {
	_ = r.index.Close()
	r.events.close()
}

func (r *streamReader) forward(ctx context.Context, from events.Revision, limit int) ([]events.Recorded, error) {
	e, ok, err := entryAt(r.index, r.stream, from)
	if err != nil {
		return nil, err
	}
	if !ok {
		return nil, r.mustBeEmpty()
	}
	next := from
	for ok && e.end() <= r.head && len(r.page) < limit {
		if e.first > next {
			return nil, damaged("%s: revisions %d to %d are missing", r.stream, next, e.first-1)
		}
		for ; next <= e.last() && len(r.page) < limit; next++ {
			if err := r.take(ctx, e, next); err != nil {
				return nil, err
			}
		}
		if next <= e.last() {
			break
		}
		e, ok, err = entryHere(r.index, r.stream, r.index.Next())
		if err != nil {
			return nil, err
		}
	}
	return r.page, nil
}

// mustBeEmpty checks that a stream without an entry at revision 0 has none at all.
func (r *streamReader) mustBeEmpty() error {
	e, ok, err := lastEntry(r.index, r.stream, r.head)
	if err == nil && ok {
		return damaged("%s: has revision %d and no beginning", r.stream, e.last())
	}
	return err
}

func (r *streamReader) backward(ctx context.Context, from events.Revision, limit int) ([]events.Recorded, error) {
	var e entry
	var ok bool
	var err error
	if from == events.EndRevision {
		e, ok, err = lastEntry(r.index, r.stream, r.head)
		from = e.last()
	} else {
		e, ok, err = entryAt(r.index, r.stream, from)
	}
	if err != nil {
		return nil, err
	}
	if !ok {
		return nil, r.mustBeEmpty()
	}
	if e.end() > r.head || from > e.last() {
		return nil, r.mustEnd(e)
	}
	for next := from; len(r.page) < limit; {
		for ; next >= e.first && len(r.page) < limit; next-- {
			if err := r.take(ctx, e, next); err != nil {
				return nil, err
			}
		}
		if next < 0 || len(r.page) == limit {
			break
		}
		e, ok, err = entryHere(r.index, r.stream, r.index.Prev())
		if err != nil {
			return nil, err
		}
		if !ok || e.last() != next {
			return nil, damaged("%s: revision %d is missing", r.stream, next)
		}
	}
	return r.page, nil
}

// mustEnd checks that e, which ends before the revision that was asked for, is
// the stream's last entry.
func (r *streamReader) mustEnd(e entry) error {
	last, ok, err := lastEntry(r.index, r.stream, r.head)
	if err == nil && ok && last.first > e.first {
		return damaged("%s: revision %d is missing", r.stream, e.last()+1)
	}
	return err
}

// take adds the event at revision, which lies in e, to the page.
func (r *streamReader) take(ctx context.Context, e entry, revision events.Revision) error {
	if len(r.page)%checkEvery == 0 && ctx.Err() != nil {
		return ctx.Err()
	}
	position := e.position + events.Position(revision-e.first)
	event, err := r.events.at(position)
	if err != nil {
		return err
	}
	if event.Stream != r.stream || event.Revision != revision {
		return damaged("the index of %s has revision %d at position %d, where %s has its %d",
			r.stream, revision, position, event.Stream, event.Revision)
	}
	r.page = append(r.page, event)
	return nil
}
