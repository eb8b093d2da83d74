package projections

import (
	"fmt"

	"admitone/events"
)

// follows holds an event to the place behind a row, whose last event has the
// revision at, events.NoStream before the first. An event that the row contains
// already is done: it is to change nothing.
//
// Error: [ErrViolated]: there is a gap, or creation is not where it belongs.
func follows(e *events.Recorded, fact events.Fact, at events.Revision, isCreation bool) (done bool, err error) {
	switch {
	case e.Revision <= at:
		return true, nil
	case e.Revision != at+1:
		return false, fmt.Errorf("%w: position %d: %s goes from revision %d to %d", ErrViolated, e.Position, e.Stream, at, e.Revision)
	case isCreation != (at == events.NoStream):
		return false, fmt.Errorf("%w: position %d: %s@%d is a %s", ErrViolated, e.Position, e.Stream, e.Revision, fact.Name())
	}
	return false, nil
}

// revisionOf is the revision of a row that exists, events.NoStream of another.
func revisionOf(exists bool, at events.Revision) events.Revision {
	if !exists {
		return events.NoStream
	}
	return at
}

// kindOf returns the kind of that type, which has registered itself.
func kindOf[K kind](p *Projections) K {
	for _, k := range p.kinds {
		if found, ok := k.(K); ok {
			return found
		}
	}
	panic(fmt.Sprintf("projections: no kind is a %T", *new(K)))
}

// rowOf returns the row of id of a kind's table, and whether it exists.
// Errors: the disk's.
func rowOf[K kind, R any](p *Projections, of func(K) *table[R], id string) (row R, ok bool, err error) {
	if err := p.enter(); err != nil {
		return row, false, err
	}
	defer p.leave()
	return of(kindOf[K](p)).get(id)
}

// pageOf returns up to limit rows of a kind's table with ids above after, ordered
// by the bytes of their ids, and where the next page starts: its after, or "" when
// there is none. Errors: the disk's.
func pageOf[K kind, R any](p *Projections, of func(K) *table[R], after string, limit int, id func(*R) string) (page []R, next string, err error) {
	if err := p.enter(); err != nil {
		return nil, "", err
	}
	defer p.leave()
	page, more, err := of(kindOf[K](p)).list(after, limit)
	if err != nil || !more || len(page) == 0 {
		return page, "", err
	}
	return page, id(&page[len(page)-1]), nil
}
