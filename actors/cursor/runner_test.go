package cursor

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"admitone/events"
)

var errNo = errors.New("no")

// pass advances the time and waits for what becomes due.
func pass(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

// TestSchedule: an event that always fails is retried after the delays of the schedule, then
// hourly, and ends the work after three days; other streams continue meanwhile.
func TestSchedule(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newHarness(t, func(e *events.Recorded, _ int) error {
			if e.Stream == "bad" {
				return errNo
			}
			return nil
		})
		begun := time.Now()
		w.append("bad", "good", "bad")
		stop := w.runner("a", func(c *Config) { c.Alone, c.GiveUpAfter = true, 72*time.Hour })
		pass(time.Hour)
		w.append("good")
		pass(72 * time.Hour)
		stop()
		var at []time.Duration
		good := 0
		for _, c := range w.calls {
			switch c.position {
			case 1:
				at = append(at, c.at.Sub(begun))
			case 3:
				t.Error("a later event of the failed event's stream was done")
			default:
				good++
			}
		}
		want := []time.Duration{0, time.Second, 6 * time.Second, 16 * time.Second, 76 * time.Second, 676 * time.Second}
		for next := want[5] + time.Hour; len(want) < len(at); next += time.Hour {
			want = append(want, next)
		}
		for i := range at {
			if at[i] != want[i] {
				t.Errorf("attempt %d after %v, want %v", i+1, at[i], want[i])
			}
		}
		if last := at[len(at)-1]; last < 72*time.Hour || last > 73*time.Hour || !errors.Is(w.entity.ended, ErrFailing) {
			t.Errorf("the work ended after %v with %v, want ErrFailing after three days", last, w.entity.ended)
		}
		if c := w.entity.cursor; c.Reached != 0 || c.Failing != 1 || c.Failures != int64(len(at)) || !c.Since.Equal(begun) ||
			c.Error != "no" || good != 2 {
			t.Errorf("cursor = %+v, %d other events done; want the failed event, 2 done", c, good)
		}
		w.checkPace(w.writes)
	})
}

// TestEnd: after a final failure nothing is retried, and nothing is skipped.
func TestEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newHarness(t, func(e *events.Recorded, _ int) error {
			if e.Position == 2 {
				return &End{errNo}
			}
			return nil
		})
		w.append("a")
		stop := w.runner("a", withoutOthers)
		pass(5 * time.Second)
		w.append("b", "a")
		pass(time.Hour)
		stop()
		if c := w.entity.cursor; !errors.Is(w.entity.ended, errNo) || c.Reached != 1 || c.Failing != 2 || len(w.calls) > 3 {
			t.Errorf("the work ended with %v at %+v after %v; want it at the failed event", w.entity.ended, c, w.calls)
		}
	})
}

// TestRestart: a runner that starts retries failed events at once, and continues to count.
func TestRestart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newHarness(t, func(*events.Recorded, int) error { return errNo })
		begun := time.Now()
		w.append("a")
		stop := w.runner("a", withoutOthers)
		time.Sleep(time.Minute) // four attempts; the next is 60 s after the fourth
		stop()
		if c := w.entity.cursor; c.Failures != 4 || !c.NextAt.Equal(begun.Add(76*time.Second)) {
			t.Errorf("cursor = %+v, want the expected progress and failures", c)
		}
		again := time.Now()
		stop = w.runner("a", withoutOthers)
		pass(59 * time.Second)
		stop()
		c := w.entity.cursor
		if len(w.calls) != 5 || !w.calls[4].at.Equal(again) || c.Failures != 5 || !c.Since.Equal(begun) {
			t.Errorf("after the restart: calls %v, cursor %+v; want a retry at once, five failures", w.calls, c)
		}
	})
}

// TestAhead: a stuck event delays only events that are too far ahead.
func TestAhead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var ok atomic.Bool
		w := newHarness(t, func(e *events.Recorded, _ int) error {
			if e.Position == 1 && !ok.Load() {
				return errNo
			}
			return nil
		})
		w.append("bad")
		for range 500 {
			w.append("good", "quiet")
		}
		stop := w.runner("a", func(c *Config) { c.Alone, c.Ahead = true, 300 })
		pass(30 * time.Second)
		if n := len(w.doneOnce()); n != 299 {
			t.Errorf("%d events were done ahead of a stuck one, want 299", n)
		}
		ok.Store(true)
		pass(2 * time.Minute)
		stop()
		w.checkOrder()
		if c := w.entity.cursor; c.Reached < 1000 || c.Failing != 0 {
			t.Errorf("cursor = %+v, want the expected progress and failures", c)
		}
	})
}

// TestForgets: a stuck event does not delay other streams, however long it is stuck, and completed events
// are not kept in memory. If as many are stuck as may be ahead, everything waits.
func TestForgets(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var ok atomic.Bool
		w := newHarness(t, func(e *events.Recorded, _ int) error {
			if e.Stream != "good" && !ok.Load() {
				return errNo
			}
			return nil
		})
		w.append("bad")
		for range 500 {
			w.append("good")
		}
		stop := w.runner("a", func(c *Config) { c.Alone, c.Ahead, c.Forgets = true, 30, true })
		pass(30 * time.Second)
		if n := len(w.doneOnce()); n != 500 {
			t.Errorf("%d events were done ahead of a stuck one, want 500", n)
		}
		stuck := func(from, to int) {
			for i := from; i < to; i++ {
				w.append(events.StreamID(fmt.Sprint("bad", i)))
			}
			pass(30 * time.Second)
		}
		stuck(1, 20) // more than half of the window
		for range 100 {
			w.append("good")
		}
		pass(30 * time.Second)
		if n := len(w.doneOnce()); n != 600 {
			t.Errorf("%d events were done ahead of 20 stuck ones, want 600", n)
		}
		stuck(20, 30)
		w.append("good")
		pass(30 * time.Second)
		if n := len(w.doneOnce()); n != 600 {
			t.Errorf("%d events were done ahead of 30 stuck ones, want 600", n)
		}
		if c := w.entity.cursor; c.Reached != 0 || c.Failing != 1 {
			t.Errorf("cursor = %+v, want Reached 0, Failing 1", c)
		}
		ok.Store(true)
		pass(15 * time.Minute)
		stop()
		w.checkOrder()
		if c := w.entity.cursor; c.Reached != 631 || c.Failing != 0 {
			t.Errorf("cursor = %+v, want Reached 631, Failing 0", c)
		}
	})
}

// TestCrashes: whatever fails, however long it takes, and whenever a server dies, each event is
// done, in order per stream, no more than 16 at once, and the cursor never passes one that is not.
func TestCrashes(t *testing.T) {
	for seed := range uint64(20) {
		synctest.Test(t, func(t *testing.T) {
			random := rand.New(rand.NewPCG(seed, 1))
			next := func(n int) int { return int(seed*2654435761+uint64(n)*40503) % 97 }
			w := newHarness(t, func(e *events.Recorded, attempt int) error {
				roll := next(int(e.Position)*7 + attempt)
				time.Sleep(time.Duration(roll) * 20 * time.Millisecond)
				if roll%2 == 0 && attempt < 4 {
					return errNo
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
				stop := w.runner("a", withoutOthers)
				pass(time.Duration(random.IntN(8000)) * time.Millisecond)
				w.mu.Lock()
				w.gone = true // its last record is lost
				w.mu.Unlock()
				stop()
				w.gone = false
			}
			stop := w.runner("a", withoutOthers)
			pass(10 * time.Minute)
			stop()
			w.checkOrder()
			if w.maxRunning > 16 {
				t.Errorf("%d events in progress at once, want at most 16", w.maxRunning)
			}
			if c := w.entity.cursor; c.Reached != events.Position(len(w.log)) && w.log[len(w.log)-1].Stream != "quiet" {
				t.Errorf("seed %d: cursor = %+v, want it at the end of the log, %d", seed, c, len(w.log))
			}
		})
	}
}

// terms returns the servers that took the cursor, in order.
func (w *harness) terms() (nodes []string) {
	for _, write := range w.writes {
		if taken, ok := write.fact.(*events.CursorTaken); ok {
			nodes = append(nodes, taken.Node)
		}
	}
	return nodes
}

// TestOneOfTwoWorks: one of two servers does the work, and the other takes over ten seconds after
// the first has stopped, if something waits. If nothing waits, nothing is written.
func TestOneOfTwoWorks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newHarness(t, func(*events.Recorded, int) error { return nil })
		stopA := w.runner("a", nil)
		pass(time.Second)
		stopB := w.runner("b", nil)
		pass(time.Hour)
		w.append("quiet")
		pass(time.Hour)
		if len(w.writes) != 0 {
			t.Fatalf("writes without work = %v, want none", w.writes)
		}
		for range 100 {
			w.append("x", "y", "quiet")
			pass(700 * time.Millisecond)
		}
		pass(time.Hour)
		if len(w.calls) != 200 || len(w.terms()) != 1 {
			t.Errorf("%d calls for 200 events, terms of %v; want 200 calls, one term", len(w.calls), w.terms())
		}
		w.checkPace(w.writes)
		first, stop, others := w.terms()[0], stopA, stopB
		if first == "b" {
			stop, others = stopB, stopA
		}
		stop()
		pass(time.Hour)
		if len(w.terms()) != 1 {
			t.Error("taken over although no event waits")
		}
		w.append("x")
		late := time.Now()
		pass(time.Minute)
		last := w.calls[len(w.calls)-1]
		if waited := last.at.Sub(late); len(w.terms()) != 2 || waited < 10*time.Second || waited > 12*time.Second {
			t.Errorf("terms of %v, takeover after %v; want two terms, 10 to 12 s", w.terms(), waited)
		}
		others()
		w.checkOrder()
	})
}

// TestSlowIsNotGone: a server whose work takes as long as allowed, or waits for an hour, keeps the
// cursor.
func TestSlowIsNotGone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newHarness(t, func(*events.Recorded, int) error {
			time.Sleep(10 * time.Second)
			return errNo
		})
		w.append("x")
		stopA := w.runner("a", nil)
		stopB := w.runner("b", nil)
		pass(24 * time.Hour)
		if n := len(w.terms()); n != 1 || len(w.calls) < 24 || len(w.calls) > 30 {
			t.Errorf("%d terms, %d attempts in a day; want 1, 24 to 30", n, len(w.calls))
		}
		w.checkPace(w.writes)
		stopA()
		stopB()
	})
}

// TestTwoAtOnce: two servers that both believe they do the work lose nothing, and only one of them
// writes.
func TestTwoAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newHarness(t, func(*events.Recorded, int) error { return nil })
		w.several = true
		stopA := w.runner("a", withoutOthers)
		for range 20 {
			w.append("x", "y")
			pass(time.Second)
		}
		stopB := w.runner("b", withoutOthers)
		for range 20 {
			w.append("x", "y")
			pass(time.Second)
		}
		stopA()
		stopB()
		w.checkOrder()
	})
}

// TestQuiet: a long part of the log without work is recorded once, so that a restart does not read
// all of it again.
func TestQuiet(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newHarness(t, func(*events.Recorded, int) error { return nil })
		many := make([]events.Recorded, quiet+500)
		for i := range many {
			many[i] = events.Recorded{Stream: "quiet", Revision: events.Revision(i), Position: events.Position(i + 1)}
		}
		w.log = many
		stop := w.runner("a", withoutOthers)
		pass(time.Minute)
		stop()
		if len(w.writes) != 2 || w.entity.cursor.Reached <= quiet {
			t.Errorf("%d writes, cursor %+v; want 2, beyond the quiet part", len(w.writes), w.entity.cursor)
		}
	})
}
