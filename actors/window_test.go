package actors

import (
	"testing"
	"time"
)

// TestWindowTurns: a key is known for a day at least, and none for ever, whether or
// not others come after it.
func TestWindowTurns(t *testing.T) {
	began := time.Date(2031, 5, 1, 20, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		after time.Duration
		known bool
	}{{0, true}, {windowAge, true}, {windowAge + time.Hour, true}, {2 * windowAge, true}, {2*windowAge + 1, false}, {30 * windowAge, false}} {
		w := newWindow()
		w.put(commandKey{1}, done{revision: 7}, began)
		w.turn(began.Add(c.after))
		if _, known := w.get(commandKey{1}); known != c.known {
			t.Errorf("after %v: known is %v, want %v", c.after, known, c.known)
		}
		if full := w.len() > 0; full != c.known {
			t.Errorf("after %v: %d keys are counted", c.after, w.len())
		}
	}
	w := newWindow()
	w.put(commandKey{1}, done{}, began)
	w.put(commandKey{2}, done{}, began.Add(windowAge+1))
	w.put(commandKey{3}, done{}, began.Add(2*windowAge+2))
	if _, known := w.get(commandKey{1}); known || w.len() != 2 {
		t.Errorf("the first of three keys, a day apart, is still there among %d", w.len())
	}
}
