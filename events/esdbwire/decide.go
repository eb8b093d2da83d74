package esdbwire

import (
	"context"

	"admitone/events"
)

// verdict is what becomes of a write.
type verdict struct {
	// repeated: these events are in the stream already, up to the revision and
	// position given.
	repeated bool
	revision events.Revision
	position events.Position
}

// decide says whether events with those ids may be written to a stream. Errors:
// a *wrongVersion, stream-deleted, the store's.
func (s *Server) decide(ctx context.Context, c *condition, expected expectation, ids []events.ID) (verdict, error) {
	if c.tombstoned {
		return verdict{}, streamDeleted(c.stream)
	}
	wrong := &wrongVersion{c.stream, expected, c.last}
	switch {
	case expected == expectExists && c.soft():
		return verdict{}, streamDeleted(c.stream)
	case expected == expectExists && c.last < 0 && c.described < 0:
		return verdict{}, wrong
	case expected == expectAny, expected == expectExists:
		return s.known(ctx, c, ids, wrong)
	case events.Revision(expected) == c.last:
		return verdict{}, nil
	case events.Revision(expected) > c.last:
		return verdict{}, wrong
	}
	return s.again(ctx, c, expected, ids, wrong)
}

// known decides for a writer that takes the stream as it is: the events are
// repeated if the first is among the stream's newest.
func (s *Server) known(ctx context.Context, c *condition, ids []events.ID, wrong error) (verdict, error) {
	if len(ids) == 0 || c.last < 0 {
		return verdict{}, nil
	}
	newest, err := s.newest(ctx, c)
	if err != nil {
		return verdict{}, err
	}
	at := events.NoStream
	for i, id := range ids {
		found, ok := newest.find(id)
		if !ok && i == 0 {
			return verdict{}, nil
		}
		if !ok {
			return verdict{}, wrong
		}
		at = found
	}
	page, err := s.store.Read(ctx, c.stream, at, events.Forward, 1)
	if err != nil || len(page) == 0 {
		return verdict{}, err
	}
	return verdict{repeated: true, revision: at, position: page[0].Position}, nil
}

// again decides for a writer that expects an older revision: the events are
// repeated if they are the ones behind it.
func (s *Server) again(ctx context.Context, c *condition, expected expectation, ids []events.ID, wrong error) (verdict, error) {
	v := verdict{repeated: true, revision: events.Revision(expected)}
	var page pager
	for left := ids; len(left) > 0; {
		found, err := s.store.Read(ctx, c.stream, v.revision+1, events.Forward, page.limit(uint64(len(left))))
		if err != nil {
			return verdict{}, err
		}
		page.took(found)
		for i := range found {
			if found[i].ID != left[i] {
				if v.revision == events.NoStream && expected == expectNone && c.soft() {
					return verdict{}, nil
				}
				return verdict{}, wrong
			}
			v.revision, v.position = found[i].Revision, found[i].Position
		}
		if left = left[len(found):]; len(found) == 0 {
			return verdict{}, wrong // it ends before they do
		}
	}
	if len(ids) == 0 {
		return verdict{}, wrong
	}
	return v, nil
}
