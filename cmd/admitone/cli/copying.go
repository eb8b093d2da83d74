package cli

import (
	"context"

	"admitone/cmd/admitone/server"
	"admitone/events"
	"admitone/events/esdb"
)

// copier appends the events of a log to the end of another one, one append at a time, so that the
// target is always a prefix of the log.
type copier struct {
	to     events.Store
	batch  batch
	copied int
}

// batch has the events of one append: consecutive events of one stream.
type batch struct {
	stream events.StreamID
	first  events.Revision
	batch  []events.Event
	size   int64
	limit  int64 // of size
}

func (s *batch) accepts(e *events.Recorded) bool {
	return e.Stream == s.stream && e.Revision == s.first+events.Revision(len(s.batch)) &&
		s.size+int64(len(e.Data)+len(e.Metadata)) < s.limit
}

func newCopier(to events.Store) *copier {
	limit := int64(server.EventStoreAppend)
	if remote, ok := to.(*esdb.Store); ok {
		limit = server.AppendBytes(remote)
	}
	return &copier{to: to, batch: batch{limit: limit}}
}

// add adds the next event, and first appends the pending ones if it can't be in the same append.
// Errors: those of events.Store.Append.
func (c *copier) add(ctx context.Context, e *events.Recorded) error {
	if !c.batch.accepts(e) {
		if err := c.flush(ctx); err != nil {
			return err
		}
		c.batch = batch{stream: e.Stream, first: e.Revision, limit: c.batch.limit}
	}
	c.batch.batch = append(c.batch.batch, events.Event{ID: e.ID, Type: e.Type, Data: e.Data, Metadata: e.Metadata})
	c.batch.size += int64(len(e.Data) + len(e.Metadata))
	return nil
}

// flush appends the pending events. Errors: those of events.Store.Append.
func (c *copier) flush(ctx context.Context) error {
	if len(c.batch.batch) == 0 {
		return nil
	}
	if _, err := c.to.Append(ctx, c.batch.stream, c.batch.first-1, c.batch.batch); err != nil {
		return err
	}
	c.copied += len(c.batch.batch)
	c.batch.batch = nil
	return nil
}
