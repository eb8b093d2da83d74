package cli

import (
	"context"
	"errors"

	"admitone/cmd/admitone/server"
	"admitone/events"
	"admitone/events/esdb"
)

// copier appends the events of a log to another, one append at a time, so that the target is always a
// prefix of the log. It collects the events of the next append while one is in flight.
type copier struct {
	to      events.Store
	batch   batch
	sent    chan error // receives the result of the append in flight; nil without one
	sending int        // number of events of the append in flight
	copied  int
}

// batch has the events of one append: consecutive events of one stream.
type batch struct {
	stream events.StreamID
	first  events.Revision
	events []events.Event
	size   int64
	limit  int64 // of size
}

// accepts reports whether the event can be in the same append.
func (b *batch) accepts(e *events.Recorded) bool {
	return e.Stream == b.stream && e.Revision == b.first+events.Revision(len(b.events)) &&
		b.size+int64(len(e.Data)+len(e.Metadata)) < b.limit
}

func newCopier(to events.Store) *copier {
	limit := int64(server.EventStoreAppend)
	if remote, ok := to.(*esdb.Store); ok {
		limit = server.AppendBytes(remote)
	}
	return &copier{to: to, batch: batch{limit: limit}}
}

// add queues the next event. If it can't join the pending ones in one append, these are sent first.
// Errors: those of events.Store.Append.
func (c *copier) add(ctx context.Context, e *events.Recorded) error {
	if !c.batch.accepts(e) {
		if err := c.send(ctx); err != nil {
			return err
		}
		c.batch = batch{stream: e.Stream, first: e.Revision, limit: c.batch.limit}
	}
	c.batch.events = append(c.batch.events, events.Event{ID: e.ID, Type: e.Type, Data: e.Data, Metadata: e.Metadata})
	c.batch.size += int64(len(e.Data) + len(e.Metadata))
	return nil
}

// send waits for the append in flight, and then starts to append the pending events. Errors: those of
// the append in flight, see events.Store.Append.
func (c *copier) send(ctx context.Context) error {
	if err := c.wait(); err != nil || len(c.batch.events) == 0 {
		return err
	}
	b, sent := c.batch, make(chan error, 1)
	go func() {
		_, err := c.to.Append(ctx, b.stream, b.first-1, b.events)
		sent <- err
	}()
	c.sent, c.sending, c.batch.events = sent, len(b.events), nil
	return nil
}

// wait waits for the append in flight. Errors: those of events.Store.Append.
func (c *copier) wait() error {
	if c.sent == nil {
		return nil
	}
	err := <-c.sent
	if c.sent = nil; err == nil {
		c.copied += c.sending
	}
	return err
}

// flush appends the pending events, and waits. Errors: those of events.Store.Append.
func (c *copier) flush(ctx context.Context) error {
	return errors.Join(c.send(ctx), c.wait())
}
