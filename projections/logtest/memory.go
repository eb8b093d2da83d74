package logtest

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"admitone/events"
)

// Memory is an events.Store in memory, to which a test adds events. It can be truncated, deliver events twice, and
// fail. While it is followed, its fields may only be changed within Change.
type Memory struct {
	mu   sync.Mutex
	more chan struct{} // closed and replaced when something changes
	// Recorded is the log. The event at position n is Recorded[n-1].
	Recorded []events.Recorded
	// Name is the result of Epoch.
	Name string
	// Batch is the largest batch that Follow delivers, 0 for any.
	Batch int
	// Duplicate is the number of earlier events that each call of Follow delivers again.
	Duplicate int
	// Down, if set, is the error of Follow, Head and ReadAll.
	Down error
	// Follows is the number of calls of Follow.
	Follows int
}

// NewMemory returns an empty log whose epoch is "first".
func NewMemory() *Memory { return &Memory{Name: "first", more: make(chan struct{})} }

// Change calls f, which may change the fields, and wakes the followers.
func (m *Memory) Change(f func()) {
	m.mu.Lock()
	defer m.mu.Unlock()
	f()
	close(m.more)
	m.more = make(chan struct{})
}

// Add appends facts to a stream, and returns the position of the last.
func (m *Memory) Add(stream events.StreamID, facts ...events.Fact) (last events.Position) {
	m.Change(func() {
		revision := events.NoStream
		for i := len(m.Recorded) - 1; i >= 0; i-- {
			if m.Recorded[i].Stream == stream {
				revision = m.Recorded[i].Revision
				break
			}
		}
		for _, fact := range facts {
			revision++
			last = events.Position(len(m.Recorded) + 1)
			m.Recorded = append(m.Recorded, Record(stream, revision, last, fact))
		}
	})
	return last
}

// Record returns an event with a fact and without metadata, except the time of decision if readers need it. The event's
// time is a fixed time plus its position in milliseconds.
func Record(stream events.StreamID, revision events.Revision, position events.Position,
	fact events.Fact) events.Recorded {
	e := events.Recorded{
		Event: events.Event{ID: events.EventID(fmt.Sprint(stream, position), 0), Type: fact.Name(),
			Data: events.AppendFact(nil, fact), Fact: fact},
		Stream: stream, Revision: revision, Position: position,
		Created: time.Unix(1_700_000_000, int64(position)*1e6).UTC(),
	}
	if _, states := fact.(events.Scheduled); states {
		e.Metadata, _ = events.Seal(nil, events.Hash{}, stream, revision, &e.Event, &events.Metadata{At: e.Created})
	}
	return e
}

// Append implements events.Store. It panics.
func (m *Memory) Append(context.Context, events.StreamID, events.Revision, []events.Event) (events.Appended, error) {
	panic("logtest: Memory.Append is not supported")
}

// Read implements events.Store.
func (m *Memory) Read(_ context.Context, stream events.StreamID, from events.Revision, dir events.Direction,
	limit int) ([]events.Recorded, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var page []events.Recorded
	for _, e := range m.Recorded {
		if e.Stream == stream && (dir == events.Forward && e.Revision >= from || dir == events.Backward &&
			e.Revision <= from) {
			page = append(page, e)
		}
	}
	if dir == events.Backward {
		slices.Reverse(page)
	}
	return page[:min(limit, len(page))], nil
}

// ReadAll implements events.Store, but only backward.
func (m *Memory) ReadAll(_ context.Context, from events.Position, dir events.Direction,
	limit int) ([]events.Recorded, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.Down != nil {
		return nil, m.Down
	}
	if dir != events.Backward {
		panic("logtest: Memory.ReadAll supports only backward reads")
	}
	at := min(max(0, int(from)-1), len(m.Recorded))
	page := slices.Clone(m.Recorded[max(0, at-limit):at])
	slices.Reverse(page)
	return page, nil
}

// Follow implements events.Store.
func (m *Memory) Follow(ctx context.Context, after events.Position, handle func([]events.Recorded) error) error {
	m.mu.Lock()
	m.Follows++
	next := max(0, int(after)-m.Duplicate)
	for {
		batch, more, down, limit := m.Recorded[min(next, len(m.Recorded)):], m.more, m.Down, m.Batch
		m.mu.Unlock()
		if down != nil {
			return down
		}
		if limit > 0 {
			batch = batch[:min(limit, len(batch))]
		}
		if len(batch) > 0 {
			if err := handle(batch); err != nil {
				return err
			}
			next += len(batch)
		} else {
			select {
			case <-more:
			case <-ctx.Done():
				return ctx.Err()
			}
		}
		m.mu.Lock()
	}
}

// Head implements events.Store.
func (m *Memory) Head(context.Context) (events.Position, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return events.Position(len(m.Recorded)), m.Down
}

// Epoch implements events.Store.
func (m *Memory) Epoch() string { return m.Name }

// Close implements events.Store. It is a no-op.
func (m *Memory) Close() error { return nil }

// Seal gives every event metadata with a valid hash, each as the first of its stream.
func (m *Memory) Seal() {
	for i := range m.Recorded {
		e := &m.Recorded[i]
		e.Metadata, _ = events.Seal(nil, events.Hash{}, e.Stream, e.Revision, &e.Event,
			&events.Metadata{Actor: "ada", At: e.Created})
	}
}
