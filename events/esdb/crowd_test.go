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

// crowd appends to streams of its own and follows the log while things go wrong, and
// knows at the end what must be in the log, what may be, and what must not.
type crowd struct {
	store *Store
	pace  time.Duration // between two appends of one writer

	stop    chan struct{}
	writers sync.WaitGroup

	mu        sync.Mutex
	acked     map[events.ID]events.Recorded // stream, revision and position only
	unknown   map[events.ID]bool
	never     map[events.ID]bool
	conflicts int

	handled  atomic.Int64      // len(followed)
	progress chan struct{}     // of 1
	followed []events.Recorded // the follower's own, until it has ended
	failed   error             // the follower's, likewise
	ended    chan struct{}
	leave    context.CancelFunc
}

// appendPatience is how long a writer waits for an append, as the shell does.
const appendPatience = 5 * time.Second

// gather starts a crowd.
func gather(store *Store, writers int, pace time.Duration) *crowd {
	c := &crowd{
		store: store, pace: pace, stop: make(chan struct{}), ended: make(chan struct{}), progress: make(chan struct{}, 1),
		acked: map[events.ID]events.Recorded{}, unknown: map[events.ID]bool{}, never: map[events.ID]bool{},
	}
	for i := range writers {
		c.writers.Go(func() { c.write(events.NewStreamID("crowd", fmt.Sprint(i))) })
	}
	ctx, cancel := context.WithCancel(context.Background())
	c.leave = cancel
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

// write does what the shell does: an unknown outcome or a conflict has it look into
// the log and decide anew.
func (c *crowd) write(stream events.StreamID) {
	revision := events.NoStream
	for n := 0; ; n++ {
		select {
		case <-c.stop:
			return
		case <-time.After(c.pace):
		}
		batch := sampleBatch(events.StreamID(fmt.Sprintf("%s/%d", stream, n)), 1+n%3)
		ctx, cancel := context.WithTimeout(context.Background(), appendPatience)
		appended, err := c.store.Append(ctx, stream, revision, batch)
		cancel()
		c.took(stream, revision, batch, appended, err)
		if err == nil {
			revision = appended.Revision
		} else if !errors.Is(err, events.ErrUnavailable) {
			revision = c.last(stream, revision)
		}
	}
}

// last reads where a stream ends, as soon as it can be read.
func (c *crowd) last(stream events.StreamID, known events.Revision) events.Revision {
	for {
		ctx, cancel := context.WithTimeout(context.Background(), appendPatience)
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
		case <-time.After(c.pace):
		}
	}
}

// took notes what became of an append.
func (c *crowd) took(stream events.StreamID, expected events.Revision, batch []events.Event, appended events.Appended, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for i := range batch {
		id := batch[i].ID
		switch {
		case err == nil:
			c.acked[id] = events.Recorded{Stream: stream, Revision: expected + 1 + events.Revision(i)}
		case errors.Is(err, events.ErrConflict):
			c.never[id] = true
			c.conflicts++
		case errors.Is(err, events.ErrUnavailable):
			c.never[id] = true
		default:
			c.unknown[id] = true
		}
	}
}

// check ends the crowd and compares what it knows with what is in log, which is the
// log itself and no connection to it.
func (c *crowd) check(t *testing.T, log events.Store) {
	t.Helper()
	close(c.stop)
	c.writers.Wait()
	var all []events.Recorded
	for r, err := range events.All(context.Background(), log, 0) {
		if err != nil {
			t.Fatal(err)
		}
		if ours(&r) {
			all = append(all, r)
		}
	}
	c.reach(len(all))
	c.leave()
	<-c.ended
	if !errors.Is(c.failed, context.Canceled) {
		t.Errorf("the follower ended with %v", c.failed)
	}
	if !slices.EqualFunc(c.followed, all, func(a, b events.Recorded) bool {
		return a.ID == b.ID && a.Position == b.Position && a.Revision == b.Revision && a.Stream == b.Stream && a.Created.Equal(b.Created)
	}) {
		t.Errorf("%d events were followed, %d are in the log, or they differ", len(c.followed), len(all))
	}
	acked := maps.Clone(c.acked)
	seen := map[events.ID]bool{}
	landed := 0
	for _, r := range all {
		if seen[r.ID] {
			t.Errorf("event %s is in the log twice", r.ID)
		}
		seen[r.ID] = true
		want, ok := acked[r.ID]
		switch {
		case ok && (want.Stream != r.Stream || want.Revision != r.Revision):
			t.Errorf("event %s was acknowledged for %s@%d and is %s@%d", r.ID, want.Stream, want.Revision, r.Stream, r.Revision)
		case c.never[r.ID]:
			t.Errorf("event %s, which was not written, is %s@%d", r.ID, r.Stream, r.Revision)
		case r.Stream == probed:
		case !ok && !c.unknown[r.ID]:
			t.Errorf("nobody knows event %s", r.ID)
		case !ok:
			landed++
		}
		delete(acked, r.ID)
	}
	if len(acked) > 0 {
		t.Errorf("%d acknowledged events are not in the log", len(acked))
	}
	t.Logf("%d events: %d acknowledged, %d of %d unknown ones landed, %d not written, %d conflicts, %d returns of followers",
		len(all), len(c.acked), landed, len(c.unknown), len(c.never), c.conflicts, c.store.Stats().Returns)
}

// reach waits until the follower has handled that many events, or has ended.
func (c *crowd) reach(n int) {
	for int(c.handled.Load()) < n {
		select {
		case <-c.progress:
		case <-c.ended:
			return
		}
	}
}
