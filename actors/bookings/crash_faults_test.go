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

// TestFaultyAppends: each append in turn fails, whether or not it is in the log, and the process
// continues. No caller notices.
func TestFaultyAppends(t *testing.T) {
	for _, crash := range crashes {
		for _, persisted := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, persisted %t", crash.name, persisted), func(t *testing.T) {
				crash.withFaultyAppends(beginInMemory(t, 3, 3, 3), persisted)
			})
		}
	}
}

// TestFaultyAppendsOnEachStore is TestFaultyAppends on a log of each kind, of one command, or of all
// if the long tests are wanted.
func TestFaultyAppendsOnEachStore(t *testing.T) {
	for _, kind := range stores.Kinds() {
		for _, crash := range crashes {
			if stores.Long() || crash.name == "paying" {
				t.Run(kind.Name+", "+crash.name, func(t *testing.T) {
					crash.withFaultyAppends(beginOf(t, kind, 3, 3, 3), true)
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
		w.perform(fmt.Sprintf("gala-%d", step), 3, 3, 3)
		id := c.prepare(w)
		f.in.Store(step)
		err := c.act(w, id)
		hit = f.in.Swap(0) <= 0
		if !slices.Contains(c.again, code(err)) {
			w.Fatalf("append %d fails, and so does the request: %v, want %v", step, err, c.again)
		}
		w.check(3)
		w.checkEnd(int(step), id, nil, true)
	}
}

// faulty is a store with one append whose outcome is unknown.
type faulty struct {
	events.Store
	in        atomic.Int64 // number of appends before it; 0 or less: no fault
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

// checkRecovered expires deadlines that have passed, resumes unfinished commands, and checks
// consistency; only seats without a booking may still be held.
func (w *harness) checkRecovered(step int) {
	w.Helper()
	w.wake()
	w.resume()
	for id, b := range w.check(3).bookings {
		if s := b.State(); s.Status == events.BookingIsPaying || s.Refunding || len(s.Returning()) > 0 {
			w.Fatalf("after step %d booking %s is %s, refunding %t; want nothing unfinished", step, id, s.Status, s.Refunding)
		}
	}
}

// checkEnd waits for all deadlines and the grace, and checks that nothing is held and how the booking
// has ended.
func (w *harness) checkEnd(step int, id events.BookingID, ends []events.BookingStatus, again bool) {
	w.Helper()
	w.clock.move(121*s + 2*30*s)
	w.wake()
	w.resume()
	h := w.checkSettled(3)
	var end events.BookingStatus
	for other, b := range h.bookings {
		if s := b.State(); s.PerformanceID == w.gala && s.Holder == w.ann() && (id == "" || id == other) {
			end = s.Status
		}
	}
	if !again && !slices.Contains(ends, end) {
		w.Fatalf("step %d ends %q, want one of %q", step, end, ends)
	}
}
