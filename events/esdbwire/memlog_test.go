package esdbwire

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

// memlog is a log in memory. Its positions have gaps, as a Store's may.
type memlog struct {
	mu      sync.Mutex
	all     []events.Recorded
	streams map[events.StreamID][]int // into all
	changed chan struct{}             // closed by the next append
	closed  bool
}

// memStep is the distance of two positions.
const memStep = 7

func newMemlog() *memlog {
	return &memlog{streams: make(map[events.StreamID][]int), changed: make(chan struct{})}
}

func (m *memlog) check(ctx context.Context) error {
	if m.closed {
		return events.ErrClosed
	}
	return ctx.Err()
}

func (m *memlog) Append(ctx context.Context, stream events.StreamID, expected events.Revision,
	batch []events.Event) (events.Appended, error) {
	results, err := m.appendAll(ctx, []events.StreamAppend{{Stream: stream, Expected: expected, Batch: batch}})
	if err != nil {
		return events.Appended{}, err
	}
	return results[0], nil
}

func (m *memlog) appendAll(ctx context.Context, appends []events.StreamAppend) ([]events.Appended, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.closed {
		return nil, events.ErrClosed
	}
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("%w: %w", events.ErrUnavailable, err)
	}
	for _, a := range appends {
		if last := events.Revision(len(m.streams[a.Stream]) - 1); last != a.Expected {
			return nil, &events.ConflictError{Stream: a.Stream, Last: last, Expected: a.Expected}
		}
	}
	var results []events.Appended
	now := time.Now().UTC()
	for _, a := range appends {
		for _, e := range a.Batch {
			m.all = append(m.all, events.Recorded{
				Event: e, Stream: a.Stream, Revision: events.Revision(len(m.streams[a.Stream])),
				Position: events.Position(memStep * (len(m.all) + 1)), Created: now,
			})
			m.streams[a.Stream] = append(m.streams[a.Stream], len(m.all)-1)
		}
		last := m.all[len(m.all)-1]
		results = append(results, events.Appended{Revision: last.Revision, Position: last.Position})
	}
	close(m.changed)
	m.changed = make(chan struct{})
	return results, nil
}

// multilog is a memlog that can append to several streams at once.
type multilog struct{ *memlog }

func (m multilog) AppendAll(ctx context.Context, appends []events.StreamAppend) ([]events.Appended, error) {
	return m.appendAll(ctx, appends)
}

func (m *memlog) Read(ctx context.Context, stream events.StreamID, from events.Revision, dir events.Direction,
	limit int) ([]events.Recorded, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := m.check(ctx); err != nil {
		return nil, err
	}
	index := m.streams[stream]
	last := events.Revision(len(index) - 1)
	if dir == events.Backward && from == events.EndRevision {
		from = last
	}
	if from > last || from < 0 && dir == events.Backward {
		return nil, nil
	}
	if dir == events.Forward {
		index = index[max(from, 0):]
	} else {
		index = slices.Clone(index[:from+1])
		slices.Reverse(index)
	}
	var page []events.Recorded
	for _, i := range index[:max(min(limit, len(index)), 0)] {
		page = append(page, m.all[i])
	}
	return page, nil
}

func (m *memlog) ReadAll(ctx context.Context, from events.Position, dir events.Direction,
	limit int) ([]events.Recorded, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := m.check(ctx); err != nil {
		return nil, err
	}
	at, found := slices.BinarySearchFunc(m.all, from,
		func(e events.Recorded, p events.Position) int { return int(int64(e.Position) - int64(p)) })
	if dir == events.Forward {
		if found {
			at++
		}
		return slices.Clone(m.all[at:min(len(m.all), at+max(limit, 0))]), nil
	}
	page := slices.Clone(m.all[max(0, at-max(limit, 0)):at])
	slices.Reverse(page)
	return page, nil
}

func (m *memlog) Follow(ctx context.Context, after events.Position, handle func([]events.Recorded) error) error {
	for {
		m.mu.Lock()
		changed := m.changed
		m.mu.Unlock()
		page, err := m.ReadAll(ctx, after, events.Forward, 100)
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
		select {
		case <-changed:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func (m *memlog) Head(ctx context.Context) (events.Position, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := m.check(ctx); err != nil || len(m.all) == 0 {
		return 0, err
	}
	return m.all[len(m.all)-1].Position, nil
}

func (m *memlog) Epoch() string { return "memory" }

func (m *memlog) Close() error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.closed = true
	close(m.changed)
	m.changed = make(chan struct{})
	return nil
}

// TestMemlog: the logs of the tests conform to the contract of stores, so failures are those of the
// server.
func TestMemlog(t *testing.T) {
	storetest.Run(t, storetest.Target{Open: func(*testing.T) events.Store { return multilog{newMemlog()} }})
}
