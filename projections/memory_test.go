package projections

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"admitone/events"
)

// memoryLog is a log for tests: it can be truncated to a prefix, deliver
// duplicates and fail.
type memoryLog struct {
	mu        sync.Mutex
	more      chan struct{} // closed and replaced when something changes
	recorded  []events.Recorded
	epoch     string
	batch     int   // largest batch that Follow delivers, 0 for any
	duplicate int   // how many events before after Follow delivers again
	down      error // what Follow, Head and ReadAll return, if set
	follows   int
}

func newMemoryLog() *memoryLog { return &memoryLog{epoch: "first", more: make(chan struct{})} }

func (m *memoryLog) change(f func()) {
	m.mu.Lock()
	defer m.mu.Unlock()
	f()
	close(m.more)
	m.more = make(chan struct{})
}

// add appends a fact to a stream and returns its position.
func (m *memoryLog) add(stream events.StreamID, facts ...events.Fact) (last events.Position) {
	m.change(func() {
		revision := events.NoStream
		for i := len(m.recorded) - 1; i >= 0; i-- {
			if m.recorded[i].Stream == stream {
				revision = m.recorded[i].Revision
				break
			}
		}
		for _, fact := range facts {
			revision++
			last = events.Position(len(m.recorded) + 1)
			m.recorded = append(m.recorded, record(stream, revision, last, fact))
		}
	})
	return last
}

func record(stream events.StreamID, revision events.Revision, position events.Position, fact events.Fact) events.Recorded {
	return events.Recorded{
		Event:  events.Event{ID: events.EventID(fmt.Sprint(stream, position), 0), Type: fact.Name(), Data: fact.AppendJSON(nil), Fact: fact},
		Stream: stream, Revision: revision, Position: position,
		Created: time.Unix(1_700_000_000, int64(position)*1e6).UTC(),
	}
}

func (m *memoryLog) Append(context.Context, events.StreamID, events.Revision, []events.Event) (events.Appended, error) {
	panic("the projections never append")
}

func (m *memoryLog) Read(_ context.Context, stream events.StreamID, from events.Revision, dir events.Direction, limit int) ([]events.Recorded, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var page []events.Recorded
	for _, e := range m.recorded {
		if e.Stream == stream && (dir == events.Forward && e.Revision >= from || dir == events.Backward && e.Revision <= from) {
			page = append(page, e)
		}
	}
	if dir == events.Backward {
		slices.Reverse(page)
	}
	return page[:min(limit, len(page))], nil
}

func (m *memoryLog) ReadAll(_ context.Context, from events.Position, dir events.Direction, limit int) ([]events.Recorded, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.down != nil {
		return nil, m.down
	}
	if dir != events.Backward {
		panic("not what the projections ask for")
	}
	at := min(max(0, int(from)-1), len(m.recorded))
	page := slices.Clone(m.recorded[max(0, at-limit):at])
	slices.Reverse(page)
	return page, nil
}

func (m *memoryLog) Follow(ctx context.Context, after events.Position, handle func([]events.Recorded) error) error {
	m.mu.Lock()
	m.follows++
	next := max(0, int(after)-m.duplicate)
	for {
		batch, more, down, most := m.recorded[min(next, len(m.recorded)):], m.more, m.down, m.batch
		m.mu.Unlock()
		if down != nil {
			return down
		}
		if most > 0 {
			batch = batch[:min(most, len(batch))]
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

func (m *memoryLog) Head(context.Context) (events.Position, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return events.Position(len(m.recorded)), m.down
}

func (m *memoryLog) Epoch() string { return m.epoch }
func (m *memoryLog) Close() error  { return nil }

// spawn is a Spawner of goroutines with unbounded inboxes.
func spawn(_ string, receive func(any)) (send func(any), stop func()) {
	var mu sync.Mutex
	var inbox []any
	var stopped bool
	wake := make(chan struct{}, 1)
	signal := func() {
		select {
		case wake <- struct{}{}:
		default:
		}
	}
	go func() {
		for {
			mu.Lock()
			batch, ended := inbox, stopped
			inbox = nil
			mu.Unlock()
			for _, msg := range batch {
				receive(msg)
			}
			if len(batch) > 0 {
				continue
			}
			if ended {
				return
			}
			<-wake
		}
	}()
	send = func(msg any) {
		mu.Lock()
		if stopped {
			mu.Unlock()
			panic("a message behind stop")
		}
		inbox = append(inbox, msg)
		mu.Unlock()
		signal()
	}
	stop = func() {
		mu.Lock()
		stopped = true
		mu.Unlock()
		signal()
	}
	return send, stop
}

// opened opens projections in memory over fs.
func opened(t testing.TB, log events.Store, fs vfs.FS) *Projections {
	t.Helper()
	p, err := Open(Config{Store: log, Dir: "views", Spawn: spawn, FS: fs, FrameEvery: -1})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { p.Close() })
	return p
}

// started runs p until stop, which returns what Run returned.
func started(t testing.TB, p *Projections) (stop func() error) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	result := make(chan error, 1)
	go func() { result <- p.Run(ctx) }()
	var once sync.Once
	var err error
	stop = func() error {
		once.Do(func() { cancel(); err = <-result })
		return err
	}
	t.Cleanup(func() { stop() })
	return stop
}

func waitFor(t testing.TB, p *Projections, pos events.Position) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	if err := p.WaitFor(ctx, pos); err != nil {
		t.Fatalf("wait for %d at %d: %v", pos, p.Position(), err)
	}
}

func product(id string) events.StreamID { return events.NewStreamID(productCategory, id) }
