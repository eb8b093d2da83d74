package embedded

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/cockroachdb/pebble/v2/vfs/errorfs"

	"admitone/events"
)

// seeds is the number of power losses that a test simulates. ADMITONE_SEED=n runs only the seed n.
const seeds = 200

func eachSeed(t *testing.T, test func(t *testing.T, seed uint64)) {
	if only := os.Getenv("ADMITONE_SEED"); only != "" {
		seed, err := strconv.ParseUint(only, 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		test(t, seed)
		return
	}
	for range seeds {
		seed := rand.Uint64()
		test(t, seed)
		if t.Failed() {
			t.Fatalf("to reproduce: ADMITONE_SEED=%d", seed)
		}
	}
}

// load appends to several streams concurrently and records the acknowledgements.
type load struct {
	store   *Store
	answers chan struct{} // one value per acknowledgement, dropped if the channel is full
	stop    atomic.Bool
	writers sync.WaitGroup

	mu       sync.Mutex
	answered map[events.StreamID]events.Revision
	position events.Position // the highest position that was acknowledged or followed
	errs     []error         // errors that ended writers
	failed   chan error      // the same errors
}

// await waits for a number of acknowledgements. It fails the test if a writer gets an error.
func (l *load) await(t *testing.T, answers int) {
	t.Helper()
	for range answers {
		select {
		case <-l.answers:
		case err := <-l.failed:
			t.Fatalf("Append: %v", err)
		}
	}
}

const loadStreams = 5

// startLoad starts writers that continue every stream from its current end.
func startLoad(t *testing.T, store *Store, seed uint64) *load {
	l := &load{store: store, answers: make(chan struct{}, 4096), failed: make(chan error, loadStreams),
		answered: make(map[events.StreamID]events.Revision)}
	for n := range loadStreams {
		stream := events.NewStreamID("load", fmt.Sprint(n))
		last, err := store.Read(context.Background(), stream, events.EndRevision, events.Backward, 1)
		if err != nil {
			t.Fatal(err)
		}
		revision := events.NoStream
		if len(last) == 1 {
			revision = last[0].Revision
		}
		l.mu.Lock()
		l.answered[stream] = revision
		l.mu.Unlock()
		rng := rand.New(rand.NewPCG(seed, uint64(n)))
		l.writers.Go(func() { l.write(stream, revision, rng) })
	}
	return l
}

// write appends batches. The data of each event has its index in the batch and the size of the batch.
func (l *load) write(stream events.StreamID, revision events.Revision, rng *rand.Rand) {
	for !l.stop.Load() {
		size := 1 + rng.IntN(5)
		batch := make([]events.Event, size)
		for i := range batch {
			at := revision + 1
			batch[i].ID = events.EventID(string(stream), int(at)+i)
			batch[i].Type = "load.v1"
			batch[i].Data = fmt.Appendf(nil, "%s %d %d %d %s", stream, at, i, size, strings.Repeat("x", rng.IntN(900)))
		}
		appended, err := l.store.Append(context.Background(), stream, revision, batch)
		l.mu.Lock()
		if err != nil {
			l.errs = append(l.errs, err)
			l.failed <- err
			l.mu.Unlock()
			return
		}
		revision = appended.Revision
		l.answered[stream] = revision
		l.position = max(l.position, appended.Position)
		l.mu.Unlock()
		select {
		case l.answers <- struct{}{}:
		default:
		}
	}
}

// acknowledged returns the last acknowledged revision of each stream and the highest position so far.
func (l *load) acknowledged() (map[events.StreamID]events.Revision, events.Position) {
	l.mu.Lock()
	defer l.mu.Unlock()
	answered := make(map[events.StreamID]events.Revision)
	for stream, revision := range l.answered {
		answered[stream] = revision
	}
	return answered, l.position
}

// checkDurable checks that a store has everything acknowledged and no partial batches.
func checkDurable(t *testing.T, store *Store, answered map[events.StreamID]events.Revision, position events.Position) {
	t.Helper()
	ctx := context.Background()
	next := make(map[events.StreamID]events.Revision)
	var remaining int // events of the current batch still to come
	var last events.Recorded
	for r, err := range events.All(ctx, store, 0) {
		if err != nil {
			t.Fatal(err)
		}
		var stream string
		var first, i, size int
		if _, err := fmt.Sscan(string(r.Data), &stream, &first, &i, &size); err != nil {
			t.Fatalf("position %d: %v", r.Position, err)
		}
		if r.Position != last.Position+1 || r.Created.Before(last.Created) {
			t.Fatalf("position %d (%s) follows %d (%s), want consecutive positions and times that do not decrease", r.Position,
				r.Created, last.Position, last.Created)
		}
		if string(r.Stream) != stream || r.Revision != next[r.Stream] || int(r.Revision) != first+i {
			t.Fatalf("position %d: %s@%d has the data %.40q, want revision %d", r.Position, r.Stream, r.Revision, r.Data,
				next[r.Stream])
		}
		if remaining > 0 && (r.Stream != last.Stream || remaining != size-i) || remaining == 0 && i != 0 {
			t.Fatalf("position %d: data %.40q in an incomplete batch, want complete batches", r.Position, r.Data)
		}
		remaining = size - i - 1
		next[r.Stream]++
		last = r
	}
	if remaining != 0 {
		t.Fatalf("the last batch lacks %d events, want 0", remaining)
	}
	if last.Position < position {
		t.Fatalf("the log ends at position %d, want at least %d, which was acknowledged or followed", last.Position, position)
	}
	for stream, revision := range answered {
		if next[stream] <= revision {
			t.Fatalf("stream %s ends at revision %d, want at least %d, which was acknowledged", stream, next[stream]-1, revision)
		}
		page, err := store.Read(ctx, stream, 0, events.Forward, int(next[stream])+1)
		if err != nil || len(page) != int(next[stream]) {
			t.Fatalf("Read of %s returned %d events, %v; want %d", stream, len(page), err, next[stream])
		}
	}
}

func TestPowerLoss(t *testing.T) {
	eachSeed(t, func(t *testing.T, seed uint64) {
		rng := rand.New(rand.NewPCG(seed, 1))
		disk := vfs.NewCrashableMem()
		for generation := range uint64(2) {
			disk = testPowerLoss(t, disk, seed+generation, rng)
		}
		s := mustOpen(t, "data/log", Options{FS: disk, memTable: 512 << 10})
		checkDurable(t, s, nil, 0)
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
}

// testPowerLoss writes for a while, simulates a power loss at a random time, and checks the log after a restart. It
// returns the disk after the power loss.
func testPowerLoss(t *testing.T, disk *vfs.MemFS, seed uint64, rng *rand.Rand) *vfs.MemFS {
	options := Options{FS: disk, memTable: 512 << 10}
	s := mustOpen(t, "data/log", options)
	l := startLoad(t, s, seed)
	ctx, cancel := context.WithCancel(context.Background())
	l.writers.Go(func() {
		_ = s.Follow(ctx, 0, func(page []events.Recorded) error {
			l.mu.Lock()
			defer l.mu.Unlock()
			l.position = max(l.position, page[len(page)-1].Position)
			return nil
		})
	})
	l.await(t, 1+rng.IntN(150))
	for range rng.IntN(2000) {
		runtime.Gosched()
	}
	answered, position := l.acknowledged()
	lost := disk.CrashClone(vfs.CrashCloneCfg{UnsyncedDataPercent: rng.IntN(101), RNG: rng})
	l.stop.Store(true)
	cancel()
	l.writers.Wait()
	if len(l.errs) > 0 {
		t.Fatalf("Append: %v, want no errors", l.errs)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	options.FS = lost
	after := mustOpen(t, "data/log", options)
	checkDurable(t, after, answered, position)
	if evidence := highestEvidence(t, after); uint64(evidence.Position) > after.head.Load() {
		t.Fatalf("evidence after a power loss = %+v, want at most the head %d", evidence, after.head.Load())
	}
	if err := after.Close(); err != nil {
		t.Fatal(err)
	}
	return lost
}

func TestFailedDisk(t *testing.T) {
	suffix := func(s string) func(errorfs.Op) bool {
		return func(op errorfs.Op) bool { return strings.HasSuffix(op.Path, s) }
	}
	wal, table := suffix(".log"), suffix(".sst")
	for _, fault := range []struct {
		name    string
		err     error
		once    bool // later operations succeed, which must not make a difference
		matches func(errorfs.Op) bool
	}{
		{"SyncEIO", syscall.EIO, false, func(op errorfs.Op) bool { return wal(op) && isSync(op) }},
		{"SyncEIOOnce", syscall.EIO, true, func(op errorfs.Op) bool { return wal(op) && isSync(op) }},
		{"WriteENOSPC", syscall.ENOSPC, false, func(op errorfs.Op) bool { return wal(op) && op.Kind == errorfs.OpFileWrite }},
		{"WriteENOSPCOnce", syscall.ENOSPC, true,
			func(op errorfs.Op) bool { return wal(op) && op.Kind == errorfs.OpFileWrite }},
		{"NextLogENOSPC", syscall.ENOSPC, false, func(op errorfs.Op) bool {
			return wal(op) && op.Kind == errorfs.OpCreate
		}},
		{"FlushENOSPC", syscall.ENOSPC, false,
			func(op errorfs.Op) bool { return table(op) && op.Kind == errorfs.OpFileWrite }},
		{"FlushSyncEIO", syscall.EIO, false, func(op errorfs.Op) bool { return table(op) && isSync(op) }},
	} {
		for behaviour, ending := range map[string]func(){
			"Blocks": func() { select {} }, "Goexit": runtime.Goexit, "Returns": func() {},
		} {
			t.Run(fault.name+"/Fatal"+behaviour, func(t *testing.T) {
				testFailedDisk(t, fault.err, fault.once, fault.matches, ending)
			})
		}
	}
}

// withFaults injects faults into files. errorfs does not cover reused files, so new files are created instead, which
// vfs.FS allows.
func withFaults(files vfs.FS, inject errorfs.InjectorFunc) vfs.FS {
	return noReuse{errorfs.Wrap(files, inject)}
}

type noReuse struct{ vfs.FS }

func (n noReuse) ReuseForWrite(oldName, newName string, category vfs.DiskWriteCategory) (vfs.File, error) {
	if err := n.Remove(oldName); err != nil {
		return nil, err
	}
	return n.Create(newName, category)
}

func isSync(op errorfs.Op) bool {
	return op.Kind == errorfs.OpFileSync || op.Kind == errorfs.OpFileSyncData || op.Kind == errorfs.OpFileSyncTo
}

func testFailedDisk(t *testing.T, fault error, once bool, matches func(errorfs.Op) bool, ending func()) {
	disk := vfs.NewCrashableMem()
	var failing atomic.Bool
	var failures atomic.Int64
	inject := errorfs.InjectorFunc(func(op errorfs.Op) error {
		if !failing.Load() || !matches(op) || (failures.Add(1) > 1 && once) {
			return nil
		}
		return fault
	})
	reasons := make(chan error, 1)
	s := mustOpen(t, "log", Options{FS: withFaults(disk, inject), memTable: 256 << 10, Fatal: func(err error) {
		reasons <- err
		ending()
	}})
	l := startLoad(t, s, 1)
	l.await(t, 50)
	failing.Store(true)
	reason := <-reasons
	if !errors.Is(reason, fault) && !strings.Contains(reason.Error(), fault.Error()) {
		t.Errorf("Fatal was called with %v, want %v", reason, fault)
	}
	l.writers.Wait()
	for _, err := range l.errs {
		if !errors.Is(err, events.ErrUnknown) && !errors.Is(err, events.ErrUnavailable) {
			t.Errorf("Append during the failure: %v, want %v or %v", err, events.ErrUnknown, events.ErrUnavailable)
		}
	}
	if len(l.errs) != loadStreams {
		t.Errorf("%d writers got an error, want %d", len(l.errs), loadStreams)
	}
	for range 3 {
		_, err := s.Append(context.Background(), "late-1", events.NoStream, sampleBatch(1))
		if !errors.Is(err, events.ErrUnavailable) {
			t.Errorf("Append after the failure: %v, want %v", err, events.ErrUnavailable)
		}
	}
	if err := s.Close(); !errors.Is(err, events.ErrUnavailable) {
		t.Errorf("Close: %v, want %v", err, events.ErrUnavailable)
	}
	// Only synced data survive.
	answered, position := l.acknowledged()
	after := mustOpen(t, "log", Options{FS: disk.CrashClone(vfs.CrashCloneCfg{})})
	checkDurable(t, after, answered, position)
	if err := after.Close(); err != nil {
		t.Error(err)
	}
}
