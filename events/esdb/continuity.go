package esdb

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"admitone/events"
)

// ErrReplaced means that the log at the address is no longer the one that was opened, or is an older
// copy of it. It is an events.ErrDamaged, and permanent: events read before can no longer be trusted,
// and nothing is appended.
var ErrReplaced = fmt.Errorf("%w: the log at this address was replaced", events.ErrDamaged)

const (
	// watchInterval is the interval at which Watch checks the last event.
	watchInterval = 2 * time.Second
	// confirmRetryDelay is the pause before a missing event is looked up again, because a node that
	// has just become the leader may not have indexed the event yet.
	confirmRetryDelay = 300 * time.Millisecond
	// maxOriginLookups bounds the events of a page that are examined to find the last event of this
	// system.
	maxOriginLookups = 16
)

// continuity has the last event of this system that was read or appended. A log without that event is an
// older copy.
type continuity struct {
	origins *events.Origins

	mu       sync.Mutex
	last     events.Recorded // without its bytes; Position 0 if none; guarded by mu
	replaced error           // permanent; guarded by mu
	found    chan struct{}   // closed when replaced is set
}

func newContinuity(s *Store) *continuity {
	return &continuity{origins: events.NewOrigins(s), found: make(chan struct{})}
}

// note records an event of this system.
func (c *continuity) note(stream events.StreamID, revision events.Revision, id events.ID, position events.Position) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if position > c.last.Position {
		c.last = events.Recorded{Event: events.Event{ID: id}, Stream: stream, Revision: revision, Position: position}
	}
}

// noteRead records the last event of this system in a page.
func (c *continuity) noteRead(ctx context.Context, page []events.Recorded) {
	end, _ := c.state()
	for i, lookups := len(page)-1, 0; i >= 0 && lookups < maxOriginLookups && page[i].Position > end.Position; i-- {
		e := &page[i]
		if !events.Sealed(e.Metadata) {
			continue
		}
		lookups++
		if ours, err := c.origins.Ours(ctx, e); err == nil && ours {
			c.note(e.Stream, e.Revision, e.ID, e.Position)
			return
		}
	}
}

func (c *continuity) state() (last events.Recorded, replaced error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.last, c.replaced
}

// declare makes an error permanent and returns it.
func (c *continuity) declare(err error) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.replaced == nil {
		c.replaced = err
		close(c.found)
	}
	return c.replaced
}

// Watch checks every two seconds, until ctx ends, that the log still has the last event of this
// system that was read or appended. While the log is unreachable, it waits. Errors: ctx.Err();
// [ErrReplaced]; events.ErrClosed.
func (s *Store) Watch(ctx context.Context) error {
	tick := time.NewTicker(watchInterval)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-s.closing.Done():
			return events.ErrClosed
		case <-s.continuity.found:
		case <-tick.C:
		}
		if err := s.watchOnce(ctx); errors.Is(err, ErrReplaced) {
			return err
		}
	}
}

func (s *Store) watchOnce(ctx context.Context) error {
	if !s.gate.enter() {
		return events.ErrClosed
	}
	defer s.gate.leave()
	ctx, cancel := context.WithTimeout(ctx, watchInterval)
	defer cancel()
	return s.sameLog(ctx)
}

// sameLog checks that the log at the address is still the one that was opened, and not an older copy.
// Positions have a different meaning in another log. Errors: those of Read; ErrReplaced.
func (s *Store) sameLog(ctx context.Context) error {
	return s.confirm(ctx, s.readStream)
}

// streamReader has the signature of Store.readStream.
type streamReader func(ctx context.Context, stream events.StreamID, from events.Revision, dir events.Direction,
	limit int) ([]events.Recorded, error)

// confirm is sameLog with a reader. A missing event is looked up twice.
func (s *Store) confirm(ctx context.Context, read streamReader) error {
	last, err := s.continuity.state()
	if err != nil {
		return err
	}
	for attempt := 0; ; attempt++ {
		fault, err := s.compareLog(ctx, read, &last)
		if err != nil || fault == nil {
			return err
		}
		if attempt > 0 {
			return s.continuity.declare(fault)
		}
		if !pause(ctx, confirmRetryDelay) {
			return ctx.Err()
		}
	}
}

// compareLog compares the log with the events read before. fault describes a difference, nil for none.
func (s *Store) compareLog(ctx context.Context, read streamReader, last *events.Recorded) (fault, err error) {
	if s.epoch != "empty" && s.epoch != "" {
		epoch, err := s.readEpoch(ctx, read)
		if err != nil {
			return nil, err
		}
		if epoch != s.epoch {
			return fmt.Errorf("%w: another log at this address: epoch %q, was %q", ErrReplaced, epoch, s.epoch), nil
		}
	}
	if last.Position == 0 {
		return nil, nil
	}
	page, err := read(ctx, last.Stream, last.Revision, events.Forward, 1)
	if err != nil && !errors.Is(err, events.ErrDamaged) { // ErrDamaged means a deleted stream
		return nil, err
	}
	if len(page) == 1 && page[0].ID == last.ID && page[0].Position == last.Position {
		return nil, nil
	}
	return s.olderCopy(ctx, last, page), nil
}

// olderCopy returns the error for a log that lacks the event last, and has page there.
func (s *Store) olderCopy(ctx context.Context, last *events.Recorded, page []events.Recorded) error {
	end := "its end can't be read"
	// The caller's context may have ended, and other connections may not be re-established yet.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), watchInterval)
	defer cancel()
	for again := true; again; again = pause(ctx, confirmRetryDelay) {
		if head, err := s.head(ctx); err == nil {
			end = fmt.Sprintf("it ends at position %d", head)
			break
		}
	}
	has := "is gone"
	if len(page) == 1 && page[0].Revision == last.Revision {
		has = fmt.Sprintf("is another event now, at position %d", page[0].Position)
	}
	return fmt.Errorf("%w: it has gone back: %s, and position %d was seen before (%s@%d, which %s); an older copy was "+
		"put there, or events were deleted", ErrReplaced, end, last.Position, last.Stream, last.Revision, has)
}

// confirmNode is called for each new connection for appends, before anything is sent on it. It confirms
// the log at that node over a separate connection, so that nothing is appended to an older copy. A node
// that is not the leader refuses appends anyway.
func (s *Store) confirmNode(ctx context.Context, host string) error {
	if last, err := s.continuity.state(); err != nil || last.Position == 0 {
		return err
	}
	l, err := s.nodes.newNodeConn(host, reading)
	if err != nil {
		return err
	}
	defer l.abort()
	err = s.confirm(ctx, func(ctx context.Context, stream events.StreamID, from events.Revision, dir events.Direction,
		limit int) (page []events.Recorded, err error) {
		err = receive(s.outgoing(ctx, true), l, streamRequest(stream, from, dir, limit), func(m *received) error {
			if m.isEvent {
				page = append(page, m.event)
			}
			return nil
		})
		var failed *failure
		if errors.As(err, &failed) && failed.exception() == "stream-deleted" {
			return nil, events.ErrDamaged
		}
		return page, err
	})
	var failed *failure
	if errors.As(err, &failed) {
		if _, redirected := failed.leader(); redirected {
			return nil
		}
	}
	return err
}
