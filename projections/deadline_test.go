package projections

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"admitone/events"
	"admitone/projections/logtest"
)

// deadlineHarness has the entities that a deadline index wakes, in synctest's time.
type deadlineHarness struct {
	mu                  sync.Mutex
	index               *deadlines
	holds               map[events.StreamID][]time.Time
	limit               int  // expired holds per wake, 0 for no limit
	silent              bool // the facts that close holds don't arrive
	fail                int  // number of wakes to fail
	wakes               []string
	began               time.Time
	running, maxRunning int           // wakes running now, and their maximum
	slow                time.Duration // duration of a wake
}

func (h *deadlineHarness) hold(stream events.StreamID, until time.Time) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.holds[stream] = append(h.holds[stream], until)
	h.fold(stream, &events.ProductHeld{ExpiresAt: until})
}

// confirm closes the oldest hold.
func (h *deadlineHarness) confirm(stream events.StreamID) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.holds[stream] = h.holds[stream][1:]
	h.fold(stream, &events.ProductConfirmed{})
}

func (h *deadlineHarness) fold(stream events.StreamID, fact events.Deadlined) {
	if err := h.index.fold(&events.Recorded{Stream: stream}, fact); err != nil {
		panic(err)
	}
}

// wake handles due deadlines, like an entity.
func (h *deadlineHarness) wake(_ context.Context, stream events.StreamID) (time.Time, error) {
	h.mu.Lock()
	h.running++
	h.maxRunning = max(h.maxRunning, h.running)
	h.mu.Unlock()
	time.Sleep(h.slow)
	h.mu.Lock()
	defer h.mu.Unlock()
	h.running--
	h.wakes = append(h.wakes, fmt.Sprint(stream, " ", time.Since(h.began).Round(time.Millisecond)))
	if h.fail > 0 {
		h.fail--
		return time.Time{}, errors.New("the test fails this wake")
	}
	var left []time.Time
	expired := 0
	for _, until := range h.holds[stream] {
		if time.Now().After(until) && (h.limit == 0 || expired < h.limit) {
			expired++
		} else {
			left = append(left, until)
		}
	}
	h.holds[stream] = left
	if expired > 0 && !h.silent {
		h.fold(stream, &events.ProductExpired{Expired: make([]events.ExpiredHold, expired)})
	}
	if len(left) == 0 {
		return time.Time{}, nil
	}
	return slices.MinFunc(left, time.Time.Compare), nil
}

// withIndex runs f with a deadline index and returns the wakes.
func withIndex(t *testing.T, f func(h *deadlineHarness)) (wakes []string) {
	return withLateIndex(t, nil, f)
}

// withLateIndex is withIndex for a server that first lets others act.
func withLateIndex(t *testing.T, late lateness, f func(h *deadlineHarness)) (wakes []string) {
	synctest.Test(t, func(t *testing.T) {
		h := &deadlineHarness{index: newDeadlines(late), holds: map[events.StreamID][]time.Time{}, began: time.Now()}
		ctx, stop := context.WithCancel(t.Context())
		done := make(chan error)
		go func() { done <- h.index.run(ctx, h.wake) }()
		f(h)
		synctest.Wait()
		stop()
		if err := <-done; !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
		if h.maxRunning > maxWakes {
			t.Errorf("%d concurrent wakes, want at most %d", h.maxRunning, maxWakes)
		}
		wakes = h.wakes
	})
	return wakes
}

// in returns the time after a duration.
func in(d time.Duration) time.Time { return time.Now().Add(d) }

// deadlineScenarios are sequences of facts, with the expected wakes.
var deadlineScenarios = map[string]struct {
	play func(h *deadlineHarness)
	want []string
}{
	"one hold": {func(h *deadlineHarness) {
		h.hold("x", in(time.Second))
		time.Sleep(time.Hour)
	}, []string{"x 1s"}},
	"not woken at the deadline itself": {func(h *deadlineHarness) {
		h.hold("x", in(time.Second))
		time.Sleep(time.Second)
	}, nil},
	"two holds in order of their deadlines": {func(h *deadlineHarness) {
		h.hold("x", in(3*time.Second))
		h.hold("x", in(time.Second))
		time.Sleep(time.Hour)
	}, []string{"x 1s", "x 3s"}},
	"an earlier deadline is added later": {func(h *deadlineHarness) {
		h.hold("x", in(time.Hour))
		time.Sleep(time.Second)
		h.hold("y", in(time.Second))
		time.Sleep(time.Minute)
	}, []string{"y 2s"}},
	"deadline in the past": {func(h *deadlineHarness) {
		h.hold("x", in(-time.Hour))
		time.Sleep(time.Minute)
	}, []string{"x 0s"}},
	"closed before its deadline": {func(h *deadlineHarness) {
		h.hold("x", in(time.Second))
		h.confirm("x")
		time.Sleep(time.Hour)
	}, nil},
	"closed before another is opened": {func(h *deadlineHarness) {
		h.hold("x", in(time.Second))
		h.confirm("x")
		h.hold("x", in(time.Minute))
		time.Sleep(time.Hour)
	}, []string{"x 1m0s"}},
	"bound earlier than the remaining hold": {func(h *deadlineHarness) {
		h.hold("x", in(time.Second))
		h.hold("x", in(time.Minute))
		h.confirm("x")
		time.Sleep(time.Hour)
	}, []string{"x 1s", "x 1m0s"}},
	"two holds per wake": {func(h *deadlineHarness) {
		h.limit = 2
		for range 5 {
			h.hold("x", in(time.Second))
		}
		time.Sleep(time.Hour)
	}, []string{"x 1s", "x 1.01s", "x 1.02s"}},
	"failed wakes": {func(h *deadlineHarness) {
		h.fail = 3
		h.hold("x", in(time.Second))
		time.Sleep(time.Hour)
	}, []string{"x 1s", "x 1.1s", "x 1.3s", "x 1.7s"}},
	"hold made during a wake": {func(h *deadlineHarness) {
		h.slow = 100 * time.Millisecond
		h.hold("x", in(time.Second))
		h.hold("x", in(time.Hour))
		time.Sleep(1050 * time.Millisecond)
		h.fold("x", &events.ProductHeld{ExpiresAt: in(950 * time.Millisecond)})
		time.Sleep(time.Minute)
	}, []string{"x 1.1s", "x 2.1s"}},
	"no deadline reported, but holds counted": {func(h *deadlineHarness) {
		h.silent = true
		h.hold("x", in(time.Second))
		time.Sleep(2 * time.Minute)
	}, []string{"x 1s", "x 1m1s"}},
}

func TestDeadlines(t *testing.T) {
	for name, c := range deadlineScenarios {
		t.Run(name, func(t *testing.T) {
			if got := withIndex(t, c.play); !slices.Equal(got, c.want) {
				t.Errorf("woken %v, want %v", got, c.want)
			}
		})
	}
}

// TestDeadlinesOfASharedLog: a server wakes a stream at a random time after its deadline, unless another server
// has woken it.
func TestDeadlinesOfASharedLog(t *testing.T) {
	draws := func(all ...time.Duration) lateness {
		return func(events.StreamID) time.Duration {
			next := all[0]
			all = append(all[1:], next)
			return next
		}
	}
	const ms = time.Millisecond
	// expired folds the fact that another server has appended.
	expired := func(h *deadlineHarness, stream events.StreamID) {
		h.mu.Lock()
		defer h.mu.Unlock()
		h.holds[stream] = h.holds[stream][1:]
		h.fold(stream, &events.ProductExpired{Expired: make([]events.ExpiredHold, 1)})
	}
	for name, c := range map[string]struct {
		late lateness
		play func(h *deadlineHarness)
		want []string
	}{
		"woken after the delay": {draws(300 * ms), func(h *deadlineHarness) {
			h.hold("x", in(time.Second))
			time.Sleep(time.Hour)
		}, []string{"x 1.3s"}},
		"expired by another server": {draws(300 * ms), func(h *deadlineHarness) {
			h.hold("x", in(time.Second))
			time.Sleep(1200 * ms)
			expired(h, "x")
			time.Sleep(time.Hour)
		}, nil},
		"one of two expired by another server": {draws(300*ms, 500*ms), func(h *deadlineHarness) {
			h.hold("x", in(time.Second))
			h.hold("x", in(time.Hour))
			time.Sleep(1200 * ms)
			expired(h, "x")
			time.Sleep(2 * time.Hour)
		}, []string{"x 1.7s", "x 1h0m0.3s"}},
		"one delay per deadline": {draws(900*ms, 0), func(h *deadlineHarness) {
			h.hold("x", in(time.Second))
			for range 50 {
				h.hold("x", in(time.Second))
			}
			time.Sleep(time.Minute)
		}, []string{"x 1.9s"}},
		"separate delays of two streams": {draws(100*ms, 200*ms), func(h *deadlineHarness) {
			h.hold("x", in(time.Second))
			h.hold("y", in(time.Second))
			time.Sleep(time.Minute)
		}, []string{"x 1.1s", "y 1.2s"}},
	} {
		t.Run(name, func(t *testing.T) {
			if got := withLateIndex(t, c.late, c.play); !slices.Equal(got, c.want) {
				t.Errorf("woken %v, want %v", got, c.want)
			}
		})
	}
	if newLateness(false, nil).draw("x") != 0 {
		t.Error("the only server of a log delays a wake, want no delay")
	}
	least, highest := maxLateness, time.Duration(0)
	for range 1000 {
		late := newLateness(true, nil).draw("x")
		least, highest = min(least, late), max(highest, late)
	}
	ranked := newLateness(true, func(stream events.StreamID) (int, bool) { return len(stream), true })
	if ranked.draw("") != 0 || ranked.draw("xx") != 2*latenessPerRank {
		t.Errorf("the first node waits %v, the third %v; want 0 and %v", ranked.draw(""), ranked.draw("xx"), 2*latenessPerRank)
	}
	if least < 0 || least > maxLateness/10 || highest >= maxLateness || highest < maxLateness*9/10 {
		t.Errorf("delays from %v to %v, want about 0 to %v", least, highest, maxLateness)
	}
}

func TestManyDeadlinesAtOnce(t *testing.T) {
	wakes := withIndex(t, func(h *deadlineHarness) {
		h.slow = time.Second
		for i := range 1000 {
			h.hold(events.StreamID(fmt.Sprint("x-", i)), time.Now().Add(time.Second))
		}
		time.Sleep(time.Minute)
	})
	slices.Sort(wakes)
	if len(slices.Compact(wakes)) != 1000 {
		t.Errorf("%d wakes, want one for each of 1000", len(wakes))
	}
}

// TestDeadlinesAfterARestart: streams whose deadlines passed while the program was down are woken at its start.
func TestDeadlinesAfterARestart(t *testing.T) {
	for _, end := range []string{"closed", "crashed", "deleted"} {
		t.Run(end, func(t *testing.T) {
			log, fs := logtest.NewMemory(), vfs.NewCrashableMem()
			past := time.Now().Add(-time.Hour)
			for _, id := range []events.ProductID{"a", "b", "c"} {
				log.Add(product(id),
					&events.ProductCreated{ProductID: id, Stock: 3},
					&events.ProductHeld{ReservationID: "r", Quantity: 1, ExpiresAt: past, Remaining: 2})
			}
			last := log.Add(product("b"), &events.ProductConfirmed{ReservationID: "r", Quantity: 1, Remaining: 2})
			p := openViews(t, log, fs)
			stop := runViews(t, p)
			waitFor(t, p, last)
			stop()
			switch end {
			case "crashed":
				fs = fs.CrashClone(vfs.CrashCloneCfg{})
			case "deleted":
				p.Close()
				if err := fs.RemoveAll("views"); err != nil {
					t.Fatal(err)
				}
			}
			p.Close()

			p = openViews(t, log, fs)
			runViews(t, p)
			woken := make(chan events.StreamID)
			ctx, cancel := context.WithCancel(t.Context())
			done := make(chan error)
			go func() {
				done <- p.RunDeadlines(ctx, func(ctx context.Context, stream events.StreamID) (time.Time, error) {
					select {
					case woken <- stream:
					case <-ctx.Done():
					}
					return time.Now().Add(time.Hour), nil
				})
			}()
			got := []events.StreamID{<-woken, <-woken}
			slices.Sort(got)
			if !slices.Equal(got, []events.StreamID{"product-a", "product-c"}) {
				t.Errorf("woken %v, want product-a and product-c", got)
			}
			if n := p.Stats().Deadlines; n != 2 {
				t.Errorf("%d streams with open holds, want 2", n)
			}
			cancel()
			if err := <-done; !errors.Is(err, context.Canceled) {
				t.Error(err)
			}
		})
	}
}

// TestSaleTimesAreDeadlines: opening and closing times after the decision of their fact are deadlines of the
// stream; a stream without any has no entry.
func TestSaleTimesAreDeadlines(t *testing.T) {
	const stream = "product-a"
	start := time.Unix(1_800_000_000, 0).UTC()
	at := func(seconds int) time.Time {
		if seconds == 0 {
			return time.Time{}
		}
		return start.Add(time.Duration(seconds) * time.Second)
	}
	index := newDeadlines(nil)
	fold := func(seconds int, fact events.Scheduled) {
		e := events.Recorded{Event: events.Event{Type: fact.Name()}, Stream: stream}
		e.Metadata, _ = events.Seal(nil, events.Hash{}, stream, 0, &e.Event, &events.Metadata{At: at(seconds)})
		if err := index.foldSale(&e, fact); err != nil {
			t.Fatal(err)
		}
	}
	times := func(opens, closes int) events.SaleTimes {
		return events.SaleTimes{OpensAt: at(opens), ClosesAt: at(closes)}
	}
	for i, step := range []struct {
		decided int
		fact    events.Scheduled
		due     int // of the stream, 0 for none
	}{
		{1, &events.ProductCreated{}, 0},
		{1, &events.ProductEdited{SaleTimes: times(1, 0)}, 0}, // recorded in the same append
		{1, &events.ProductOpened{OpensAt: at(1)}, 0},
		{2, &events.ProductEdited{SaleTimes: times(5, 9)}, 5},
		{3, &events.ProductEdited{SaleTimes: times(5, 9)}, 5},
		{5, &events.ProductOpened{OpensAt: at(5)}, 9},
		{6, &events.ProductEdited{SaleTimes: times(5, 9)}, 9},
		{7, &events.ProductEdited{SaleTimes: times(8, 9)}, 8},
		{7, &events.ProductEdited{SaleTimes: times(0, 0)}, 0},
		{7, &events.ProductEdited{SaleTimes: times(0, 9)}, 9},
		{9, &events.ProductClosed{ClosesAt: at(9)}, 0},
		{9, &events.ProductEdited{SaleTimes: events.SaleTimes{ClosesAt: time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC)}}, -1},
	} {
		fold(step.decided, step.fact)
		entry := index.streams[stream]
		switch {
		case step.due == 0 && entry != nil:
			t.Errorf("step %d: %+v is due, want none", i, entry.saleTimes)
		case step.due > 0 && (entry == nil || entry.bound() != at(step.due).UnixNano()-1):
			t.Errorf("step %d: %+v, want %d s", i, entry, step.due)
		case step.due < 0 && (entry == nil || entry.bound() != never || entry.index >= 0):
			t.Errorf("step %d: %+v, want one that is never due", i, entry)
		}
	}
}
