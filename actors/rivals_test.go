package actors

import (
	"context"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"admitone/events"
	"admitone/events/storetest/stores"
)

// remoteStore is a store with latency, as over a network.
type remoteStore struct{ events.Store }

const latency = time.Millisecond

// Append implements events.Store.
func (d remoteStore) Append(ctx context.Context, stream events.StreamID, expected events.Revision,
	batch []events.Event) (events.Appended, error) {
	time.Sleep(latency)
	return d.Store.Append(ctx, stream, expected, batch)
}

// Read implements events.Store.
func (d remoteStore) Read(ctx context.Context, stream events.StreamID, from events.Revision, dir events.Direction,
	limit int) ([]events.Recorded, error) {
	time.Sleep(latency)
	return d.Store.Read(ctx, stream, from, dir, limit)
}

// TestRivalsMakeRoom: a desk that sells a product without pause lets another desk, once it has observed
// its appends, append between its own batches.
func TestRivalsMakeRoom(t *testing.T) {
	log := openLog(t, t.TempDir())
	busy, other := openDesk(t, remoteStore{log}, nil), openDesk(t, remoteStore{log}, nil)
	mustCreate(t, busy, 1_000_000)
	ctx, cancel := context.WithCancel(t.Context())
	var all sync.WaitGroup
	for _, d := range []*Desk{busy, other} {
		all.Go(func() { follow(ctx, log, d) })
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
	if _, err := ask(other, one("bob")); err != nil { // the first append makes the other desk known
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
	t.Logf("sold %d and %d, %d races lost", sold.Load(), few, lost)
	if lost > 3*few/2 {
		t.Errorf("%d sales lost %d races, want at most %d", few, lost, 3*few/2)
	}
	if p := audit(t, log, nil); p.Remaining() != 1_000_000-1-few-sold.Load() {
		t.Errorf("remaining = %d, want %d", p.Remaining(), 1_000_000-1-few-sold.Load())
	}
}

// TestRivalsTakeTurns: two desks sell a product without pause, over EventStoreDB's protocol. From the
// moment they know of each other, neither makes many sales in a row while the other has callers waiting.
func TestRivalsTakeTurns(t *testing.T) {
	const callers, sales, mostInARow, mostLost = 8, 400, 100, 40
	wire := stores.Serve(t, openLog(t, t.TempDir()))
	second := stores.Connect(t, wire.Address)
	t.Cleanup(func() { mustClose(t, second) })
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var all, followers sync.WaitGroup
	var enough atomic.Int64
	open := func(store openedLog) *Desk {
		desk := openDesk(t, store, func(c *Config) { c.Snapshots, c.SnapshotEvery = store, 64 })
		followers.Go(func() { follow(ctx, store, desk) })
		return desk
	}
	sell := func(desk *Desk, holder events.Holder) {
		var sold atomic.Int64
		for range callers {
			all.Go(func() {
				for enough.Load() < 2 {
					if _, err := ask(desk, one(holder)); err != nil {
						t.Error(err)
						return
					}
					if sold.Add(1) == sales {
						enough.Add(1)
					}
				}
			})
		}
	}
	ann, bob := open(wire), open(second)
	mustCreate(t, ann, 1_000_000)
	sell(ann, "ann")
	if _, err := ask(bob, one("bob")); err != nil { // the first append makes this desk known to ann's
		t.Fatal(err)
	}
	before := bob.Stats().Conflicts
	sell(bob, "bob")
	all.Wait()
	cancel()
	followers.Wait()
	row, longest, last, met := 0, 0, events.Holder(""), false
	for event, err := range events.Stream(t.Context(), wire, lamp, 1) {
		must(t, err)
		fact, err := event.Decode()
		must(t, err)
		by := fact.(*events.ProductReserved).Holder
		if met = met || by == "bob"; !met {
			continue
		}
		if by != last {
			row, last = 0, by
		}
		row++
		longest = max(longest, row)
	}
	lost := ann.Stats().Conflicts + bob.Stats().Conflicts - before
	t.Logf("%d sales in a row, %d races lost", longest, lost)
	if longest > mostInARow || lost > mostLost {
		t.Errorf("one desk made %d sales in a row, and %d races were lost; want at most %d and %d",
			longest, lost, mostInARow, mostLost)
	}
	audit(t, wire, nil)
}

// follow makes a desk observe appends, until ctx ends.
func follow(ctx context.Context, log events.Store, d *Desk) {
	_ = log.Follow(ctx, 0, func(batch []events.Recorded) error {
		for i := range batch {
			d.Observe(batch[i].Stream, batch[i].Revision)
		}
		return nil
	})
}
