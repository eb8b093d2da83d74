package cursor

import (
	"context"
	"errors"

	"io"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"testing"
	"time"

	"admitone/actors"
	"admitone/actors/core"
	"admitone/events"
)

// harness is a log in memory, an entity with a cursor, and the external system.
type harness struct {
	t     *testing.T
	epoch string

	mu          sync.Mutex
	log         []events.Recorded
	grown       chan struct{} // closed when the log grows
	entity      entity
	writes      []write
	unavailable bool // the entity accepts no more commands
	unreadable  bool // reads of the log fail
	failedReads int  // reads that failed
	// doneBefore has the positions of events whose work was done before this log was created.
	doneBefore map[events.Position]bool

	// The external system.
	calls           []call
	running         map[events.StreamID]bool
	maxRunning      int  // the most streams worked on at the same time
	allowConcurrent bool // several servers may work on the same stream
	do              func(e *events.Recorded, attempt int) error
}

// write is a recorded fact of the cursor.
type write struct {
	at   time.Time
	fact events.Fact
}

// call is a call of Work.Do.
type call struct {
	at       time.Time
	position events.Position
	done     bool
}

// entity is a core with nothing but a cursor.
type entity struct {
	core.Core
	cursor core.Cursor
	ended  error // the cause
}

// end is the command that ends the work.
type end struct {
	moved events.CursorMoved
	cause error
}

func newHarness(t *testing.T, do func(e *events.Recorded, attempt int) error) *harness {
	return &harness{t: t, grown: make(chan struct{}), running: map[events.StreamID]bool{}, do: do}
}

// append appends events to streams.
func (w *harness) append(streams ...events.StreamID) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, stream := range streams {
		revision := events.Revision(0)
		for i := range w.log {
			if w.log[i].Stream == stream {
				revision++
			}
		}
		e := events.Recorded{Stream: stream, Revision: revision, Position: events.Position(len(w.log) + 1)}
		e.Metadata, _ = events.Seal(nil, events.Hash{}, stream, revision, &e.Event, &events.Metadata{})
		w.log = append(w.log, e)
	}
	close(w.grown)
	w.grown = make(chan struct{})
}

// Ask implements [actors.Dispatcher].
func (w *harness) Ask(_ context.Context, r actors.Request) (actors.Answer, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.unavailable {
		return actors.Answer{}, actors.ErrUnavailable
	}
	command := r.Command
	ends, isEnd := command.(*end)
	if isEnd {
		command = &core.MoveCursor{CursorMoved: ends.moved}
	}
	facts, err, _ := w.entity.cursor.Decide(command)
	if err != nil {
		return actors.Answer{}, err
	}
	if isEnd {
		w.entity.ended = ends.cause
	}
	for _, fact := range facts {
		w.entity.cursor.Evolve(fact)
		w.writes = append(w.writes, write{time.Now(), fact})
		w.checkReached()
	}
	return actors.Answer{}, nil
}

// checkReached checks that the cursor has not passed work that is not done.
func (w *harness) checkReached() {
	done := map[events.Position]bool{}
	maps.Copy(done, w.doneBefore)
	for _, c := range w.calls {
		done[c.position] = done[c.position] || c.done
	}
	for i := range w.log {
		if e := &w.log[i]; e.Position <= w.entity.cursor.Reached && w.Wants(e) && !done[e.Position] {
			w.t.Errorf("the cursor is at %d, want it before event %d, which is not done", w.entity.cursor.Reached, e.Position)
		}
	}
}

// View implements [actors.Dispatcher].
func (w *harness) View(_ context.Context, _ events.StreamID, read func(core.Core)) (actors.Answer, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	read(&w.entity)
	return actors.Answer{}, nil
}

// Wants implements [Work]: nothing of the streams "quiet" and "foreign".
func (w *harness) Wants(e *events.Recorded) bool { return e.Stream != "quiet" && e.Stream != "foreign" }

// Do implements [Work].
func (w *harness) Do(ctx context.Context, e *events.Recorded) error {
	w.mu.Lock()
	attempt, start := 1, time.Now()
	for _, c := range w.calls {
		if c.position == e.Position {
			attempt++
		}
	}
	if w.running[e.Stream] && !w.allowConcurrent {
		w.t.Errorf("two events of stream %s are in progress at the same time, want one", e.Stream)
	}
	w.running[e.Stream] = true
	w.maxRunning = max(w.maxRunning, len(w.running))
	w.mu.Unlock()
	err := w.do(e, attempt)
	if err == nil {
		err = ctx.Err()
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	delete(w.running, e.Stream)
	w.calls = append(w.calls, call{start, e.Position, err == nil})
	return err
}

// store is the part of an [events.Store] that a runner uses.
type store struct {
	events.Store
	*harness
}

// failRead returns the error of a read while the log is unreadable. The caller holds mu. After very many reads
// the log becomes readable again, so that a test of a runner without pauses ends.
func (s store) failRead() error {
	if !s.unreadable {
		return nil
	}
	if s.failedReads++; s.failedReads == 1_000_000 {
		s.unreadable = false
	}
	return events.ErrUnavailable
}

// Head implements [events.Store].
func (s store) Head(context.Context) (events.Position, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.failRead(); err != nil {
		return 0, err
	}
	return events.Position(len(s.log)), nil
}

// Epoch implements [events.Store].
func (s store) Epoch() string { return s.epoch }

// ReadAll implements [events.Store].
func (s store) ReadAll(_ context.Context, from events.Position, dir events.Direction,
	limit int) ([]events.Recorded, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.failRead(); err != nil {
		return nil, err
	}
	if dir == events.Backward {
		page := append([]events.Recorded(nil), s.log[max(0, int(from)-1-limit):int(from)-1]...)
		slices.Reverse(page)
		return page, nil
	}
	return append([]events.Recorded(nil), s.log[from:min(int(from)+limit, len(s.log))]...), nil
}

// Read implements [events.Store].
func (s store) Read(_ context.Context, stream events.StreamID, from events.Revision, _ events.Direction,
	_ int) ([]events.Recorded, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.failRead(); err != nil {
		return nil, err
	}
	for i := range s.log {
		if s.log[i].Stream == stream && s.log[i].Revision == from {
			return s.log[i : i+1], nil
		}
	}
	return nil, nil
}

// startRunner starts a runner with a configuration that change may alter, and returns a function
// that stops it and waits for its end.
func (w *harness) startRunner(node string, change func(*Config)) (stop func()) {
	config := Config{
		Desk: w, Store: store{harness: w}, Work: w, Stream: "hook-1", Node: node,
		Cursor: func(c core.Core) core.Cursor { return c.(*entity).cursor },
		Await: func(ctx context.Context, after events.Position) error {
			for {
				w.mu.Lock()
				head, grown := events.Position(len(w.log)), w.grown
				w.mu.Unlock()
				if head > after {
					return nil
				}
				select {
				case <-ctx.Done():
					return ctx.Err()
				case <-grown:
				}
			}
		},
		End:    func(at events.CursorMoved, cause error) core.Command { return &end{at, cause} },
		Logger: slog.New(slog.NewTextHandler(io.Discard, nil)),
	}
	if change != nil {
		change(&config)
	}
	ctx, cancel := context.WithCancel(w.t.Context())
	ended := make(chan error, 1)
	go func() { ended <- New(config).Run(ctx) }()
	return func() {
		cancel()
		if err := <-ended; err != nil && !errors.Is(err, context.Canceled) {
			w.t.Errorf("the runner ended with %v, want nil or context.Canceled", err)
		}
	}
}

// alone configures the runner of a system with one server.
func alone(c *Config) { c.Alone = true }

// completed returns the positions of the completed events, in the order of their first completion.
func (w *harness) completed() (order []events.Position) {
	w.mu.Lock()
	defer w.mu.Unlock()
	seen := map[events.Position]bool{}
	for _, c := range w.calls {
		if c.done && !seen[c.position] {
			seen[c.position] = true
			order = append(order, c.position)
		}
	}
	return order
}

// checkOrder checks that all work was done, in order within each stream.
func (w *harness) checkOrder() {
	w.t.Helper()
	order := w.completed()
	last := map[events.StreamID]events.Position{}
	for _, p := range order {
		stream := w.log[p-1].Stream
		if p < last[stream] {
			w.t.Errorf("event %d of stream %s was done after event %d, want it before", p, stream, last[stream])
		}
		last[stream] = p
	}
	wanted := 0
	for i := range w.log {
		if w.Wants(&w.log[i]) {
			wanted++
		}
	}
	if len(order) != wanted {
		w.t.Errorf("%d events were done, want %d", len(order), wanted)
	}
}

// checkPace checks that no two facts of a term are less than a second apart, except the last one of
// a runner.
func (w *harness) checkPace(writes []write) {
	w.t.Helper()
	for i := 1; i < len(writes); i++ {
		if _, taken := writes[i].fact.(*events.CursorTaken); taken {
			continue
		}
		if gap := writes[i].at.Sub(writes[i-1].at); gap < time.Second {
			w.t.Errorf("%T was written %v after the previous fact, want at least a second", writes[i].fact, gap)
		}
	}
}
