package embedded

import (
	"errors"
	"fmt"
	"io"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/cockroachdb/pebble/v2/vfs/errorfs"

	"admitone/events"
)

// TestAcknowledgedIsDurable simulates a power loss directly after each append.
func TestAcknowledgedIsDurable(t *testing.T) {
	disk := vfs.NewCrashableMem()
	s := mustOpen(t, "data", Options{FS: disk})
	defer s.Close()
	last := events.NoStream
	for n := range 3 {
		appended, err := s.Append(t.Context(), "a-1", last, sampleBatch(2))
		if err != nil {
			t.Fatal(err)
		}
		last = appended.Revision
		after := mustOpen(t, "data", Options{FS: disk.CrashClone(vfs.CrashCloneCfg{})})
		if head, err := after.Head(t.Context()); err != nil || head != appended.Position {
			t.Errorf("head after append %d and a power loss = %d, %v; want %d", n, head, err, appended.Position)
		}
		if err := after.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// TestNoAnswerAfterFailedWrite: another write by Pebble fails while a group is synced successfully. It is unknown
// whether the group is durable, so the committer neither answers it nor makes it visible.
func TestNoAnswerAfterFailedWrite(t *testing.T) {
	var c *committer
	var armed atomic.Bool
	files := withFaults(vfs.NewMem(), errorfs.InjectorFunc(func(op errorfs.Op) error {
		if strings.HasSuffix(op.Path, ".log") && isSync(op) && armed.CompareAndSwap(true, false) {
			go c.terminate(errors.New("flush: the disk is full"))
			<-c.stopped
		}
		return nil
	}))
	c, err := open("log", Options{FS: files, Logger: discardLogger, Fatal: func(error) {}})
	if err != nil {
		t.Fatal(err)
	}
	r := c.newRequest("a-1", events.NoStream, sampleBatch(2))
	r.state.Store(claimed)
	c.group = append(c.group, r)
	armed.Store(true)
	answered := make(chan struct{})
	go func() {
		c.commit()
		close(answered)
	}()
	for !parkedIn("(*committer).commit") {
		select {
		case <-answered:
			t.Fatalf("commit returned with %+v, %v after a failed write, want it to block", r.results, r.err)
		default:
			runtime.Gosched()
		}
	}
	if armed.Load() || len(r.done) > 0 || c.head.Load() != 0 || c.tail.next != 1 {
		t.Errorf("after a failed write: %d answers, head %d, next position of the tail %d; want 0, 0, 1", len(r.done),
			c.head.Load(), c.tail.next)
	}
}

// TestNoWriteAfterFailedWrite: a group that is gathered after a failed write is answered with an error and not
// written.
func TestNoWriteAfterFailedWrite(t *testing.T) {
	c, err := open("log", Options{FS: vfs.NewMem(), Logger: discardLogger, Fatal: func(error) {}})
	if err != nil {
		t.Fatal(err)
	}
	go c.terminate(errors.New("flush: the disk is full"))
	<-c.stopped
	outcomes := make(chan error, 1)
	r := c.newRequest("a-1", events.NoStream, sampleBatch(2))
	r.then = func(_ events.Appended, err error) { outcomes <- err }
	if !c.gate.enter() {
		t.Fatal("the gate is shut before Close, want it open")
	}
	returned := make(chan struct{})
	go func() {
		c.pending.begin(c.Store, []*request{r})
		close(returned)
	}()
	select {
	case err := <-outcomes:
		if !errors.Is(err, events.ErrUnavailable) {
			t.Errorf("answer after a failed write: %v, want %v", err, events.ErrUnavailable)
		}
	case <-returned:
		t.Error("begin returned after a failed write, want it to block")
	}
}

// parkedIn reports whether a goroutine is in park, called from a function.
func parkedIn(function string) bool {
	all := make([]byte, 1<<20)
	for _, stack := range strings.Split(string(all[:runtime.Stack(all, true)]), "\n\n") {
		if strings.Contains(stack, "(*Store).park(") && strings.Contains(stack, function) {
			return true
		}
	}
	return false
}

// TestConsecutiveAppends: the expected revision of an append must be that of the previous append, in the same group
// or an earlier one.
func TestConsecutiveAppends(t *testing.T) {
	s := mustOpen(t, "log", Options{FS: vfs.NewMem()})
	defer s.Close()
	last := events.NoStream
	for n := range 30 {
		appended, err := s.Append(t.Context(), "a-1", last, sampleBatch(1+n%4))
		if err != nil {
			t.Fatalf("Append %d at revision %d: %v", n, last, err)
		}
		if _, err := s.Append(t.Context(), "a-1", last, sampleBatch(1)); !errors.Is(err, events.ErrConflict) {
			t.Fatalf("second Append at revision %d: %v, want %v", last, err, events.ErrConflict)
		}
		last = appended.Revision
	}
	// In the same group, without the queue.
	c := &committer{Store: s, batch: s.db.NewBatch(), heads: newHeads(), last: events.Position(s.head.Load())}
	defer c.batch.Close()
	want := last
	for n, expected := range []events.Revision{last, last, last + 2, last + 2, last + 4} {
		r := s.newRequest("a-1", expected, sampleBatch(2))
		err := c.place(r)
		appended := r.results[0]
		if expected != want {
			if !errors.Is(err, events.ErrConflict) {
				t.Errorf("request %d at revision %d of %d: %+v, %v; want %v",
					n, expected, want, appended, err, events.ErrConflict)
			}
			continue
		}
		if want += 2; err != nil || appended.Revision != want {
			t.Errorf("request %d: revision %d, %v; want %d", n, appended.Revision, err, want)
		}
	}
	_ = c.lookup.Close()
}

// TestHeads: the cache returns the last revision that was set, or nothing after many other entries.
func TestHeads(t *testing.T) {
	h := newHeads()
	for n := range events.Revision(3) {
		h.set("a-1", n)
		for other := range maxHeads * 3 / 4 {
			h.set(events.StreamID(fmt.Sprint("b-", n, "-", other)), 7)
			if revision, ok := h.get("a-1"); ok && revision != n {
				t.Fatalf("get(a-1) = %d, want %d", revision, n)
			}
		}
	}
	if _, ok := h.get("b-0-0"); ok || len(h.young)+len(h.old) > 2*maxHeads {
		t.Errorf("%d heads cached, want at most %d without the oldest", len(h.young)+len(h.old), 2*maxHeads)
	}
	h.set("a-2", 1)
	if revision, ok := h.get("a-2"); !ok || revision != 1 {
		t.Errorf("get(a-2) = %d, %t; want 1, true", revision, ok)
	}
}

// TestSnapshotIsDurable: a saved snapshot survives a power loss.
func TestSnapshotIsDurable(t *testing.T) {
	disk := vfs.NewCrashableMem()
	s := mustOpen(t, "data", Options{FS: disk})
	defer s.Close()
	saveSnapshot(t, s, "a-1", 3)
	after := mustOpen(t, "data", Options{FS: disk.CrashClone(vfs.CrashCloneCfg{})})
	defer after.Close()
	found := events.NoStream
	err := after.LoadSnapshot("a-1", func(head events.Snapshot, _ io.Reader) error {
		found = head.Revision
		return nil
	})
	if err != nil || found != 3 {
		t.Errorf("snapshot after a power loss: revision %d, %v; want 3", found, err)
	}
}
