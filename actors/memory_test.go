package actors

import (
	"context"
	"fmt"
	"sync"
	"testing"

	"admitone/events"
)

// raceDetector makes tests smaller: they are about ten times slower with it.
var raceDetector bool

// memory is a fast log in memory.
type memory struct {
	mu      sync.RWMutex
	log     []events.Recorded                     // guarded by mu
	streams map[events.StreamID][]events.Position // guarded by mu
}

func newMemory() *memory { return &memory{streams: map[events.StreamID][]events.Position{}} }

// Append implements events.Store.
func (m *memory) Append(
	_ context.Context,
	stream events.StreamID,
	expected events.Revision,
	batch []events.Event,
) (events.Appended, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	s := m.streams[stream]
	if head := events.Revision(len(s)) - 1; head != expected {
		return events.Appended{}, fmt.Errorf("%w: at %d", events.ErrConflict, head)
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

// Read implements events.Store, forward only.
func (m *memory) Read(
	_ context.Context,
	stream events.StreamID,
	from events.Revision,
	_ events.Direction,
	limit int,
) (page []events.Recorded, err error) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	s := m.streams[stream]
	for _, at := range s[min(int(from), len(s)):min(int(from)+limit, len(s))] {
		page = append(page, m.log[at-1])
	}
	return page, nil
}

// ReadAll implements events.Store, forward only.
func (m *memory) ReadAll(
	_ context.Context,
	from events.Position,
	_ events.Direction,
	limit int,
) ([]events.Recorded, error) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	return m.log[min(int(from), len(m.log)):min(int(from)+limit, len(m.log))], nil
}

// Head implements events.Store.
func (m *memory) Head(context.Context) (events.Position, error) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	return events.Position(len(m.log)), nil
}

// Follow implements events.Store; it is not used here.
func (m *memory) Follow(context.Context, events.Position, func([]events.Recorded) error) error {
	panic("not followed")
}

// Epoch implements events.Store.
func (m *memory) Epoch() string { return "memory" }

// Close implements events.Store.
func (m *memory) Close() error { return nil }

var _ events.Store = &memory{}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
