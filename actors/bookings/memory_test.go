package bookings

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"

	"admitone/events"
)

// newMemoryHarness is like newHarness, on a log in memory, for tests with thousands of steps.
func newMemoryHarness(t testing.TB, rows, perRow, limit int64) *harness {
	t.Helper()
	return newHarnessOn(t, &memoryStore{streams: map[events.StreamID][]events.Position{}}, rows, perRow, limit)
}

// memoryStore is a fast log in memory.
type memoryStore struct {
	events.Store // nil: other methods are not called
	mu           sync.RWMutex
	log          []events.Recorded                     // guarded by mu
	streams      map[events.StreamID][]events.Position // guarded by mu
}

// Append implements events.Store.
func (m *memoryStore) Append(
	_ context.Context,
	stream events.StreamID,
	expected events.Revision,
	batch []events.Event,
) (events.Appended, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	s := m.streams[stream]
	if head := events.Revision(len(s)) - 1; head != expected {
		return events.Appended{}, fmt.Errorf("%w: head is %d", events.ErrConflict, head)
	}
	for i := range batch {
		at := events.Position(len(m.log) + 1)
		m.log = append(
			m.log,
			events.Recorded{Event: batch[i], Stream: stream, Revision: events.Revision(len(s)), Position: at},
		)
		s = append(s, at)
	}
	m.streams[stream] = s
	return events.Appended{
		Revision:    events.Revision(len(s)) - 1,
		Position:    events.Position(len(m.log)),
		Consecutive: true,
	}, nil
}

// Read implements events.Store.
func (m *memoryStore) Read(
	_ context.Context,
	stream events.StreamID,
	from events.Revision,
	dir events.Direction,
	limit int,
) (page []events.Recorded, _ error) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	s := slices.Clone(m.streams[stream])
	first := min(int(from), len(s))
	if dir == events.Backward {
		slices.Reverse(s)
		first = max(0, len(s)-1-int(min(from, events.Revision(len(s)))))
	}
	for _, at := range s[first:min(first+limit, len(s))] {
		page = append(page, m.log[at-1])
	}
	return page, nil
}

// ReadAll implements events.Store, forward only.
func (m *memoryStore) ReadAll(
	_ context.Context,
	from events.Position,
	dir events.Direction,
	limit int,
) ([]events.Recorded, error) {
	if dir != events.Forward {
		panic("memoryStore: ReadAll is forward only")
	}
	m.mu.RLock()
	defer m.mu.RUnlock()
	return m.log[min(int(from), len(m.log)):min(int(from)+limit, len(m.log))], nil
}

// Close implements events.Store.
func (m *memoryStore) Close() error { return nil }
