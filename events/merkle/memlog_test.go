package merkle

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	"admitone/events"
)

// memLog is a log in memory that tests can tamper with. It implements the methods of events.Store that a tree
// uses.
type memLog struct {
	events.Store
	epoch string

	mu    sync.Mutex
	all   []events.Recorded
	grown chan struct{} // closed when all has grown
}

func newMemLog() *memLog { return &memLog{epoch: "e7", grown: make(chan struct{})} }

func (l *memLog) Epoch() string { return l.epoch }

func (l *memLog) Head(ctx context.Context) (events.Position, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return events.Position(len(l.all)), ctx.Err()
}

func (l *memLog) ReadAll(ctx context.Context, from events.Position, dir events.Direction,
	limit int) ([]events.Recorded, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if dir != events.Forward {
		panic("backward reads are not implemented")
	}
	following := l.all[min(int(from), len(l.all)):]
	return slices.Clone(following[:min(limit, len(following))]), ctx.Err()
}

func (l *memLog) Follow(ctx context.Context, after events.Position, handle func([]events.Recorded) error) error {
	for {
		l.mu.Lock()
		grown := l.grown
		l.mu.Unlock()
		page, err := l.ReadAll(ctx, after, events.Forward, 37)
		if err != nil {
			return err
		}
		if len(page) == 0 {
			select {
			case <-grown:
			case <-ctx.Done():
				return ctx.Err()
			}
			continue
		}
		after = page[len(page)-1].Position
		if err := handle(page); err != nil {
			return err
		}
	}
}

// add appends n events to several streams.
func (l *memLog) add(n int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for range n {
		l.all = append(l.all, sample(len(l.all)+1))
	}
	close(l.grown)
	l.grown = make(chan struct{})
}

// sample returns the event at a position of the test log.
func sample(position int) events.Recorded {
	r := rand.New(rand.NewPCG(7, uint64(position)))
	stream := events.NewStreamID("product", fmt.Sprint(position%3))
	e := events.Recorded{
		Event: events.Event{ID: events.EventID("sample", position), Type: "product.reserved.v1",
			Data: fmt.Appendf(nil, `{"reservation_id":"%s","holder":"h-%d","quantity":1,"remaining":%d}`,
				events.EventID("r", position), r.IntN(50), r.IntN(1000))},
		Stream: stream, Revision: events.Revision(position / 3), Position: events.Position(position),
		Created: time.Date(2031, 5, 1, 20, 0, 0, position*1000, time.UTC),
	}
	e.Metadata, _ = events.Seal(nil, events.Hash{}, stream, e.Revision, &e.Event, &events.Metadata{
		CommandID: "c", CorrelationID: "req <7>", CausationID: "w", Actor: "ada", At: e.Created})
	return e
}

// keyOf returns a key for the log with the given epoch.
func keyOf(t testing.TB, epoch string, seed byte) *Key {
	t.Helper()
	key, err := NewKey(bytes.Repeat([]byte{seed}, SeedSize), epoch)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// discardLogger discards expected warnings.
var discardLogger = slog.New(slog.DiscardHandler)

// open opens the tree of a log.
func (l *memLog) open(t testing.TB, dir string) (*Tree, error) {
	t.Helper()
	return Open(t.Context(), Config{Store: l, Dir: dir, Key: keyOf(t, l.epoch, 1), Logger: discardLogger})
}

func (l *memLog) mustOpen(t testing.TB, dir string) *Tree {
	t.Helper()
	tree, err := l.open(t, dir)
	if err != nil {
		t.Fatal(err)
	}
	return tree
}

// writeTree writes the tree of the current log to disk, with a head.
func (l *memLog) writeTree(t testing.TB, dir string) {
	t.Helper()
	if err := l.mustOpen(t, dir).Close(context.Background()); err != nil {
		t.Fatal(err)
	}
}

// compactRange computes the compact range from the events of the log.
func (l *memLog) compactRange() CompactRange {
	var g CompactRange
	for i := range l.all {
		g.Add(nil, &l.all[i])
	}
	return g
}

// runTree runs a tree until the test ends or stop is called. stop returns the result of Run.
func runTree(t testing.TB, tree *Tree) (stop func() error) {
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- tree.Run(ctx) }()
	stop = sync.OnceValue(func() error { cancel(); return <-ended })
	t.Cleanup(func() { stop() })
	return stop
}
