package cursor

import (
	"testing"
	"testing/synctest"
	"time"

	"admitone/actors/core"
	"admitone/events"
)

// copyOf returns a harness with a copy of w's log and entity. The copy of the log begins with extra
// events, so its positions are larger. If without is true, it lacks the foreign events, so they are
// smaller.
func copyOf(w *harness, before int, without bool) *harness {
	to := newHarness(w.t, w.do)
	to.epoch, to.elsewhere = w.epoch+"'", map[events.Position]bool{}
	for range before {
		to.append("quiet")
	}
	for i := range w.log {
		if !without || w.log[i].Stream != "foreign" {
			to.append(w.log[i].Stream)
			to.elsewhere[events.Position(len(to.log))] = w.log[i].Position <= w.entity.cursor.Reached
		}
	}
	to.entity.cursor = w.entity.cursor
	return to
}

// foreign removes the metadata of the events in the stream "foreign", as if another program had
// appended them.
func (w *harness) foreign() {
	for i := range w.log {
		if w.log[i].Stream == "foreign" {
			w.log[i].Metadata = nil
		}
	}
}

// TestCopies: in a copy of the log with different positions, completed work is not repeated, and
// nothing is left out.
func TestCopies(t *testing.T) {
	for name, before := range map[string]int{"larger positions": 700, "smaller positions": 0} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				failing := true
				do := func(e *events.Recorded, _ int) error {
					if e.Stream == "bad" && failing {
						return errNo
					}
					return nil
				}
				w := newHarness(t, do)
				w.epoch = "one"
				for range 40 {
					w.append("foreign", "quiet")
				}
				w.append("a", "quiet", "b", "a", "foreign", "bad", "a", "c")
				w.foreign()
				stop := w.runner("n", withoutOthers)
				pass(3 * time.Second)
				stop()
				if c := w.entity.cursor; c.Reached != 85 || c.Failing != 86 || c.Log != "one" ||
					c.CursorMark != (events.CursorMark{Stream: "a", Revision: 1}) {
					t.Fatalf("cursor = %+v, want the mark a@1", c)
				}
				failing = false
				to := copyOf(w, before, before == 0)
				to.append("a", "d")
				stop = to.runner("n", withoutOthers)
				pass(3 * time.Second)
				stop()
				// bad, and a and c after it, were not known to be done; a and d are new.
				var streams []events.StreamID
				for _, p := range to.doneOnce() {
					streams = append(streams, to.log[p-1].Stream)
				}
				c := to.entity.cursor
				if len(streams) != 5 || c.Log != "one'" || c.Reached != events.Position(len(to.log)) || c.Failing != 0 {
					t.Errorf("%v are done, the cursor is %+v, want length 5, Log one', Reached %v, Failing 0",
						streams, c, events.Position(len(to.log)))
				}
				before := len(to.calls)
				stop = to.runner("n", withoutOthers) // and once more in the same log
				pass(3 * time.Second)
				to.append("a")
				pass(3 * time.Second)
				stop()
				if len(to.calls) != before+1 {
					t.Errorf("%d calls in the same log, want 1", len(to.calls)-before)
				}
			})
		})
	}
}

// TestUnnamedCursor: a cursor that does not name its log continues if its position may belong to this
// log, and starts over if it can't.
func TestUnnamedCursor(t *testing.T) {
	for _, test := range []struct {
		reached events.Position
		begins  events.Position
		calls   int
	}{{4, 0, 2}, {6, 0, 0}, {7, 0, 6}, {900, 0, 6}, {900, 2, 4}, {0, 3, 3}} {
		synctest.Test(t, func(t *testing.T) {
			w := newHarness(t, func(*events.Recorded, int) error { return nil })
			w.epoch = "one"
			w.append("a", "a", "b", "b", "c", "a")
			w.elsewhere = map[events.Position]bool{}
			for p := range events.Position(6 - test.calls) {
				w.elsewhere[p+1] = true
			}
			if test.reached > 0 {
				w.entity.cursor = core.Cursor{Term: 3, Node: "n",
					CursorMoved: events.CursorMoved{Term: 3, Reached: test.reached}}
			}
			stop := w.runner("n", func(c *Config) {
				c.Alone, c.Begins = true, func(core.Core) events.Position { return test.begins }
			})
			pass(3 * time.Second)
			stop()
			if c := w.entity.cursor; len(w.calls) != test.calls || test.calls > 0 && (c.Reached != 6 || c.Log != "one") {
				t.Errorf("%+v: %d calls, cursor %+v; want these calls, reached 6 in log one", test, len(w.calls), c)
			}
		})
	}
}
