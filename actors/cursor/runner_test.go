package cursor

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"admitone/events"
)

var errTest = errors.New("no")

// advance advances the bubble's clock and waits until its goroutines are idle.
func advance(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

// TestSchedule: an event that always fails is retried after the delays of the schedule, then
// hourly, and ends the work after three days; other streams continue meanwhile.
func TestSchedule(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newHarness(t, func(e *events.Recorded, _ int) error {
			if e.Stream == "bad" {
				return errTest
			}
			return nil
		})
		start := time.Now()
		w.append("bad", "good", "bad")
		stop := w.startRunner("a", func(c *Config) { c.Alone, c.GiveUpAfter = true, 72*time.Hour })
		advance(time.Hour)
		w.append("good")
		advance(72 * time.Hour)
		stop()
		var attempts []time.Duration
		good := 0
		for _, c := range w.calls {
			switch c.position {
			case 1:
				attempts = append(attempts, c.at.Sub(start))
			case 3:
				t.Error("a later event of the failed event's stream was done")
			default:
				good++
			}
		}
		want := []time.Duration{0, time.Second, 6 * time.Second, 16 * time.Second, 76 * time.Second, 676 * time.Second}
		for next := want[5] + time.Hour; len(want) < len(attempts); next += time.Hour {
			want = append(want, next)
		}
		if !slices.Equal(attempts, want) {
			t.Errorf("attempts after %v, want %v", attempts, want)
		}
		last := attempts[len(attempts)-1]
		if last < 72*time.Hour || last > 73*time.Hour || !errors.Is(w.entity.ended, ErrGaveUp) {
			t.Errorf("the work ended after %v with %v, want ErrFailing after three days", last, w.entity.ended)
		}
		c := w.entity.cursor
		if c.Reached != 0 || c.Failing != 1 || c.Failures != int64(len(attempts)) || !c.Since.Equal(start) ||
			c.Error != "no" || good != 2 {
			t.Errorf("cursor = %+v, want position 0, failing 1 with %d failures; %d other events done, want 2",
				c, len(attempts), good)
		}
		w.checkPace(w.writes)
	})
}

// TestEnd: after a final failure nothing is retried, and nothing is skipped.
func TestEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newHarness(t, func(e *events.Recorded, _ int) error {
			if e.Position == 2 {
				return &FinalError{errTest}
			}
			return nil
		})
		w.append("a")
		stop := w.startRunner("a", alone)
		advance(5 * time.Second)
		w.append("b", "a")
		advance(time.Hour)
		stop()
		c := w.entity.cursor
		if !errors.Is(w.entity.ended, errTest) || c.Reached != 1 || c.Failing != 2 || len(w.calls) > 3 {
			t.Errorf("the work ended with %v, want %v; cursor = %+v, want position 1, failing 2; calls = %v, want at most 3",
				w.entity.ended, errTest, c, w.calls)
		}
	})
}

// TestRestart: a runner that starts retries failed events at once, and continues to count.
func TestRestart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newHarness(t, func(*events.Recorded, int) error { return errTest })
		start := time.Now()
		w.append("a")
		stop := w.startRunner("a", alone)
		time.Sleep(time.Minute) // four attempts; the next is 60 s after the fourth
		stop()
		next := start.Add(76 * time.Second)
		if c := w.entity.cursor; c.Failures != 4 || !c.NextAt.Equal(next) {
			t.Errorf("cursor = %+v, want 4 failures, the next attempt at %v", c, next)
		}
		restarted := time.Now()
		stop = w.startRunner("a", alone)
		advance(59 * time.Second)
		stop()
		c := w.entity.cursor
		if len(w.calls) != 5 || !w.calls[4].at.Equal(restarted) || c.Failures != 5 || !c.Since.Equal(start) {
			t.Errorf("calls = %v, want a fifth at %v; cursor = %+v, want 5 failures since %v", w.calls, restarted, c, start)
		}
	})
}

// TestMaxAhead: a stuck event delays other streams only from MaxAhead events after it.
func TestMaxAhead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var ok atomic.Bool
		w := newHarness(t, func(e *events.Recorded, _ int) error {
			if e.Position == 1 && !ok.Load() {
				return errTest
			}
			return nil
		})
		w.append("bad")
		for range 500 {
			w.append("good", "quiet")
		}
		stop := w.startRunner("a", func(c *Config) { c.Alone, c.MaxAhead = true, 300 })
		advance(30 * time.Second)
		if n := len(w.completed()); n != 299 {
			t.Errorf("%d events were done ahead of a stuck one, want 299", n)
		}
		ok.Store(true)
		advance(2 * time.Minute)
		stop()
		w.checkOrder()
		if c := w.entity.cursor; c.Reached < 1000 || c.Failing != 0 {
			t.Errorf("cursor = %+v, want at least position 1000, none failing", c)
		}
	})
}

// TestDropDone: a stuck event does not delay other streams, however long it is stuck, and completed events
// are not kept in memory. If MaxAhead events are stuck, everything waits.
func TestDropDone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var ok atomic.Bool
		w := newHarness(t, func(e *events.Recorded, _ int) error {
			if e.Stream != "good" && !ok.Load() {
				return errTest
			}
			return nil
		})
		w.append("bad")
		for range 500 {
			w.append("good")
		}
		stop := w.startRunner("a", func(c *Config) { c.Alone, c.MaxAhead, c.DropDone = true, 30, true })
		advance(30 * time.Second)
		if n := len(w.completed()); n != 500 {
			t.Errorf("%d events were done ahead of a stuck one, want 500", n)
		}
		addStuck := func(from, to int) {
			for i := from; i < to; i++ {
				w.append(events.StreamID(fmt.Sprint("bad", i)))
			}
			advance(30 * time.Second)
		}
		addStuck(1, 20) // more than half of the window
		for range 100 {
			w.append("good")
		}
		advance(30 * time.Second)
		if n := len(w.completed()); n != 600 {
			t.Errorf("%d events were done ahead of 20 stuck ones, want 600", n)
		}
		addStuck(20, 30)
		w.append("good")
		advance(30 * time.Second)
		if n := len(w.completed()); n != 600 {
			t.Errorf("%d events were done ahead of 30 stuck ones, want 600", n)
		}
		if c := w.entity.cursor; c.Reached != 0 || c.Failing != 1 {
			t.Errorf("cursor = %+v, want position 0, failing 1", c)
		}
		ok.Store(true)
		advance(15 * time.Minute)
		stop()
		w.checkOrder()
		if c := w.entity.cursor; c.Reached != 631 || c.Failing != 0 {
			t.Errorf("cursor = %+v, want position 631, none failing", c)
		}
	})
}

// TestCrashes: with random failures, delays and crashes, each event is done, in order per stream, at
// most 16 at the same time, and the cursor never passes one that is not done.
func TestCrashes(t *testing.T) {
	for seed := range uint64(20) {
		synctest.Test(t, func(t *testing.T) {
			random := rand.New(rand.NewPCG(seed, 1))
			hash := func(n int) int { return int(seed*2654435761+uint64(n)*40503) % 97 }
			w := newHarness(t, func(e *events.Recorded, attempt int) error {
				roll := hash(int(e.Position)*7 + attempt)
				time.Sleep(time.Duration(roll) * 20 * time.Millisecond)
				if roll%2 == 0 && attempt < 4 {
					return errTest
				}
				return nil
			})
			streams := []events.StreamID{"quiet"}
			for n := range 40 {
				streams = append(streams, events.StreamID(rune('A'+n)))
			}
			for range 5 {
				for range 60 {
					w.append(streams[random.IntN(len(streams))])
				}
				stop := w.startRunner("a", alone)
				advance(time.Duration(random.IntN(8000)) * time.Millisecond)
				w.mu.Lock()
				w.unavailable = true // the runner's last write is lost
				w.mu.Unlock()
				stop()
				w.unavailable = false
			}
			stop := w.startRunner("a", alone)
			advance(10 * time.Minute)
			stop()
			w.checkOrder()
			if w.maxRunning > 16 {
				t.Errorf("seed %d: %d events in progress at the same time, want at most 16", seed, w.maxRunning)
			}
			if c := w.entity.cursor; c.Reached != events.Position(len(w.log)) && w.log[len(w.log)-1].Stream != "quiet" {
				t.Errorf("seed %d: cursor = %+v, want it at position %d, the end of the log", seed, c, len(w.log))
			}
		})
	}
}

// takers returns the servers that took the cursor, in order.
func (w *harness) takers() (nodes []string) {
	for _, write := range w.writes {
		if taken, ok := write.fact.(*events.CursorTaken); ok {
			nodes = append(nodes, taken.Node)
		}
	}
	return nodes
}

// TestTakeover: one of two servers does the work, and the other takes over ten seconds after the
// first has stopped, if there is work. Without work nothing is written.
func TestTakeover(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newHarness(t, func(*events.Recorded, int) error { return nil })
		stopA := w.startRunner("a", nil)
		advance(time.Second)
		stopB := w.startRunner("b", nil)
		advance(time.Hour)
		w.append("quiet")
		advance(time.Hour)
		if len(w.writes) != 0 {
			t.Fatalf("writes without work = %v, want none", w.writes)
		}
		for range 100 {
			w.append("x", "y", "quiet")
			advance(700 * time.Millisecond)
		}
		advance(time.Hour)
		if len(w.calls) != 200 || len(w.takers()) != 1 {
			t.Errorf("%d calls, want 200; cursor taken by %v, want one server", len(w.calls), w.takers())
		}
		w.checkPace(w.writes)
		first, stop, stopOther := w.takers()[0], stopA, stopB
		if first == "b" {
			stop, stopOther = stopB, stopA
		}
		stop()
		advance(time.Hour)
		if len(w.takers()) != 1 {
			t.Errorf("without work, cursor taken by %v, want one server", w.takers())
		}
		w.append("x")
		appended := time.Now()
		advance(time.Minute)
		last := w.calls[len(w.calls)-1]
		if waited := last.at.Sub(appended); len(w.takers()) != 2 || waited < 10*time.Second || waited > 12*time.Second {
			t.Errorf("cursor taken by %v after %v, want two servers, 10 to 12 s", w.takers(), waited)
		}
		stopOther()
		w.checkOrder()
	})
}

// TestNoTakeoverFromASlowServer: a server whose attempts take as long as allowed, or whose next retry
// is an hour away, keeps the cursor.
func TestNoTakeoverFromASlowServer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newHarness(t, func(*events.Recorded, int) error {
			time.Sleep(10 * time.Second)
			return errTest
		})
		w.append("x")
		stopA := w.startRunner("a", nil)
		stopB := w.startRunner("b", nil)
		advance(24 * time.Hour)
		if n := len(w.takers()); n != 1 || len(w.calls) < 24 || len(w.calls) > 30 {
			t.Errorf("%d terms, %d attempts in a day; want 1, 24 to 30", n, len(w.calls))
		}
		w.checkPace(w.writes)
		stopA()
		stopB()
	})
}

// TestTwoServersWorking: two servers that both believe that they do the work lose nothing.
func TestTwoServersWorking(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newHarness(t, func(*events.Recorded, int) error { return nil })
		w.allowConcurrent = true
		stopA := w.startRunner("a", alone)
		for range 20 {
			w.append("x", "y")
			advance(time.Second)
		}
		stopB := w.startRunner("b", alone)
		for range 20 {
			w.append("x", "y")
			advance(time.Second)
		}
		stopA()
		stopB()
		w.checkOrder()
	})
}

// TestMaxUnrecorded: a long part of the log without work is recorded once, so that a restart does not
// read all of it again.
func TestMaxUnrecorded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newHarness(t, func(*events.Recorded, int) error { return nil })
		w.log = make([]events.Recorded, maxUnrecorded+500)
		for i := range w.log {
			w.log[i] = events.Recorded{Stream: "quiet", Revision: events.Revision(i), Position: events.Position(i + 1)}
		}
		stop := w.startRunner("a", alone)
		advance(time.Minute)
		stop()
		if len(w.writes) != 2 || w.entity.cursor.Reached <= maxUnrecorded {
			t.Errorf("%d writes, want 2; cursor = %+v, want it beyond %d", len(w.writes), w.entity.cursor, maxUnrecorded)
		}
	})
}
