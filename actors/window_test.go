package actors

import (
	"bytes"
	"testing"
	"time"

	"admitone/events"
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

// TestWindowIsRestored: with both generations, and of no part of what was written.
func TestWindowIsRestored(t *testing.T) {
	began := time.Date(2031, 5, 1, 20, 0, 0, 0, time.UTC)
	w := newWindow()
	for i := range byte(30) {
		w.put(commandKey{i}, done{revision: events.Revision(i), body: uint64(i) << 40}, began.Add(time.Duration(i)*time.Hour))
	}
	var saved bytes.Buffer
	if err := w.freeze()(&saved); err != nil {
		t.Fatal(err)
	}
	again := newWindow()
	if err := again.restore(bytes.NewReader(saved.Bytes())); err != nil || again.len() != 30 || again.old.Len() != w.old.Len() || !again.since.Equal(w.since) {
		t.Errorf("%d keys are restored, %v", again.len(), err)
	}
	for i := range byte(30) {
		if d, known := again.get(commandKey{i}); !known || d != (done{revision: events.Revision(i), body: uint64(i) << 40}) {
			t.Errorf("key %d: %+v, %v", i, d, known)
		}
	}
	for size := range saved.Len() {
		if err := newWindow().restore(bytes.NewReader(saved.Bytes()[:size])); err == nil {
			t.Errorf("%d of %d bytes are a window", size, saved.Len())
		}
	}
}
