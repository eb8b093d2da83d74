package actors

import (
	"context"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"admitone/events"
)

// distant is a store with latency, as over a network.
type distant struct{ events.Store }

const distance = time.Millisecond

// Append implements events.Store.
func (d distant) Append(ctx context.Context, stream events.StreamID, expected events.Revision,
	batch []events.Event) (events.Appended, error) {
	time.Sleep(distance)
	return d.Store.Append(ctx, stream, expected, batch)
}

// Read implements events.Store.
func (d distant) Read(ctx context.Context, stream events.StreamID, from events.Revision, dir events.Direction,
	limit int) ([]events.Recorded, error) {
	time.Sleep(distance)
	return d.Store.Read(ctx, stream, from, dir, limit)
}

// TestRivalsMakeRoom: a desk that sells a product without pause lets another one, which was seen
// selling it too, append between its own batches.
func TestRivalsMakeRoom(t *testing.T) {
	log := openLog(t, t.TempDir())
	busy, other := openDesk(t, distant{log}, nil), openDesk(t, distant{log}, nil)
	mustCreate(t, busy, 1_000_000)
	ctx, cancel := context.WithCancel(t.Context())
	var all sync.WaitGroup
	for _, d := range []*Desk{busy, other} {
		all.Go(func() {
			_ = log.Follow(ctx, 0, func(batch []events.Recorded) error {
				for i := range batch {
					d.Observe(batch[i].Stream, batch[i].Revision)
				}
				return nil
			})
		})
	}
	var sold atomic.Int64
	for range 16 {
		all.Go(func() {
			for ctx.Err() == nil {
				if _, err := ask(busy, one("ann")); err != nil {
					t.Error(err)
				}
				sold.Add(1)
			}
		})
	}
	if _, err := ask(other, one("bob")); err != nil { // until this one has won, nobody knows of it
		t.Fatal(err)
	}
	const few = 30
	before := other.Stats().Conflicts
	for range few {
		if _, err := ask(other, one("bob")); err != nil {
			t.Error(err)
		}
	}
	cancel()
	all.Wait()
	lost := other.Stats().Conflicts - before
	t.Logf("%d and %d are sold, %d races lost", sold.Load(), few, lost)
	if lost > 3*few/2 {
		t.Errorf("%d sales lost %d races", few, lost)
	}
	if p := audit(t, log, nil); p.Remaining() != 1_000_000-1-few-sold.Load() {
		t.Errorf("%d remain after %d sales", p.Remaining(), 1+few+sold.Load())
	}
}
