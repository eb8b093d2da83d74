package cursor

import (
	"testing"
	"testing/synctest"
	"time"

	"admitone/actors/core"
	"admitone/events"
)

// TestRewind: work that is rewound while in progress is repeated completely.
func TestRewind(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newHarness(t, func(*events.Recorded, int) error { return nil })
		w.append("x", "y", "x", "y")
		stop := w.runner("a", withoutOthers)
		pass(10 * time.Second)
		stop()
		w.entity.cursor.Rewind(w.entity.cursor.Term+1, 2)
		stop = w.runner("a", withoutOthers)
		pass(10 * time.Second)
		stop()
		times := map[events.Position]int{}
		for _, c := range w.calls {
			times[c.position]++
		}
		if times[1] != 1 || times[2] != 1 || times[3] != 2 || times[4] != 2 || w.entity.cursor.Reached != 4 {
			t.Errorf("times done = %v, cursor %+v; want the events from 3 twice, reached 4", times, w.entity.cursor)
		}
	})
}

// TestRewindBeforeTheStart: a rewind to a position before the start of the work is done
// completely, also by a runner that has not recorded its work yet and learns of the rewind in doing so.
func TestRewindBeforeTheStart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newHarness(t, func(*events.Recorded, int) error { return nil })
		w.append("x", "y", "x", "y")
		w.elsewhere = map[events.Position]bool{1: true, 2: true}
		begins := events.Position(2)
		stop := w.runner("a", func(c *Config) {
			c.Alone, c.Begins = true, func(core.Core) events.Position { return begins }
		})
		pass(100 * time.Millisecond)
		w.mu.Lock()
		w.entity.cursor.Rewind(w.entity.cursor.Term+1, 0)
		begins = 0
		w.mu.Unlock()
		pass(10 * time.Second)
		stop()
		times := map[events.Position]int{}
		for _, c := range w.calls {
			times[c.position]++
		}
		if times[1] != 1 || times[2] != 1 || times[3] != 2 || times[4] != 2 || w.entity.cursor.Reached != 4 {
			t.Errorf("times done = %v, cursor %+v; want the events from 3 twice, reached 4", times, w.entity.cursor)
		}
	})
}
