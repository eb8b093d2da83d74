package esdbwire

import (
	"context"
	"errors"

	"admitone/events"
)

// write is an append on its way.
type write struct {
	stream   events.StreamID
	expected expectation
	batch    []events.Event
}

// written says where a write landed, or where it had landed before. Its revision is
// NoStream for an empty append to a stream without events, its position 0 in an
// empty log.
type written events.Appended

// append decides on w and writes it; its place in the line must have come. Errors:
// as decide's.
func (s *Server) append(ctx context.Context, w write) (written, error) {
	ids := make([]events.ID, len(w.batch))
	for i := range w.batch {
		ids[i] = w.batch[i].ID
	}
	for {
		c, v, err := s.settle(ctx, w.stream, w.expected, ids)
		if err != nil {
			return written{}, err
		}
		if v.repeated {
			return written{Revision: v.revision, Position: v.position}, nil
		}
		if len(w.batch) == 0 {
			return s.nothing(ctx, c)
		}
		landed, err := s.commit(ctx, c, w.batch)
		if errors.Is(err, events.ErrConflict) {
			continue // somebody else wrote: look again
		}
		if err != nil {
			return written{}, err
		}
		s.recent.appended(w.stream, c.last, ids)
		c.last, c.position = landed.Revision, landed.Position
		s.conditions.put(c)
		return landed, nil
	}
}

// nothing is the outcome of an append without events.
func (s *Server) nothing(ctx context.Context, c *condition) (written, error) {
	if c.last >= 0 {
		return written{Revision: c.last, Position: c.position}, nil
	}
	head, err := s.store.Head(ctx)
	return written{Revision: events.NoStream, Position: head}, err
}

// commit writes batch behind what c describes. A deleted stream comes back by it.
// Errors: the store's.
func (s *Server) commit(ctx context.Context, c *condition, batch []events.Event) (written, error) {
	if c.origin != nil && c.origin.soft() {
		return s.revive(ctx, c, batch)
	}
	if c.soft() {
		data := withTruncateBefore(c.description, c.last+1)
		if _, err := s.describe(ctx, c, data); err != nil {
			return written{}, err
		}
		c.described, c.description, c.limits = c.described+1, data, parseLimits(data)
	}
	landed, err := s.store.Append(ctx, c.stream, c.last, batch)
	return written(landed), err
}

// describe writes the metadata of c's stream.
func (s *Server) describe(ctx context.Context, c *condition, data []byte) (events.Appended, error) {
	return s.store.Append(ctx, metaPrefix+c.stream, c.described, []events.Event{description(data)})
}

func description(data []byte) events.Event {
	return events.Event{ID: newID(), Type: metadataType, Data: data}
}

// revive writes metadata of a deleted stream, which bring it back without its old
// events: a second event says so, in the same append.
func (s *Server) revive(ctx context.Context, c *condition, batch []events.Event) (written, error) {
	var data []byte
	if _, isJSON := unmarked(batch[len(batch)-1].Metadata); isJSON {
		data = batch[len(batch)-1].Data
	}
	all := append(batch[:len(batch):len(batch)], description(withTruncateBefore(data, c.origin.last+1)))
	landed, err := s.store.Append(ctx, c.stream, c.last, all)
	if err != nil {
		return written{}, err
	}
	// The client's last event is the one before, wherever the store has put it.
	page, err := s.store.Read(ctx, c.stream, landed.Revision-1, events.Forward, 1)
	if err != nil || len(page) == 0 {
		return written{Revision: landed.Revision - 1, Position: landed.Position}, nil
	}
	return written{Revision: page[0].Revision, Position: page[0].Position}, nil
}
