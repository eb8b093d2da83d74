package esdbwire

import (
	"context"
	"fmt"

	"admitone/events"
)

// decision is the outcome of deciding on a write.
type decision struct {
	// repeated means that the events are already in the stream, the last of them at revision and
	// position. The position is 0 if that event is hidden.
	repeated bool
	revision events.Revision
	position events.Position
}

// decide decides whether events with the given ids may be written to a stream. Errors: a *wrongVersion,
// stream-deleted, the store's.
func (s *Server) decide(ctx context.Context, c *condition, expected expectation, ids []events.ID) (decision, error) {
	if c.tombstoned {
		return decision{}, streamDeleted(c.stream)
	}
	wrong := &wrongVersion{stream: c.stream, expected: expected, current: c.last}
	switch {
	case expected == expectExists && c.softDeleted():
		return decision{}, streamDeleted(c.stream)
	case expected == expectExists && c.last < 0 && c.metaRevision < 0:
		return decision{}, wrong
	case expected == expectAny, expected == expectExists:
		return s.checkIdempotent(ctx, c, ids, wrong)
	case events.Revision(expected) == c.last:
		return decision{}, nil
	case events.Revision(expected) > c.last:
		return decision{}, wrong
	}
	return s.checkRetry(ctx, c, expected, ids, wrong)
}

// checkIdempotent decides for a writer that expects any revision: the events are repeated if the
// first is among the stream's newest.
func (s *Server) checkIdempotent(ctx context.Context, c *condition, ids []events.ID, wrong error) (decision, error) {
	if len(ids) == 0 || c.last < 0 {
		return decision{}, nil
	}
	newest, err := s.newest(ctx, c)
	if err != nil {
		return decision{}, err
	}
	at := events.NoStream
	for i, id := range ids {
		found, ok := newest.find(id)
		if !ok && i == 0 {
			return decision{}, nil
		}
		if !ok {
			return decision{}, wrong
		}
		at = found
	}
	page, err := s.store.Read(ctx, c.stream, at, events.Forward, 1)
	if err != nil {
		return decision{}, err
	}
	if len(page) == 0 { // impossible: the event was just found
		return decision{}, fmt.Errorf("%w: %s has no revision %d", events.ErrDamaged, c.stream, at)
	}
	return decision{repeated: true, revision: at, position: s.shownPosition(c, &page[0])}, nil
}

// shownPosition returns the position of an event of c's stream, 0 if it is hidden.
func (s *Server) shownPosition(c *condition, e *events.Recorded) events.Position {
	if !c.shows(e, s.config.Now()) {
		return 0
	}
	return e.Position
}

// checkRetry decides for a writer that expects an older revision: the events are repeated if they
// follow it.
func (s *Server) checkRetry(ctx context.Context, c *condition, expected expectation, ids []events.ID,
	wrong error) (decision, error) {
	v := decision{repeated: true, revision: events.Revision(expected)}
	var page pager
	for left := ids; len(left) > 0; {
		found, err := s.store.Read(ctx, c.stream, v.revision+1, events.Forward, page.limit(uint64(len(left))))
		if err != nil {
			return decision{}, err
		}
		page.record(found)
		for i := range found {
			if found[i].ID != left[i] {
				if v.revision == events.NoStream && expected == expectNone && c.softDeleted() {
					return decision{}, nil
				}
				return decision{}, wrong
			}
			v.revision, v.position = found[i].Revision, s.shownPosition(c, &found[i])
		}
		if left = left[len(found):]; len(found) == 0 {
			return decision{}, wrong // the stream ends before the events
		}
	}
	if len(ids) == 0 {
		return decision{}, wrong
	}
	return v, nil
}
