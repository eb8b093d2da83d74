package embedded

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/cockroachdb/pebble/v2/vfs/errorfs"

	"admitone/events"
)

// part returns an append to one stream that is part of an append to several. Its n events contain the id of the whole,
// their index in the whole, from at on, and the size of the whole.
func part(stream events.StreamID, expected events.Revision, id string, at, n, size int) events.StreamAppend {
	a := events.StreamAppend{Stream: stream, Expected: expected}
	for i := range n {
		a.Batch = append(a.Batch, events.Event{
			ID:   events.EventID(id, at+i),
			Type: "load.v1",
			Data: fmt.Appendf(nil, "%s %d %d %s", id, at+i, size, strings.Repeat("x", (at+i)*37%500)),
		})
	}
	return a
}

// drawAppend returns an append to 1 to 4 streams with 1 to 3 events each, and updates last.
func drawAppend(rng *rand.Rand, id string, streams []events.StreamID, last []events.Revision) []events.StreamAppend {
	chosen := rng.Perm(len(streams))[:1+rng.IntN(min(4, len(streams)))]
	counts, size := make([]int, len(chosen)), 0
	for i := range counts {
		counts[i] = 1 + rng.IntN(3)
		size += counts[i]
	}
	var appends []events.StreamAppend
	at := 0
	for i, n := range chosen {
		appends = append(appends, part(streams[n], last[n], id, at, counts[i], size))
		last[n] += events.Revision(counts[i])
		at += counts[i]
	}
	return appends
}

// checkWhole checks that the log has all events of each append or none, and returns the ids of the appends.
func checkWhole(t *testing.T, s *Store) map[string]bool {
	t.Helper()
	complete := make(map[string]bool)
	var id string
	next, size := 0, 0
	perStream := make(map[events.StreamID]events.Revision)
	for r, err := range events.All(context.Background(), s, 0) {
		if err != nil {
			t.Fatal(err)
		}
		var whole string
		var at, n int
		if _, err := fmt.Sscan(string(r.Data), &whole, &at, &n); err != nil {
			t.Fatal(err)
		}
		if next == size {
			id, next, size = whole, 0, n
		}
		if whole != id || at != next || n != size {
			t.Fatalf("position %d has event %d of append %s, want %d of %s", r.Position, at, whole, next, id)
		}
		if next++; next == size {
			complete[id] = true
		}
		perStream[r.Stream]++
	}
	if next != size {
		t.Fatalf("the log ends with %d of %d events of append %s, want all", next, size, id)
	}
	for stream, n := range perStream {
		page, err := s.Read(context.Background(), stream, 0, events.Forward, int(n)+1)
		if err != nil || len(page) != int(n) {
			t.Fatalf("Read of %s returned %d events, %v; want %d", stream, len(page), err, n)
		}
	}
	return complete
}

// multiLoad runs writers, each of which appends to several of its streams at a time, and creates new ones.
type multiLoad struct {
	mu       sync.Mutex
	answered map[string]bool // guarded by mu
	stop     atomic.Bool
	writers  sync.WaitGroup
	answers  atomic.Int64
}

func (l *multiLoad) run(t *testing.T, s *Store, seed uint64) {
	for w := range uint64(3) {
		l.writers.Go(func() {
			rng := rand.New(rand.NewPCG(seed, w))
			var streams []events.StreamID
			var last []events.Revision
			for i := 0; !l.stop.Load(); i++ {
				if i%4 == 0 {
					streams = append(streams, events.StreamID(fmt.Sprintf("load-%d-%d", w, i)))
					last = append(last, events.NoStream)
				}
				id := fmt.Sprintf("%d.%d", w, i)
				if _, err := s.AppendAll(context.Background(), drawAppend(rng, id, streams, last)); err != nil {
					t.Error(err)
					return
				}
				l.mu.Lock()
				l.answered[id] = true
				l.mu.Unlock()
				l.answers.Add(1)
			}
		})
	}
}

// TestAppendAllPowerLoss: after a power loss at a random time, the log has every acknowledged append, and others
// completely or not at all.
func TestAppendAllPowerLoss(t *testing.T) {
	eachSeed(t, func(t *testing.T, seed uint64) {
		rng := rand.New(rand.NewPCG(seed, 7))
		disk := vfs.NewCrashableMem()
		s := mustOpen(t, "log", Options{FS: disk, memTable: 256 << 10})
		l := &multiLoad{answered: make(map[string]bool)}
		l.run(t, s, seed)
		for enough := int64(rng.IntN(150)); l.answers.Load() < enough && !t.Failed(); {
			runtime.Gosched()
		}
		l.mu.Lock()
		answered := make([]string, 0, len(l.answered))
		for id := range l.answered {
			answered = append(answered, id)
		}
		l.mu.Unlock()
		lost := disk.CrashClone(vfs.CrashCloneCfg{UnsyncedDataPercent: rng.IntN(101), RNG: rng})
		l.stop.Store(true)
		l.writers.Wait()
		closeStore(t, s)
		after := mustOpen(t, "log", Options{FS: lost})
		whole := checkWhole(t, after)
		for _, id := range answered {
			if !whole[id] {
				t.Errorf("append %s was acknowledged and is not in the log, want it there", id)
			}
		}
		closeStore(t, after)
	})
}

// TestAppendAllTruncatedLog: if the write-ahead log is truncated to any length, the log has all or no events of each
// append.
func TestAppendAllTruncatedLog(t *testing.T) {
	dir, crashed := t.TempDir(), t.TempDir()
	s := mustOpen(t, dir, Options{})
	rng := rand.New(rand.NewPCG(1, 1))
	streams := []events.StreamID{"a-1", "b-1", "c-1", "d-1"}
	last := []events.Revision{-1, -1, -1, -1}
	const appends = 12
	for i := range appends {
		if _, err := s.AppendAll(t.Context(), drawAppend(rng, fmt.Sprint(i), streams, last)); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.CopyFS(crashed, os.DirFS(dir)); err != nil {
		t.Fatal(err)
	}
	closeStore(t, s)
	logs := files(t, crashed, ".log")
	name, err := filepath.Rel(crashed, logs[len(logs)-1])
	if err != nil {
		t.Fatal(err)
	}
	content, err := os.ReadFile(logs[len(logs)-1])
	if err != nil {
		t.Fatal(err)
	}
	content = []byte(strings.TrimRight(string(content), "\x00"))
	lengths := make(map[int]bool)
	for size := 0; size <= len(content); size += 97 {
		cut := t.TempDir()
		if err := os.CopyFS(cut, os.DirFS(crashed)); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(cut, name), content[:size], 0o600); err != nil {
			t.Fatal(err)
		}
		after := mustOpen(t, cut, Options{})
		lengths[len(checkWhole(t, after))] = true
		closeStore(t, after)
	}
	if len(lengths) < appends {
		t.Errorf("%d different lengths of the log, want at least %d", len(lengths), appends)
	}
}

// TestAllAnsweredAfterFailedWrite: after a failed write, every waiting append returns an error.
func TestAllAnsweredAfterFailedWrite(t *testing.T) {
	var failing atomic.Bool
	files := withFaults(vfs.NewMem(), errorfs.InjectorFunc(func(op errorfs.Op) error {
		if failing.Load() && strings.HasSuffix(op.Path, ".log") && isSync(op) {
			return syscall.EIO
		}
		return nil
	}))
	s := mustOpen(t, "log", Options{FS: files, Fatal: func(error) {}})
	failing.Store(true)
	const appends = 200
	outcomes := make(chan error, 2*appends)
	var all sync.WaitGroup
	for i := range appends {
		all.Go(func() {
			stream := events.StreamID(fmt.Sprint("a-", i))
			if err := s.AppendThen(context.Background(), stream, events.NoStream, sampleBatch(1),
				func(_ events.Appended, err error) { outcomes <- err }); err != nil {
				outcomes <- err
			}
			_, err := s.AppendAll(context.Background(), []events.StreamAppend{
				{Stream: stream + "x", Expected: events.NoStream, Batch: sampleBatch(1)},
				{Stream: stream + "y", Expected: events.NoStream, Batch: sampleBatch(1)},
			})
			outcomes <- err
		})
	}
	for range 2 * appends {
		if err := <-outcomes; !errors.Is(err, events.ErrUnknown) && !errors.Is(err, events.ErrUnavailable) {
			t.Errorf("append after a failed write: %v, want %v or %v", err, events.ErrUnknown, events.ErrUnavailable)
		}
	}
	all.Wait()
	if err := s.Close(); !errors.Is(err, events.ErrUnavailable) {
		t.Errorf("Close: %v, want %v", err, events.ErrUnavailable)
	}
}

func TestBadAppendAll(t *testing.T) {
	s := mustOpen(t, "log", Options{FS: vfs.NewMem()})
	defer closeStore(t, s)
	one := func(stream events.StreamID, data int) events.StreamAppend {
		batch := []events.Event{{Data: make([]byte, data)}}
		return events.StreamAppend{Stream: stream, Expected: events.NoStream, Batch: batch}
	}
	many := make([]events.StreamAppend, MaxStreams+1)
	for i := range many {
		many[i] = one(events.StreamID(fmt.Sprint("a-", i)), 0)
	}
	for name, test := range map[string]struct {
		appends []events.StreamAppend
		want    error
	}{
		"None":       {nil, ErrBadAppend},
		"Many":       {many, ErrBadAppend},
		"Duplicate":  {[]events.StreamAppend{one("a", 1), one("b", 1), one("a", 1)}, ErrBadAppend},
		"EmptyBatch": {[]events.StreamAppend{one("a", 1), {Stream: "b", Expected: events.NoStream}}, ErrBadAppend},
		"BadStream":  {[]events.StreamAppend{one("a", 1), one("b\x00", 1)}, ErrBadAppend},
		"TooLarge":   {[]events.StreamAppend{one("a", MaxBatchBytes/2), one("b", MaxBatchBytes/2)}, events.ErrTooLarge},
	} {
		if _, err := s.AppendAll(t.Context(), test.appends); !errors.Is(err, test.want) {
			t.Errorf("%s: AppendAll: %v, want %v", name, err, test.want)
		}
	}
	if _, err := s.AppendAll(t.Context(), many[:MaxStreams]); err != nil {
		t.Errorf("AppendAll to %d streams: %v, want success", MaxStreams, err)
	}
	if head, err := s.Head(t.Context()); head != MaxStreams || err != nil {
		t.Errorf("Head = %d, %v; want %d", head, err, MaxStreams)
	}
}
