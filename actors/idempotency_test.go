package actors

import (
	"bytes"
	"encoding/binary"
	"testing"
	"time"

	"admitone/events"
)

// TestWindowForgetsKeys: a key is known for at least a day, and not forever, whether or not other keys
// follow.
func TestWindowForgetsKeys(t *testing.T) {
	began := time.Date(2031, 5, 1, 20, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		after time.Duration
		known bool
	}{{0, true}, {KeyAge, true}, {KeyAge + time.Hour, true},
		{2 * KeyAge, true}, {2*KeyAge + 1, false}, {30 * KeyAge, false}} {
		w := newKeyWindow()
		w.put(commandKey{1}, 1, keyUse{revision: 7}, began)
		at := began.Add(c.after)
		if _, known := w.get(commandKey{1}, at); known != c.known {
			t.Errorf("after %v: known is %v, want %v", c.after, known, c.known)
		}
		if full := w.len(at) > 0; full != c.known {
			t.Errorf("after %v: len = %d, want it above 0: %t", c.after, w.len(at), c.known)
		}
	}
	w := newKeyWindow()
	w.put(commandKey{1}, 1, keyUse{}, began)
	w.put(commandKey{2}, 1, keyUse{}, began.Add(KeyAge+1))
	w.put(commandKey{3}, 1, keyUse{}, began.Add(2*KeyAge+2))
	now := began.Add(2*KeyAge + 2)
	if _, known := w.get(commandKey{1}, now); known || w.len(now) != 2 {
		t.Errorf("the oldest of three keys, a day apart, is known %t among %d, want false among 2", known, w.len(now))
	}
}

// TestWindowOfOneKey: a single key is in copies and snapshots, is kept when another is added, and counts
// for its caller.
func TestWindowOfOneKey(t *testing.T) {
	began := time.Date(2031, 5, 1, 20, 0, 0, 0, time.UTC)
	one, now := newKeyWindow(), began.Add(time.Hour)
	one.put(commandKey{1}, 1, keyUse{revision: 7, body: 8}, began)
	twin, again := one.clone(), newKeyWindow()
	twin.put(commandKey{2}, 1, keyUse{revision: 9}, now)
	if _, known := one.get(commandKey{2}, now); known || one.len(now) != 1 || one.orNil() != one {
		t.Errorf("after a change of its copy the window has %d keys, want 1", one.len(now))
	}
	var saved bytes.Buffer
	if err := one.freeze()(&saved); err != nil {
		t.Fatal(err)
	}
	if err := again.restore(&saved, true); err != nil {
		t.Fatal(err)
	}
	for i, w := range []*keyWindow{one, twin, again} {
		if d, known := w.get(commandKey{1}, now); !known || d != (keyUse{revision: 7, body: 8}) {
			t.Errorf("window %d: %+v, %v; want revision 7, body 8", i, d, known)
		}
		w.put(commandKey{3}, 1, keyUse{}, now)
		if n, _ := w.callers.Get(1); int(n) != w.len(now) || w.len(now) < 2 {
			t.Errorf("window %d: %d keys, %d of them of the caller; want at least 2, all of the caller", i, w.len(now), n)
		}
	}
}

// TestWindowIsRestored: both generations are restored, and a truncated snapshot is an error.
func TestWindowIsRestored(t *testing.T) {
	began := time.Date(2031, 5, 1, 20, 0, 0, 0, time.UTC)
	w := newKeyWindow()
	for i := range byte(30) {
		w.put(
			commandKey{i},
			1,
			keyUse{revision: events.Revision(i), body: uint64(i) << 40},
			began.Add(time.Duration(i)*time.Hour),
		)
	}
	var saved bytes.Buffer
	if err := w.freeze()(&saved); err != nil {
		t.Fatal(err)
	}
	again, now := newKeyWindow(), began.Add(29*time.Hour)
	if err := again.restore(bytes.NewReader(saved.Bytes()), true); err != nil || again.len(now) != 30 ||
		again.old.Len() != w.old.Len() ||
		!again.since.Equal(w.since) {
		t.Errorf("restored window: %d keys since %v, %v; want %d since %v",
			again.len(now), again.since, err, w.len(now), w.since)
	}
	for i := range byte(30) {
		if d, known := again.get(commandKey{i}, now); !known ||
			d != (keyUse{revision: events.Revision(i), body: uint64(i) << 40}) {
			t.Errorf("restored key %d: %+v, %v; want revision %d", i, d, known, i)
		}
	}
	for size := range saved.Len() {
		if err := newKeyWindow().restore(bytes.NewReader(saved.Bytes()[:size]), true); err == nil {
			t.Errorf("restore of %d of %d bytes: nil, want an error", size, saved.Len())
		}
	}
}

// TestWindowCountsCallers: keys are counted for each caller separately, for a day, and the counts are in
// snapshots. With an older snapshot, which lacks them, they start at zero.
func TestWindowCountsCallers(t *testing.T) {
	began := time.Date(2031, 5, 1, 20, 0, 0, 0, time.UTC)
	ann, bob := callerOf("ann"), callerOf("bob")
	w, next := newKeyWindow(), uint32(0)
	put := func(by callerID, n int, at time.Time) {
		for range n {
			next++
			w.put(commandKey(binary.LittleEndian.AppendUint32(make([]byte, keySize-4), next)), by, keyUse{}, at)
		}
	}
	soon := began.Add(2 * time.Hour)
	if until := w.exhaustedUntil(ann, soon); !until.IsZero() {
		t.Errorf("an empty window is spent until %v, want never", until)
	}
	put(bob, 7, began)
	put(ann, maxKeysPerCaller-1, began.Add(time.Hour))
	if until := w.exhaustedUntil(ann, soon); !until.IsZero() {
		t.Errorf("with one key remaining the window is spent until %v, want never", until)
	}
	put(ann, 1, began.Add(time.Hour))
	var saved bytes.Buffer
	if err := w.freeze()(&saved); err != nil {
		t.Fatal(err)
	}
	again, before := newKeyWindow(), newKeyWindow()
	if err := again.restore(bytes.NewReader(saved.Bytes()), true); err != nil {
		t.Fatal(err)
	}
	if err := before.restore(bytes.NewReader(saved.Bytes()[:saved.Len()-8-2*12]), false); err != nil {
		t.Fatal(err)
	}
	for _, w := range []*keyWindow{w, again} {
		if until := w.exhaustedUntil(ann, soon); !until.After(began.Add(KeyAge)) ||
			until.After(began.Add(KeyAge+time.Second)) {
			t.Errorf("with all keys used the window is spent until %v, want a day after the first", until)
		}
		if until := w.exhaustedUntil(bob, soon); !until.IsZero() {
			t.Errorf("another caller's keys are spent until %v, want never", until)
		}
		later := w.exhaustedUntil(ann, soon)
		if until := w.exhaustedUntil(ann, later); !until.IsZero() || w.len(later) != maxKeysPerCaller+7 {
			t.Errorf("a day later: spent until %v, %d keys; want never, %d", until, w.len(later), maxKeysPerCaller+7)
		}
	}
	if until := before.exhaustedUntil(ann, soon); !until.IsZero() || before.len(soon) != maxKeysPerCaller+7 {
		t.Errorf("older window: spent until %v, %d keys; want never, %d", until, before.len(soon), maxKeysPerCaller+7)
	}
	if before.put(commandKey{1}, ann, keyUse{}, soon); before.len(soon) != maxKeysPerCaller+8 {
		t.Errorf("older window: %d keys, want %d", before.len(soon), maxKeysPerCaller+8)
	}
	for _, at := range []time.Duration{KeyAge + 2, 3 * KeyAge, 9 * KeyAge} { // with any part of the window expired
		w.put(commandKey{1}, bob, keyUse{}, began.Add(at))
		saved.Reset()
		if err := w.freeze()(&saved); err != nil {
			t.Fatal(err)
		}
		if err := newKeyWindow().restore(bytes.NewReader(saved.Bytes()), true); err != nil {
			t.Errorf("restore after %v: %v, want success", at, err)
		}
	}
}
