package admission

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"

	"admitone/actors"
	"admitone/actors/core"
	"admitone/actors/waitingroom"
	"admitone/actors/waitingroom/pass"
	"admitone/events"
	"admitone/events/embedded"
)

// raceDetector reports whether the race detector is on, under which tests use smaller numbers.
var raceDetector bool

// quiet discards the log of the node.
var quiet = slog.New(slog.DiscardHandler)

// day is the time at which all tests start.
var day = time.Date(2026, 5, 1, 20, 0, 0, 0, time.UTC)

// clock is advanced by the test.
type clock struct{ nanos atomic.Int64 }

func (c *clock) now() time.Time       { return day.Add(time.Duration(c.nanos.Load())) }
func (c *clock) move(d time.Duration) { c.nanos.Add(int64(d)) }

// ring is the key ring of most tests, with a fixed key.
var ring = func() *pass.Keyring {
	r, err := pass.NewKeyring(pass.Key{ID: 1, Secret: [pass.SecretSize]byte{1, 2, 3}})
	if err != nil {
		panic(err)
	}
	return r
}()

// node is a desk on a log with its rooms.
type node struct {
	t     testing.TB
	clock *clock
	store events.Store
	desk  *actors.Desk
	rooms *Rooms
}

// start starts a node on a log. If c is not nil, the node uses this clock, and the test makes the
// rounds; otherwise it makes them by itself.
func start(t testing.TB, store events.Store, c *clock, change func(*actors.Config, *Config)) *node {
	t.Helper()
	engine, err := actors.NewEngine()
	if err != nil {
		t.Fatal(err)
	}
	desk := actors.Config{Store: store, Kinds: []core.Kind{waitingroom.Kind}, Logger: quiet}
	rooms := Config{Keys: ring, Logger: quiet}
	if c != nil {
		desk.Now, rooms.Now = c.now, c.now
	}
	if change != nil {
		change(&desk, &rooms)
	}
	n := &node{t: t, clock: c, store: store, desk: actors.NewDesk(engine, desk)}
	rooms.Desk = n.desk
	n.rooms = New(rooms)
	n.rooms.manualRounds = c != nil
	return n
}

// newNode starts a node on a new log, with a new clock. The test makes the rounds.
func newNode(t testing.TB) *node {
	t.Helper()
	n := start(t, newMemory(), &clock{}, nil)
	t.Cleanup(n.stop)
	return n
}

func (n *node) stop() {
	n.t.Helper()
	n.rooms.Close()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	if err := n.desk.Close(ctx); err != nil {
		n.t.Error(err)
	}
}

// openLog opens the log in dir; the caller closes it.
func openLog(t testing.TB, dir string) *embedded.Store {
	t.Helper()
	store, err := embedded.Open(dir, embedded.Options{Logger: quiet, Fatal: func(err error) { panic(err) }})
	if err != nil {
		t.Fatal(err)
	}
	return store
}

var ctx = context.Background()

// by returns a request by an actor under a new id.
func by(actor string) actors.Request {
	return actors.Request{ID: actors.NewCommandID(), Actor: actor}
}

// sale is the room of most tests: ten admissions per second, three active passes of a minute, a
// heartbeat of ten seconds.
var sale = events.WaitingRoomSettings{AdmitPerSecond: 10, MaxActive: 3, ActiveSeconds: 60, HeartbeatSeconds: 10}

// set creates the room, or changes its settings.
func (n *node) set(settings events.WaitingRoomSettings) {
	n.t.Helper()
	var version *int64
	if line, err := n.rooms.Line(ctx, "sale"); err == nil {
		version = &line.Settings.Version
	}
	if _, err := n.rooms.Set(ctx, "sale", settings, version, by("organiser")); err != nil {
		n.t.Fatal(err)
	}
}

// use makes the node use a different key ring.
func (n *node) use(ring *pass.Keyring) {
	n.t.Helper()
	if err := n.rooms.UseKeys(ctx, ring, KeysIfKnown); err != nil {
		n.t.Fatal(err)
	}
}

// join makes a holder join.
func (n *node) join(holder events.Holder) Visit {
	n.t.Helper()
	visit, _, _, err := n.rooms.Join(ctx, "sale", holder, by(string(holder)))
	if err != nil {
		n.t.Fatal(err)
	}
	return visit
}

// finish ends the pass of a ticket, as a purchase does.
func (n *node) finish(ticket int64) error {
	rm, err := n.rooms.find(ctx, "sale")
	if err != nil {
		return err
	}
	return rm.finish(ctx, ticket, by("system"))
}

// poll polls as a visitor.
func (n *node) poll(visitor string) Visit {
	n.t.Helper()
	visit, err := n.rooms.Poll(ctx, "sale", visitor)
	if err != nil {
		n.t.Fatal(err)
	}
	return visit
}

// step makes a round of the room, and a sweep if it is due.
func (n *node) step() {
	n.t.Helper()
	rm, err := n.rooms.find(ctx, "sale")
	if err != nil {
		n.t.Fatal(err)
	}
	rm.step(ctx)
	rm.sweepSilent(ctx)
	if rm.roundFailed || rm.sweepFailed {
		n.t.Fatalf("round failed: %t, sweep failed: %t; want both to succeed", rm.roundFailed, rm.sweepFailed)
	}
}

// pass advances the clock by d, with a round every 50 ms.
func (n *node) elapse(d time.Duration) {
	n.t.Helper()
	for range d / (50 * time.Millisecond) {
		n.clock.move(50 * time.Millisecond)
		n.step()
	}
}

// code returns the code of a refusal, "ok" for nil, and otherwise the error's text.
func code(err error) string {
	refusal := (*core.Refusal)(nil)
	switch {
	case err == nil:
		return "ok"
	case errors.As(err, &refusal):
		return string(refusal.Code)
	}
	return err.Error()
}

// logged is a fact and the time of its decision.
type logged struct {
	fact events.Fact
	at   time.Time
}

// readLog reads the room's stream.
func readLog(t testing.TB, store events.Store) (log []logged) {
	t.Helper()
	for event, err := range events.Stream(ctx, store, "waitingroom-sale", 0) {
		if err != nil {
			t.Fatal(err)
		}
		fact, err := events.Decode(event.Type, event.Data)
		if err != nil {
			t.Fatal(err)
		}
		metadata, err := events.ParseMetadata(event.Metadata)
		if err != nil {
			t.Fatal(err)
		}
		log = append(log, logged{fact, metadata.At})
	}
	return log
}

// requireNoLeaks fails the test if goroutines that it has started outlive it.
func requireNoLeaks(t *testing.T) {
	t.Helper()
	before := goleak.IgnoreCurrent()
	t.Cleanup(func() { goleak.VerifyNone(t, before) })
}

// memory is a log in memory that a test can make unavailable.
type memory struct {
	events.Store // the tests call only the methods below
	mu           sync.RWMutex
	log          map[events.StreamID][]events.Recorded // guarded by mu
	size         int                                   // guarded by mu
	down         atomic.Bool
}

func newMemory() *memory { return &memory{log: map[events.StreamID][]events.Recorded{}} }

// Append implements events.Store.
func (m *memory) Append(
	_ context.Context,
	stream events.StreamID,
	expected events.Revision,
	batch []events.Event,
) (events.Appended, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.down.Load() {
		return events.Appended{}, fmt.Errorf("%w: simulated", events.ErrUnavailable)
	}
	s := m.log[stream]
	if head := events.Revision(len(s)) - 1; head != expected {
		return events.Appended{}, fmt.Errorf("%w: at %d", events.ErrConflict, head)
	}
	for i := range batch {
		m.size++
		s = append(
			s,
			events.Recorded{
				Event:    batch[i],
				Stream:   stream,
				Revision: events.Revision(len(s)),
				Position: events.Position(m.size),
			},
		)
	}
	m.log[stream] = s
	return events.Appended{Revision: events.Revision(len(s)) - 1, Position: events.Position(m.size)}, nil
}

// Read implements events.Store, forward only.
func (m *memory) Read(
	_ context.Context,
	stream events.StreamID,
	from events.Revision,
	_ events.Direction,
	limit int,
) ([]events.Recorded, error) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	s := m.log[stream]
	return slices.Clone(s[min(int(from), len(s)):min(int(from)+limit, len(s))]), nil
}
