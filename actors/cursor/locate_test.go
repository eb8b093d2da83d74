package cursor

import (
	"testing"
	"testing/synctest"
	"time"

	"admitone/actors/core"
	"admitone/events"
)

// copyOf returns a harness with a copy of w's log and entity. The copied log has extra events at its
// start, which make positions larger. If dropForeign, it lacks the foreign events, which makes them
// smaller.
func copyOf(w *harness, extra int, dropForeign bool) *harness {
	copied := newHarness(w.t, w.do)
	copied.epoch, copied.doneBefore = w.epoch+"'", map[events.Position]bool{}
	for range extra {
		copied.append("quiet")
	}
	for i := range w.log {
		if !dropForeign || w.log[i].Stream != "foreign" {
			copied.append(w.log[i].Stream)
			copied.doneBefore[events.Position(len(copied.log))] = w.log[i].Position <= w.entity.cursor.Reached
		}
	}
	copied.entity.cursor = w.entity.cursor
	return copied
}

// stripForeignMetadata removes the metadata of the events in the stream "foreign", as if another program had
// appended them.
func (w *harness) stripForeignMetadata() {
	for i := range w.log {
		if w.log[i].Stream == "foreign" {
			w.log[i].Metadata = nil
		}
	}
}

// TestCopies: in a copy of the log with different positions, completed work is not repeated, and
// nothing is left out.
func TestCopies(t *testing.T) {
	for name, extra := range map[string]int{"larger positions": 700, "smaller positions": 0} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				failing := true
				do := func(e *events.Recorded, _ int) error {
					if e.Stream == "bad" && failing {
						return errTest
					}
					return nil
				}
				w := newHarness(t, do)
				w.epoch = "one"
				for range 40 {
					w.append("foreign", "quiet")
				}
				w.append("a", "quiet", "b", "a", "foreign", "bad", "a", "c")
				w.stripForeignMetadata()
				stop := w.startRunner("n", alone)
				advance(3 * time.Second)
				stop()
				if c := w.entity.cursor; c.Reached != 85 || c.Failing != 86 || c.Log != "one" ||
					c.CursorMark != (events.CursorMark{Stream: "a", Revision: 1}) {
					t.Fatalf("cursor = %+v, want position 85, failing 86, log one, mark a@1", c)
				}
				failing = false
				copied := copyOf(w, extra, extra == 0)
				copied.append("a", "d")
				stop = copied.startRunner("n", alone)
				advance(3 * time.Second)
				stop()
				// The events from bad on were not known to be done; the last two are new.
				var streams []events.StreamID
				for _, p := range copied.completed() {
					streams = append(streams, copied.log[p-1].Stream)
				}
				c, end := copied.entity.cursor, events.Position(len(copied.log))
				if len(streams) != 5 || c.Log != "one'" || c.Reached != end || c.Failing != 0 {
					t.Errorf("streams of the done events = %v, want 5; cursor = %+v, want log one', position %d, none failing",
						streams, c, end)
				}
				before := len(copied.calls)
				stop = copied.startRunner("n", alone) // again, in the same log
				advance(3 * time.Second)
				copied.append("a")
				advance(3 * time.Second)
				stop()
				if len(copied.calls) != before+1 {
					t.Errorf("%d calls after a restart in the same log, want 1", len(copied.calls)-before)
				}
			})
		})
	}
}

// TestUnnamedCursor: a cursor that does not name its log continues if its position may belong to this
// log, and starts over if it can't.
func TestUnnamedCursor(t *testing.T) {
	for _, test := range []struct {
		reached    events.Position
		startAfter events.Position
		calls      int
	}{{4, 0, 2}, {6, 0, 0}, {7, 0, 6}, {900, 0, 6}, {900, 2, 4}, {0, 3, 3}} {
		synctest.Test(t, func(t *testing.T) {
			w := newHarness(t, func(*events.Recorded, int) error { return nil })
			w.epoch = "one"
			w.append("a", "a", "b", "b", "c", "a")
			w.doneBefore = map[events.Position]bool{}
			for p := range events.Position(6 - test.calls) {
				w.doneBefore[p+1] = true
			}
			if test.reached > 0 {
				w.entity.cursor = core.Cursor{Term: 3, Node: "n",
					CursorMoved: events.CursorMoved{Term: 3, Reached: test.reached}}
			}
			stop := w.startRunner("n", func(c *Config) {
				c.Alone, c.StartAfter = true, func(core.Core) events.Position { return test.startAfter }
			})
			advance(3 * time.Second)
			stop()
			if c := w.entity.cursor; len(w.calls) != test.calls || test.calls > 0 && (c.Reached != 6 || c.Log != "one") {
				t.Errorf("%+v: %d calls, want %d; cursor = %+v, want position 6 in log one", test, len(w.calls), test.calls, c)
			}
		})
	}
}
