package bookings

import (
	"context"
	"fmt"
	"slices"
	"sync/atomic"
	"testing"

	"admitone/events"
	"admitone/events/storetest/stores"
)

// TestFaultyAppends makes each append in turn fail, with and without being persisted. The caller must not
// notice.
func TestFaultyAppends(t *testing.T) {
	for _, crash := range crashes {
		for _, persisted := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, persisted %t", crash.name, persisted), func(t *testing.T) {
				crash.withFaultyAppends(newMemoryHarness(t, 3, 3, 3), persisted)
			})
		}
	}
}

// TestFaultyAppendsOnEachStore is TestFaultyAppends on a log of each kind: with one command, or with all in long
// tests.
func TestFaultyAppendsOnEachStore(t *testing.T) {
	for _, kind := range stores.Kinds() {
		for _, crash := range crashes {
			if stores.Long() || crash.name == "paying" {
				t.Run(kind.Name+", "+crash.name, func(t *testing.T) {
					crash.withFaultyAppends(newStoreHarness(t, kind, 3, 3, 3), true)
				})
			}
		}
	}
}

// withFaultyAppends makes each append in turn fail, on one log.
func (c *crash) withFaultyAppends(w *harness, persisted bool) {
	w.Helper()
	f := &faulty{Store: w.store, persisted: persisted}
	w.store = f
	w.restart()
	for step, hit := int64(1), true; hit; step++ {
		w.createPerformance(fmt.Sprintf("gala-%d", step), 3, 3, 3)
		id := c.prepare(w)
		f.countdown.Store(step)
		err := c.act(w, id)
		hit = f.countdown.Swap(0) <= 0
		if !slices.Contains(c.retry, code(err)) {
			w.Fatalf("append %d fails: got %v from the request, want one of %v", step, err, c.retry)
		}
		w.check(3)
		w.checkEnd(int(step), id, nil, true)
	}
}

// faulty is a store on which one append has an unknown outcome.
type faulty struct {
	events.Store
	countdown atomic.Int64 // the append that makes it 0 fails; 0 or less: none does
	persisted bool
}

// Append implements events.Store.
func (f *faulty) Append(
	ctx context.Context,
	stream events.StreamID,
	expected events.Revision,
	batch []events.Event,
) (events.Appended, error) {
	if f.countdown.Load() == 0 || f.countdown.Add(-1) != 0 {
		return f.Store.Append(ctx, stream, expected, batch)
	}
	if f.persisted {
		if _, err := f.Store.Append(ctx, stream, expected, batch); err != nil {
			return events.Appended{}, err
		}
	}
	return events.Appended{}, fmt.Errorf("%w: injected", events.ErrUnknown)
}

// checkRecovered expires what is due, resumes unfinished commands, and checks that no booking is unfinished.
func (w *harness) checkRecovered(step int) {
	w.Helper()
	w.expireDue()
	w.resume()
	for id, b := range w.check(3).bookings {
		if s := b.State(); s.Status == events.BookingIsPaying || s.Refunding || len(s.Returning()) > 0 {
			w.Fatalf("step %d: booking %s: got status %s, refunding %t; want nothing unfinished", step, id, s.Status, s.Refunding)
		}
	}
}

// checkEnd waits for all deadlines, and checks that nothing is held and, without a retry, the final status of the
// booking.
func (w *harness) checkEnd(step int, id events.BookingID, ends []events.BookingStatus, again bool) {
	w.Helper()
	w.clock.move(121*s + 2*30*s)
	w.expireDue()
	w.resume()
	h := w.checkSettled(3)
	var end events.BookingStatus
	for other, b := range h.bookings {
		if s := b.State(); s.PerformanceID == w.gala && s.Holder == w.ann() && (id == "" || id == other) {
			end = s.Status
		}
	}
	if !again && !slices.Contains(ends, end) {
		w.Fatalf("step %d: got final status %q, want one of %q", step, end, ends)
	}
}
