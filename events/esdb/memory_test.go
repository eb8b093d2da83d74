package esdb

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"admitone/events"
	"admitone/events/storetest"
)

// memory is a log in memory. Unlike the embedded log, which reuses channels, it can be used in
// virtual time.
type memory struct {
	mu      sync.Mutex
	all     []events.Recorded                     // guarded by mu
	streams map[events.StreamID][]events.Recorded // guarded by mu
	changed chan struct{}                         // closed at the next append; guarded by mu
	closed  bool                                  // guarded by mu
}

func newMemory() *memory {
	return &memory{streams: map[events.StreamID][]events.Recorded{}, changed: make(chan struct{})}
}

// begin locks mu, and returns an error if the call must fail.
func (m *memory) begin(ctx context.Context) error {
	m.mu.Lock()
	if m.closed {
		return events.ErrClosed
	}
	return ctx.Err()
}

func (m *memory) Append(ctx context.Context, stream events.StreamID, expected events.Revision,
	batch []events.Event) (events.Appended, error) {
	defer m.mu.Unlock()
	if err := m.begin(ctx); err == events.ErrClosed {
		return events.Appended{}, err
	} else if err != nil {
		return events.Appended{}, withCause(events.ErrUnavailable, err)
	}
	if last := events.Revision(len(m.streams[stream]) - 1); last != expected {
		return events.Appended{}, fmt.Errorf("%w: %s is at %d, not %d", events.ErrConflict, stream, last, expected)
	}
	at := time.Now().UTC().Truncate(tick)
	for _, e := range batch {
		r := events.Recorded{Event: e, Stream: stream, Revision: events.Revision(len(m.streams[stream])),
			Position: events.Position(len(m.all) + 1), Created: at}
		m.all, m.streams[stream] = append(m.all, r), append(m.streams[stream], r)
	}
	close(m.changed)
	m.changed = make(chan struct{})
	return events.Appended{Revision: expected + events.Revision(len(batch)), Position: events.Position(len(m.all))}, nil
}

func (m *memory) Read(ctx context.Context, stream events.StreamID, from events.Revision, dir events.Direction,
	limit int) ([]events.Recorded, error) {
	defer m.mu.Unlock()
	if err := m.begin(ctx); err != nil {
		return nil, err
	}
	stored := m.streams[stream]
	if from == events.EndRevision && dir == events.Backward {
		from = events.Revision(len(stored) - 1)
	}
	if from >= events.Revision(len(stored)) {
		return nil, nil
	}
	if dir == events.Forward {
		return slices.Clone(stored[max(from, 0):min(int(max(from, 0))+limit, len(stored))]), nil
	}
	page := slices.Clone(stored[max(0, int(from)+1-limit) : from+1])
	slices.Reverse(page)
	return page, nil
}

func (m *memory) ReadAll(ctx context.Context, from events.Position, dir events.Direction,
	limit int) ([]events.Recorded, error) {
	defer m.mu.Unlock()
	if err := m.begin(ctx); err != nil {
		return nil, err
	}
	n := events.Position(len(m.all))
	if dir == events.Forward {
		from = min(from, n)
		return slices.Clone(m.all[from:min(from+events.Position(limit), n)]), nil
	}
	end := min(max(from, 1)-1, n)
	page := slices.Clone(m.all[end-min(end, events.Position(limit)) : end])
	slices.Reverse(page)
	return page, nil
}

func (m *memory) Follow(ctx context.Context, after events.Position, handle func([]events.Recorded) error) error {
	for {
		page, err := m.ReadAll(ctx, after, events.Forward, 512)
		if err != nil {
			return err
		}
		if len(page) > 0 {
			after = page[len(page)-1].Position
			if err := handle(page); err != nil {
				return err
			}
			continue
		}
		m.mu.Lock()
		changed := m.changed
		more := int(after) < len(m.all) || m.closed
		m.mu.Unlock()
		if more {
			continue
		}
		select {
		case <-changed:
		case <-ctx.Done():
		}
	}
}

func (m *memory) Head(ctx context.Context) (events.Position, error) {
	defer m.mu.Unlock()
	err := m.begin(ctx)
	return events.Position(len(m.all)), err
}

func (m *memory) Epoch() string { return "memory" }

func (m *memory) Close() error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if !m.closed {
		m.closed = true
		close(m.changed)
		m.changed = make(chan struct{})
	}
	return nil
}

// TestMemory: the log in memory conforms to the contract of stores.
func TestMemory(t *testing.T) {
	checkSkipped(t, "memory", storetest.Run(t, storetest.Target{
		Open: func(*testing.T) events.Store { return newMemory() },
	}))
}
