package embedded

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/cockroachdb/pebble/v2/vfs/errorfs"

	"admitone/events"
)

// waitFor polls a condition for at most a minute.
func waitFor(t *testing.T, what string, done func() bool) {
	t.Helper()
	for end := time.Now().Add(time.Minute); !done(); runtime.Gosched() {
		if time.Now().After(end) {
			t.Fatalf("timed out after a minute waiting for %s", what)
		}
	}
}

func TestRefusedAppends(t *testing.T) {
	s := mustOpen(t, "log", Options{FS: vfs.NewMem()})
	defer s.Close()
	large := sampleBatch(1)
	large[0].Data = make([]byte, MaxBatchBytes)
	longType := sampleBatch(1)
	longType[0].Type = strings.Repeat("t", MaxTypeBytes+1)
	for _, test := range []struct {
		name     string
		stream   events.StreamID
		expected events.Revision
		batch    []events.Event
		want     error
	}{
		{"TooLarge", "a-1", events.NoStream, large, events.ErrTooLarge},
		{"Empty", "a-1", events.NoStream, nil, ErrBadAppend},
		{"NoStreamID", "", events.NoStream, sampleBatch(1), ErrBadAppend},
		{"ZeroByte", "a-\x00", events.NoStream, sampleBatch(1), ErrBadAppend},
		{"LongStreamID", events.StreamID(strings.Repeat("s", MaxStreamBytes+1)), events.NoStream, sampleBatch(1),
			ErrBadAppend},
		{"LongType", "a-1", events.NoStream, longType, ErrBadAppend},
		{"NoSuchRevision", "a-1", -2, sampleBatch(1), ErrBadAppend},
	} {
		if _, err := s.Append(context.Background(), test.stream, test.expected, test.batch); !errors.Is(err, test.want) {
			t.Errorf("%s: Append: %v, want %v", test.name, err, test.want)
		}
	}
	if head, _ := s.Head(context.Background()); head != 0 {
		t.Errorf("the log has %d events after refused appends, want 0", head)
	}
}

// TestLargestAppend: a batch that is larger than a memtable can be read, also after a restart.
func TestLargestAppend(t *testing.T) {
	disk := vfs.NewMem()
	s := mustOpen(t, "log", Options{FS: disk})
	batch := sampleBatch(3)
	batch[1].Data = make([]byte, MaxBatchBytes-2000)
	for i := 0; i < len(batch[1].Data); i += 1021 {
		batch[1].Data[i] = byte(i >> 7)
	}
	if _, err := s.Append(context.Background(), "a-1", events.NoStream, batch); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		page, err := s.Read(context.Background(), "a-1", 0, events.Forward, 5)
		if err != nil || len(page) != 3 || string(page[1].Data) != string(batch[1].Data) {
			t.Fatalf("Read returned %d events, %v; want the batch of 3", len(page), err)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		s = mustOpen(t, "log", Options{FS: disk})
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
}

// slowDisk makes syncs of the write-ahead log wait for release while blocked is set. Each such sync sends to arrived.
type slowDisk struct {
	blocked atomic.Bool
	arrived chan struct{}
	release chan struct{}
}

func (d *slowDisk) wrap(files vfs.FS) vfs.FS {
	return withFaults(files, func(op errorfs.Op) error {
		if d.blocked.Load() && strings.HasSuffix(op.Path, ".log") && isSync(op) {
			d.arrived <- struct{}{}
			<-d.release
		}
		return nil
	})
}

// TestAppendDuringSync: reads do not return an append that is in Pebble but not yet synced. If contexts end, the
// outcome of that append is unknown, and an append behind it is not written.
func TestAppendDuringSync(t *testing.T) {
	ctx := context.Background()
	disk := &slowDisk{arrived: make(chan struct{}, 100), release: make(chan struct{})}
	s := mustOpen(t, "log", Options{FS: disk.wrap(vfs.NewMem())})
	if _, err := s.Append(ctx, "a-1", events.NoStream, sampleBatch(2)); err != nil {
		t.Fatal(err)
	}
	disk.blocked.Store(true)
	syncing, endFirst := context.WithCancel(ctx)
	first, second := make(chan error, 1), make(chan error, 1)
	go func() {
		_, err := s.Append(syncing, "a-1", 1, sampleBatch(3))
		first <- err
	}()
	select {
	case <-disk.arrived:
	case err := <-first:
		t.Fatalf("Append returned %v before a sync, want it to wait", err)
	}
	waitFor(t, "the unsynced append to be visible in Pebble", func() bool {
		_, closer, err := s.db.Get(eventKey(5))
		return err == nil && closer.Close() == nil
	})
	if head, err := s.Head(ctx); head != 2 || err != nil {
		t.Errorf("Head during the sync = %d, %v; want 2", head, err)
	}
	for _, dir := range []events.Direction{events.Forward, events.Backward} {
		from, position := events.Revision(0), events.Position(0)
		if dir == events.Backward {
			from, position = events.EndRevision, events.EndPosition
		}
		if page, err := s.Read(ctx, "a-1", from, dir, 10); len(page) != 2 || err != nil {
			t.Errorf("Read (backward: %t) during the sync: %d events, %v; want 2", dir, len(page), err)
		}
		if page, err := s.ReadAll(ctx, position, dir, 10); len(page) != 2 || err != nil {
			t.Errorf("ReadAll (backward: %t) during the sync: %d events, %v; want 2", dir, len(page), err)
		}
	}
	queued, endSecond := context.WithCancel(ctx)
	go func() {
		_, err := s.Append(queued, "b-1", events.NoStream, sampleBatch(1))
		second <- err
	}()
	waitFor(t, "the second append to be queued", func() bool { return s.Stats().Waiting > 0 })
	endFirst()
	if err := <-first; !errors.Is(err, events.ErrUnknown) || !errors.Is(err, context.Canceled) {
		t.Errorf("Append canceled during its sync: %v, want %v and %v", err, events.ErrUnknown, context.Canceled)
	}
	endSecond()
	if err := <-second; !errors.Is(err, events.ErrUnavailable) || !errors.Is(err, context.Canceled) {
		t.Errorf("Append canceled in the queue: %v, want %v and %v", err, events.ErrUnavailable, context.Canceled)
	}
	disk.blocked.Store(false)
	close(disk.release)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if got := s.head.Load(); got != 5 {
		t.Errorf("head = %d, want 5, with the first append and without the second", got)
	}
}

// TestCreated: Created does not decrease if the clock does, even while the log is closed.
func TestCreated(t *testing.T) {
	disk := vfs.NewMem()
	now := time.Date(2026, 3, 1, 12, 0, 0, 123456789, time.UTC)
	latest := now.Truncate(tick)
	for range 3 {
		s := mustOpen(t, "log", Options{FS: disk, Now: func() time.Time { return now }})
		for range 3 {
			head, err := s.Head(context.Background())
			if err != nil {
				t.Fatal(err)
			}
			if _, err := s.Append(context.Background(), "a-1", events.Revision(head)-1, sampleBatch(1)); err != nil {
				t.Fatal(err)
			}
			now = now.Add(-time.Hour)
		}
		for _, r := range readForward(t, s) {
			if !r.Created.Equal(latest) {
				t.Errorf("Created = %s, want %s", r.Created, latest)
			}
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

func readForward(t *testing.T, s *Store) []events.Recorded {
	t.Helper()
	all, err := s.ReadAll(context.Background(), 0, events.Forward, 1<<20)
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func TestInUse(t *testing.T) {
	for name, options := range map[string]Options{"OS": {}, "Memory": {FS: vfs.NewMem()}} {
		dir := "log"
		if options.FS == nil {
			dir = t.TempDir()
		}
		s := mustOpen(t, dir, options)
		if _, err := Open(dir, options); !errors.Is(err, events.ErrInUse) {
			t.Errorf("%s: second Open: %v, want %v", name, err, events.ErrInUse)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		if err := mustOpen(t, dir, options).Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// TestHeadsAreBounded: the cache is bounded, and has at least the last maxGroup entries, which a group relies on.
func TestHeadsAreBounded(t *testing.T) {
	h := newHeads()
	for i := range 4 * maxHeads {
		h.set(events.NewStreamID("a", fmt.Sprint(i)), events.Revision(i))
		if i >= maxGroup {
			old := i - maxGroup + 1
			if got, ok := h.get(events.NewStreamID("a", fmt.Sprint(old))); !ok || got != events.Revision(old) {
				t.Fatalf("get of stream %d after %d = %d, %t; want %d, true", old, i, got, ok, old)
			}
		}
		if len(h.young)+len(h.old) > 2*maxHeads {
			t.Fatalf("%d heads cached, want at most %d", len(h.young)+len(h.old), 2*maxHeads)
		}
	}
}

// TestUncachedHead: the committer finds a head that is not cached in the index.
func TestUncachedHead(t *testing.T) {
	disk := vfs.NewMem()
	revision := events.NoStream
	for range 3 {
		s := mustOpen(t, "log", Options{FS: disk})
		for _, neighbour := range []events.StreamID{"a", "a-", "a-10", "a-2"} {
			_, _ = s.Append(context.Background(), neighbour, events.NoStream, sampleBatch(1))
		}
		if _, err := s.Append(context.Background(), "a-1", revision+1, sampleBatch(1)); !errors.Is(err, events.ErrConflict) {
			t.Errorf("Append with a wrong expected revision: %v, want %v", err, events.ErrConflict)
		}
		appended, err := s.Append(context.Background(), "a-1", revision, sampleBatch(4))
		if err != nil {
			t.Fatal(err)
		}
		revision = appended.Revision
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// TestTailIsBounded: the tail stays within its bounds and counts its contents correctly.
func TestTailIsBounded(t *testing.T) {
	tail := newTail(0)
	add := func(n, size int) {
		batch := make([]events.Event, n)
		for i := range batch {
			batch[i].Data = make([]byte, size)
		}
		tail.publish([]placedAppend{{stream: "a-1", batch: batch}}, 0)
		retained, bytes := 0, 0
		for i := range tail.ring {
			if tail.ring[i].Position != 0 {
				retained++
				bytes += len(tail.ring[i].Data)
			}
		}
		if events.Position(retained) != tail.next-tail.from || bytes != tail.bytes || bytes > tailBytes {
			t.Fatalf("the tail has %d events of %d bytes; want its counts, %d and %d, and at most %d bytes", retained, bytes,
				tail.next-tail.from, tail.bytes, tailBytes)
		}
	}
	add(100, 10)
	add(3*tailEvents, 10)
	add(10, tailBytes/4)
	add(1, tailBytes+1)
	add(5, 1)
}
