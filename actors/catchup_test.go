package actors

import (
	"context"
	"slices"
	"sync"
	"testing"

	"admitone/events"
)

// recordingLog is a store that records the revisions from which its streams are read.
type recordingLog struct {
	events.Store
	mu    sync.Mutex
	reads []events.Revision // guarded by mu
}

// Read implements events.Store.
func (r *recordingLog) Read(ctx context.Context, stream events.StreamID, from events.Revision, dir events.Direction,
	limit int) ([]events.Recorded, error) {
	r.mu.Lock()
	r.reads = append(r.reads, from)
	r.mu.Unlock()
	return r.Store.Read(ctx, stream, from, dir, limit)
}

// takeReads returns the revisions read from since the last call.
func (r *recordingLog) takeReads() (reads []events.Revision) {
	r.mu.Lock()
	defer r.mu.Unlock()
	reads, r.reads = r.reads, nil
	return reads
}

// TestCatchUp: a desk that observes another desk's append reads only the missing events, knows their
// keys, and continues the hash chain.
func TestCatchUp(t *testing.T) {
	log := openLog(t, t.TempDir())
	reads := &recordingLog{Store: log}
	here, there := openDesk(t, reads, nil), openDesk(t, log, nil)
	mustCreate(t, here, 100)
	if _, err := ask(here, one("ann")); err != nil {
		t.Fatal(err)
	}
	var last Answer
	for range 3 {
		var err error
		if last, err = ask(there, one("bob")); err != nil {
			t.Fatal(err)
		}
	}
	keyed := Request{Stream: lamp, Command: one("cid"), ID: KeyedCommandID("cid", "k"), Actor: "cid"}
	last, err := there.Ask(t.Context(), keyed)
	if err != nil {
		t.Fatal(err)
	}
	reads.takeReads()
	here.Observe(lamp, last.Revision)
	if left := lampsLeft(t, here); left != 95 {
		t.Errorf("remaining = %d, want 95", left)
	}
	if from := reads.takeReads(); !slices.Equal(from, []events.Revision{2}) {
		t.Errorf("the stream was read from %v, want from 2 once", from)
	}
	if again, err := here.Ask(t.Context(), keyed); err != nil || !again.Replayed || again.Revision != last.Revision {
		t.Errorf("a key used on the other desk: %+v, %v; want a replay", again, err)
	}
	if _, err := ask(here, one("dan")); err != nil {
		t.Fatal(err)
	}
	if here.Stats().Conflicts > 0 {
		t.Errorf("the desk had %d conflicts, want 0", here.Stats().Conflicts)
	}
	if p := audit(t, log, nil); p.Remaining() != 94 {
		t.Errorf("remaining = %d, want 94", p.Remaining())
	}
}

// TestCatchUpToNothing: an entity that observes an event which can't be read yet keeps its state.
func TestCatchUpToNothing(t *testing.T) {
	d := openDesk(t, openLog(t, t.TempDir()), nil)
	mustCreate(t, d, 10)
	for revision := range events.Revision(3) {
		d.Observe(lamp, revision+1)
		if left := lampsLeft(t, d); left != 10-int64(revision) {
			t.Errorf("remaining = %d, want %d", left, 10-revision)
		}
		if _, err := ask(d, one("ann")); err != nil {
			t.Fatal(err)
		}
	}
}
