package cursor

import (
	"maps"
	"testing"
	"testing/synctest"
	"time"

	"admitone/actors/core"
	"admitone/events"
)

// TestRewind: after a rewind, the work of all later events is repeated.
func TestRewind(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newHarness(t, func(*events.Recorded, int) error { return nil })
		w.append("x", "y", "x", "y")
		stop := w.startRunner("a", alone)
		advance(10 * time.Second)
		stop()
		w.entity.cursor.Rewind(w.entity.cursor.Term+1, 2)
		stop = w.startRunner("a", alone)
		advance(10 * time.Second)
		stop()
		attempts := map[events.Position]int{}
		for _, c := range w.calls {
			attempts[c.position]++
		}
		want := map[events.Position]int{1: 1, 2: 1, 3: 2, 4: 2}
		if !maps.Equal(attempts, want) || w.entity.cursor.Reached != 4 {
			t.Errorf("attempts = %v, want %v; cursor = %+v, want position 4", attempts, want, w.entity.cursor)
		}
	})
}

// TestRewindBeforeTheStart: after a rewind to a position before the start of the work, all of it is
// done, also by a runner that learns of the rewind when it records its first progress.
func TestRewindBeforeTheStart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newHarness(t, func(*events.Recorded, int) error { return nil })
		w.append("x", "y", "x", "y")
		w.doneBefore = map[events.Position]bool{1: true, 2: true}
		startAfter := events.Position(2)
		stop := w.startRunner("a", func(c *Config) {
			c.Alone, c.StartAfter = true, func(core.Core) events.Position { return startAfter }
		})
		advance(100 * time.Millisecond)
		w.mu.Lock()
		w.entity.cursor.Rewind(w.entity.cursor.Term+1, 0)
		startAfter = 0
		w.mu.Unlock()
		advance(10 * time.Second)
		stop()
		attempts := map[events.Position]int{}
		for _, c := range w.calls {
			attempts[c.position]++
		}
		want := map[events.Position]int{1: 1, 2: 1, 3: 2, 4: 2}
		if !maps.Equal(attempts, want) || w.entity.cursor.Reached != 4 {
			t.Errorf("attempts = %v, want %v; cursor = %+v, want position 4", attempts, want, w.entity.cursor)
		}
	})
}
