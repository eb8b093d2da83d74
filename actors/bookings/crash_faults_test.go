package bookings

import (
	"context"
	"fmt"
	"slices"
	"sync/atomic"
	"testing"

	"admitone/events"
)

// TestFaultyAppends: every append in turn fails, lost or in the log after all, and
// the process goes on. Nobody hears of it.
func TestFaultyAppends(t *testing.T) {
	for _, crash := range crashes {
		for _, persisted := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, persisted %t", crash.name, persisted), func(t *testing.T) {
				w := beginInMemory(t, 3, 3, 3)
				f := &faulty{Store: w.store, persisted: persisted}
				w.store = f
				w.restart()
				for step, hit := int64(1), true; hit; step++ {
					w.perform(fmt.Sprintf("gala-%d", step), 3, 3, 3)
					id := crash.prepare(w)
					f.in.Store(step)
					err := crash.act(w, id)
					hit = f.in.Swap(0) <= 0
					if !slices.Contains(crash.again, code(err)) {
						t.Fatalf("append %d fails, and so does the request: %v, want %v", step, err, crash.again)
					}
					w.check(3)
					w.over(int(step), id, nil, true)
				}
			})
		}
	}
}

// faulty is a store of which one append fails with an unknown outcome.
type faulty struct {
	events.Store
	in        atomic.Int64 // so many appends later; 0 or less: none
	persisted bool
}

func (f *faulty) Append(
	ctx context.Context,
	stream events.StreamID,
	expected events.Revision,
	batch []events.Event,
) (events.Appended, error) {
	if f.in.Load() == 0 || f.in.Add(-1) != 0 {
		return f.Store.Append(ctx, stream, expected, batch)
	}
	if f.persisted {
		if _, err := f.Store.Append(ctx, stream, expected, batch); err != nil {
			return events.Appended{}, err
		}
	}
	return events.Appended{}, fmt.Errorf("%w: this one", events.ErrUnknown)
}
