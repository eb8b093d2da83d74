package projections

import (
	"context"
	"math"
	"sync"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"

	"admitone/events"
	"admitone/projections/logtest"
	"admitone/projections/row"
)

// watchedLog records the lowest revision that was read. A prefetched page that arrives late is after the requested
// pages, and does not change it.
type watchedLog struct {
	*logtest.Memory
	mu    sync.Mutex
	first events.Revision
}

// forget returns the first revision, and resets it.
func (w *watchedLog) forget() events.Revision {
	w.mu.Lock()
	defer w.mu.Unlock()
	first := w.first
	w.first = math.MaxInt64
	return first
}

func (w *watchedLog) Read(ctx context.Context, stream events.StreamID, from events.Revision, dir events.Direction,
	limit int) ([]events.Recorded, error) {
	w.mu.Lock()
	w.first = min(w.first, from)
	w.mu.Unlock()
	return w.Memory.Read(ctx, stream, from, dir, limit)
}

// TestRowSnapshots: the past state of a product with many events is folded from the last snapshot before it,
// in memory or on disk, and equals the fold of all events.
func TestRowSnapshots(t *testing.T) {
	log := &watchedLog{Memory: logtest.NewMemory()}
	const sales = 3*rowSnapshotEvery + 7
	facts := []events.Fact{&events.ProductCreated{ProductID: "a", DisplayName: "A", Stock: sales}}
	for n := int64(1); n <= sales; n++ {
		facts = append(facts, &events.ProductReserved{ReservationID: "r", Holder: "ada", Quantity: 1, Remaining: sales - n})
	}
	fs := vfs.NewMem()
	p := openViews(t, log, fs)
	head := log.Add(product("a"), facts...)
	if err := p.apply(log.Recorded); err != nil {
		t.Fatal(err)
	}
	check := func(p *Projections) {
		t.Helper()
		for at := events.Position(1); at <= head; at += 73 {
			want, err := row.ProductAt(t.Context(), log, "a", at)
			if err != nil {
				t.Fatal(err)
			}
			log.forget()
			got, err := p.ProductAt(t.Context(), "a", at)
			if err != nil || got == nil || *got != *want {
				t.Fatalf("at %d: %+v, %v; want %+v", at, got, err, want)
			}
			first := log.forget()
			if since := want.Revision - first; since >= rowSnapshotEvery {
				t.Errorf("at %d: read from revision %d, %d before the state; want less than %d", at, first, since,
					rowSnapshotEvery)
			}
		}
		if none, err := p.ProductAt(t.Context(), "b", head); err != nil || none != nil {
			t.Errorf("ProductAt(b) = %+v, %v; want none", none, err)
		}
	}
	check(p)
	if err := p.Close(); err != nil {
		t.Fatal(err)
	}
	check(openViews(t, log, fs))
}
