package esdb

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"admitone/events"
)

// workload appends to several streams and follows the log during faults, and records which events
// must be in the log, which may be, and which must not.
type workload struct {
	store    *Store
	interval time.Duration // between two appends of one writer

	stop    chan struct{}
	writers sync.WaitGroup

	mu         sync.Mutex
	acked      map[events.ID]events.Recorded // stream, revision and position only
	unknown    map[events.ID]bool
	notWritten map[events.ID]bool
	conflicts  int

	handled      atomic.Int64      // len(followed)
	progress     chan struct{}     // of 1
	followed     []events.Recorded // private to the follower until it has ended
	failed       error             // private to the follower until it has ended
	ended        chan struct{}
	cancelFollow context.CancelFunc
}

// appendTimeout is the time for which a writer waits for an append, as an actor does.
const appendTimeout = 5 * time.Second

// startWorkload starts a workload.
func startWorkload(store *Store, writers int, interval time.Duration) *workload {
	c := &workload{
		store: store, interval: interval, stop: make(chan struct{}), ended: make(chan struct{}),
		progress: make(chan struct{}, 1),
		acked:    map[events.ID]events.Recorded{}, unknown: map[events.ID]bool{}, notWritten: map[events.ID]bool{},
	}
	for i := range writers {
		c.writers.Go(func() { c.write(events.NewStreamID("crowd", fmt.Sprint(i))) })
	}
	ctx, cancel := context.WithCancel(context.Background())
	c.cancelFollow = cancel
	go func() {
		defer close(c.ended)
		c.failed = store.Follow(ctx, 0, func(page []events.Recorded) error {
			c.followed = append(c.followed, page...)
			c.handled.Store(int64(len(c.followed)))
			signal(c.progress)
			return nil
		})
	}()
	return c
}

// write appends batches. Like an actor, it reads the log after an unknown outcome or a conflict.
func (c *workload) write(stream events.StreamID) {
	revision := events.NoStream
	for n := 0; ; n++ {
		select {
		case <-c.stop:
			return
		case <-time.After(c.interval):
		}
		batch := sampleBatch(events.StreamID(fmt.Sprintf("%s/%d", stream, n)), 1+n%3)
		ctx, cancel := context.WithTimeout(context.Background(), appendTimeout)
		appended, err := c.store.Append(ctx, stream, revision, batch)
		cancel()
		c.record(stream, revision, batch, appended, err)
		if err == nil {
			revision = appended.Revision
		} else if !errors.Is(err, events.ErrUnavailable) {
			revision = c.last(stream, revision)
		}
	}
}

// last waits until it can read the last revision of a stream, and returns it.
func (c *workload) last(stream events.StreamID, known events.Revision) events.Revision {
	for {
		ctx, cancel := context.WithTimeout(context.Background(), appendTimeout)
		page, err := c.store.Read(ctx, stream, events.EndRevision, events.Backward, 1)
		cancel()
		if err == nil {
			if len(page) == 0 {
				return events.NoStream
			}
			return page[0].Revision
		}
		select {
		case <-c.stop:
			return known
		case <-time.After(c.interval):
		}
	}
}

// record records the outcome of an append.
func (c *workload) record(stream events.StreamID, expected events.Revision, batch []events.Event,
	appended events.Appended, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for i := range batch {
		id := batch[i].ID
		switch {
		case err == nil:
			c.acked[id] = events.Recorded{Stream: stream, Revision: expected + 1 + events.Revision(i)}
		case errors.Is(err, events.ErrConflict):
			c.notWritten[id] = true
			c.conflicts++
		case errors.Is(err, events.ErrUnavailable):
			c.notWritten[id] = true
		default:
			c.unknown[id] = true
		}
	}
}

// check ends the workload and compares its records with log, the store of the server.
func (c *workload) check(t *testing.T, log events.Store) {
	t.Helper()
	close(c.stop)
	c.writers.Wait()
	var all []events.Recorded
	for r, err := range events.All(context.Background(), log, 0) {
		if err != nil {
			t.Fatal(err)
		}
		if belongsToLog(&r) {
			all = append(all, r)
		}
	}
	c.waitFollowed(len(all))
	c.cancelFollow()
	<-c.ended
	if !errors.Is(c.failed, context.Canceled) {
		t.Errorf("the follower ended with %v, want %v", c.failed, context.Canceled)
	}
	if !slices.EqualFunc(c.followed, all, func(a, b events.Recorded) bool {
		return a.ID == b.ID && a.Position == b.Position && a.Revision == b.Revision && a.Stream == b.Stream &&
			a.Created.Equal(b.Created)
	}) {
		t.Errorf("%d events were followed, %d are in the log; want the same", len(c.followed), len(all))
	}
	acked := maps.Clone(c.acked)
	seen := map[events.ID]bool{}
	written := 0
	for _, r := range all {
		if seen[r.ID] {
			t.Errorf("event %s is in the log twice", r.ID)
		}
		seen[r.ID] = true
		want, ok := acked[r.ID]
		switch {
		case ok && (want.Stream != r.Stream || want.Revision != r.Revision):
			t.Errorf("event %s was acknowledged for %s@%d and is %s@%d", r.ID, want.Stream, want.Revision, r.Stream, r.Revision)
		case c.notWritten[r.ID]:
			t.Errorf("event %s, reported as not written, is in the log at %s@%d", r.ID, r.Stream, r.Revision)
		case r.Stream == probeStream:
		case !ok && !c.unknown[r.ID]:
			t.Errorf("event %s belongs to no append", r.ID)
		case !ok:
			written++
		}
		delete(acked, r.ID)
	}
	if len(acked) > 0 {
		t.Errorf("%d acknowledged events are not in the log", len(acked))
	}
	t.Logf("%d events: %d acknowledged, %d of %d unknown ones written, "+
		"%d not written, %d conflicts, %d resubscriptions",
		len(all), len(c.acked), written, len(c.unknown), len(c.notWritten), c.conflicts, c.store.Stats().Returns)
}

// waitFollowed waits until the follower has handled n events, or has ended.
func (c *workload) waitFollowed(n int) {
	for int(c.handled.Load()) < n {
		select {
		case <-c.progress:
		case <-c.ended:
			return
		}
	}
}
