package esdbwire

import (
	"context"
	"errors"

	"admitone/events"
)

// write is an append to be written.
type write struct {
	stream   events.StreamID
	expected expectation
	batch    []events.Event
}

// written is the result of a write, or of the earlier write that it repeats. The revision is NoStream for an
// empty append to a stream without events, and the position is then the head of the log, 0 if it is empty.
type written events.Appended

// append decides on w and writes it. It must be w's turn. Errors: those of decide.
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
			return s.emptyResult(ctx, c)
		}
		result, err := s.commit(ctx, c, w.batch)
		if errors.Is(err, events.ErrConflict) {
			continue // another writer was faster, so the write has to be decided again
		}
		if err != nil {
			return written{}, err
		}
		s.appended(c, w.batch, events.Appended(result))
		return result, nil
	}
}

// appended records that batch was appended to c's stream.
func (s *Server) appended(c *condition, batch []events.Event, result events.Appended) {
	s.recent.appended(c.stream, c.last, batch)
	c.last, c.position = result.Revision, result.Position
	s.conditions.put(c)
}

// emptyResult returns the result of an append without events.
func (s *Server) emptyResult(ctx context.Context, c *condition) (written, error) {
	if c.last >= 0 {
		return written{Revision: c.last, Position: c.position}, nil
	}
	head, err := s.store.Head(ctx)
	return written{Revision: events.NoStream, Position: head}, err
}

// commit appends batch to c's stream, which restores a deleted stream. Errors: the store's.
func (s *Server) commit(ctx context.Context, c *condition, batch []events.Event) (written, error) {
	if c.origin != nil && c.origin.softDeleted() && !c.origin.tombstoned {
		return s.restoreByMetadata(ctx, c, batch)
	}
	if c.softDeleted() {
		return s.restore(ctx, c, batch)
	}
	result, err := s.store.Append(ctx, c.stream, c.last, batch)
	return written(result), err
}

// restore appends batch to a deleted stream, and metadata that hide only its old events to the metadata
// stream. It uses one append if the store supports that, otherwise two, the metadata first.
func (s *Server) restore(ctx context.Context, c *condition, batch []events.Event) (result written, err error) {
	data := withTruncateBefore(c.metadata, c.last+1)
	if multi, ok := s.store.(events.MultiAppender); ok {
		var results []events.Appended
		results, err = multi.AppendAll(ctx, []events.StreamAppend{
			{Stream: c.stream, Expected: c.last, Batch: batch},
			{Stream: metaPrefix + c.stream, Expected: c.metaRevision, Batch: []events.Event{metadataEvent(data)}},
		})
		if err == nil {
			result = written(results[0])
		}
	} else if _, err = s.setMetadata(ctx, c, data); err == nil {
		var appended events.Appended
		appended, err = s.store.Append(ctx, c.stream, c.last, batch)
		result = written(appended)
	}
	if err == nil {
		c.metaRevision, c.metadata, c.limits = c.metaRevision+1, data, parseLimits(data)
	}
	return result, err
}

// setMetadata writes the metadata of c's stream.
func (s *Server) setMetadata(ctx context.Context, c *condition, data []byte) (events.Appended, error) {
	return s.store.Append(ctx, metaPrefix+c.stream, c.metaRevision, []events.Event{metadataEvent(data)})
}

func metadataEvent(data []byte) events.Event {
	return events.Event{ID: newID(), Type: metadataType, Data: data}
}

// restoreByMetadata writes the metadata of a deleted stream, which restores it without its old events. A
// further event in the same append sets $tb.
func (s *Server) restoreByMetadata(ctx context.Context, c *condition, batch []events.Event) (written, error) {
	var data []byte
	if _, isJSON := withoutMarker(batch[len(batch)-1].Metadata); isJSON {
		data = batch[len(batch)-1].Data
	}
	all := append(batch[:len(batch):len(batch)], metadataEvent(withTruncateBefore(data, c.origin.last+1)))
	result, err := s.store.Append(ctx, c.stream, c.last, all)
	if err != nil {
		return written{}, err
	}
	// The last event of the client precedes the one that sets $tb.
	page, err := s.store.Read(ctx, c.stream, result.Revision-1, events.Forward, 1)
	if err != nil || len(page) == 0 {
		return written{Revision: result.Revision - 1, Position: result.Position}, nil
	}
	return written{Revision: page[0].Revision, Position: page[0].Position}, nil
}
