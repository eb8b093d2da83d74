package embedded

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"admitone/events"
)

// recordedLog writes appends of various sizes and times to three streams of a log and returns its
// events.
func recordedLog(t *testing.T, appends int) []events.Recorded {
	t.Helper()
	now := time.Date(2029, 3, 4, 5, 6, 7, 800, time.UTC)
	s := mustOpen(t, t.TempDir(), Options{Now: func() time.Time { return now }})
	defer s.Close()
	heads := [3]events.Revision{events.NoStream, events.NoStream, events.NoStream}
	for i := range appends {
		n := i * 7 % 3
		appended, err := s.Append(context.Background(), events.NewStreamID("product", fmt.Sprint(n)), heads[n],
			sampleBatch(1+i%5))
		if err != nil {
			t.Fatal(err)
		}
		heads[n] = appended.Revision
		now = now.Add(time.Duration(i%3) * time.Millisecond)
	}
	return readEverything(t, s)
}

func mustOpenImport(t *testing.T, dir string, options Options) *Importer {
	t.Helper()
	options.Logger = discardLogger
	options.Fatal = func(err error) { t.Errorf("fatal: %v", err) }
	i, err := OpenImport(dir, options)
	if err != nil {
		t.Fatal(err)
	}
	return i
}

// TestImport imports a log in several runs; the result equals the original and accepts further
// appends.
func TestImport(t *testing.T) {
	want, dir := recordedLog(t, 300), t.TempDir()
	random := rand.New(rand.NewPCG(1, 2))
	for left := want; ; {
		i := mustOpenImport(t, dir, Options{})
		if have := int(i.Head()); have != len(want)-len(left) {
			t.Fatalf("it continues at %d, want %d", have, len(want)-len(left))
		}
		for range 4 {
			page := left[:min(random.IntN(40), len(left))]
			if err := i.Append(page); err != nil {
				t.Fatal(err)
			}
			left = left[len(page):]
		}
		if page, err := i.ReadAll(t.Context(), 0, events.Forward, 1<<20); err != nil ||
			!slices.EqualFunc(page, want[:len(want)-len(left)], sameRecorded) {
			t.Fatalf("the imported part has %d events, %v", len(page), err)
		}
		if len(left) == 0 {
			if err := errors.Join(i.Finish(), i.Close()); err != nil {
				t.Fatal(err)
			}
			break
		}
		if err := i.Close(); err != nil {
			t.Fatal(err)
		}
		if s, err := Open(dir, Options{Logger: discardLogger}); !errors.Is(err, ErrUnfinished) {
			t.Fatalf("an unfinished import was opened: %v, %v, want %v", s, err, ErrUnfinished)
		}
	}
	s := mustOpen(t, dir, Options{})
	defer s.Close()
	if all := readEverything(t, s); !slices.EqualFunc(all, want, sameRecorded) {
		t.Error("the continued import differs from the source")
	}
	last := map[events.StreamID]events.Revision{}
	for i := range want {
		last[want[i].Stream] = want[i].Revision
	}
	for stream, head := range last {
		if _, err := s.Append(t.Context(), stream, head-1, sampleBatch(1)); !errors.Is(err, events.ErrConflict) {
			t.Errorf("%s before its end: %v, want %v", stream, err, events.ErrConflict)
		}
		appended, err := s.Append(t.Context(), stream, head, sampleBatch(2))
		if err != nil || appended.Revision != head+2 {
			t.Errorf("the next append to %s: %+v, %v, want Revision %v", stream, appended, err, head+2)
		}
	}
}

// TestImportContinuesALog: an import continues a log that was in use, and no one else can open it
// meanwhile.
func TestImportContinuesALog(t *testing.T) {
	want, dir := recordedLog(t, 60), t.TempDir()
	first := mustOpenImport(t, dir, Options{})
	if err := errors.Join(first.Append(want[:50]), first.Finish(), first.Close()); err != nil {
		t.Fatal(err)
	}
	s := mustOpen(t, dir, Options{})
	epoch := s.Epoch()
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	i := mustOpenImport(t, dir, Options{})
	if err := i.Close(); err != nil {
		t.Fatal(err)
	}
	if err := mustOpen(t, dir, Options{}).Close(); err != nil { // nothing was imported yet
		t.Fatal(err)
	}
	i = mustOpenImport(t, dir, Options{})
	hash, err := i.LastHash(t.Context(), want[49].Stream)
	if recorded, _ := events.RecordedHash(want[49].Metadata); err != nil || hash != recorded {
		t.Errorf("the last hash is %v, %v, want %v", hash, err, recorded)
	}
	if hash, err := i.LastHash(t.Context(), "none-1"); err != nil || hash != (events.Hash{}) {
		t.Errorf("the last hash of no stream is %v, %v, want %v", hash, err, events.Hash{})
	}
	if err := errors.Join(i.Append(want[50:90]), i.Close()); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(dir, Options{Logger: discardLogger}); !errors.Is(err, ErrUnfinished) {
		t.Errorf("an unfinished import was opened: %v, want %v", err, ErrUnfinished)
	}
	i = mustOpenImport(t, dir, Options{})
	if err := errors.Join(i.Append(want[90:]), i.Finish(), i.Close()); err != nil {
		t.Fatal(err)
	}
	s = mustOpen(t, dir, Options{})
	defer s.Close()
	if all := readEverything(t, s); !slices.EqualFunc(all, want, sameRecorded) || s.Epoch() != epoch {
		t.Errorf("the imported log differs, epochs %s and %s", epoch, s.Epoch())
	}
}

// TestBadImports: an event that no log could have recorded is refused, with its whole page.
func TestBadImports(t *testing.T) {
	want := recordedLog(t, 40)
	for name, test := range map[string]struct {
		change func(e *events.Recorded)
		want   error
	}{
		"position before":  {func(e *events.Recorded) { e.Position-- }, ErrBadImport},
		"position behind":  {func(e *events.Recorded) { e.Position++ }, ErrBadImport},
		"revision before":  {func(e *events.Recorded) { e.Revision-- }, ErrBadImport},
		"revision behind":  {func(e *events.Recorded) { e.Revision++ }, ErrBadImport},
		"other stream":     {func(e *events.Recorded) { e.Stream = "product-9" }, ErrBadImport},
		"earlier":          {func(e *events.Recorded) { e.Created = e.Created.Add(-time.Hour) }, ErrBadImport},
		"too exact a time": {func(e *events.Recorded) { e.Created = e.Created.Add(time.Nanosecond) }, ErrBadImport},
		"no stream":        {func(e *events.Recorded) { e.Stream = "" }, ErrBadAppend},
		"a long type":      {func(e *events.Recorded) { e.Type = string(make([]byte, MaxTypeBytes+1)) }, ErrBadAppend},
	} {
		dir := t.TempDir()
		i := mustOpenImport(t, dir, Options{})
		bad := slices.Clone(want[20:40])
		test.change(&bad[10])
		if err := i.Append(want[:20]); err != nil {
			t.Fatal(err)
		}
		if err := i.Append(bad); !errors.Is(err, test.want) {
			t.Errorf("%s: %v, want %v", name, err, test.want)
		}
		for _, again := range []error{i.Append(want[20:40]), i.Finish()} {
			if !errors.Is(again, test.want) {
				t.Errorf("%s, and then: %v, want %v", name, again, test.want)
			}
		}
		if err := i.Close(); err != nil {
			t.Fatal(err)
		}
		i = mustOpenImport(t, dir, Options{})
		if i.Head() != 20 {
			t.Errorf("%s: %d events are there, want 20", name, i.Head())
		}
		if err := errors.Join(i.Append(want[20:]), i.Finish(), i.Close()); err != nil {
			t.Errorf("%s, then a valid page: %v, want success", name, err)
		}
	}
}

// TestImportPowerLoss: the pages that an import has written are durable, and the log remains
// unfinished.
func TestImportPowerLoss(t *testing.T) {
	want := recordedLog(t, 60)
	for seed := range uint64(40) {
		random := rand.New(rand.NewPCG(seed, 3))
		disk := vfs.NewCrashableMem()
		i := mustOpenImport(t, "log", Options{FS: disk, memTable: 512 << 10})
		written := 0
		for range random.IntN(5) {
			page := want[written:min(len(want), written+random.IntN(30))]
			if err := i.Append(page); err != nil {
				t.Fatal(err)
			}
			written += len(page)
		}
		lost := disk.CrashClone(vfs.CrashCloneCfg{UnsyncedDataPercent: 50, RNG: random})
		if err := i.Close(); err != nil {
			t.Fatal(err)
		}
		if _, err := Open("log", Options{FS: lost, Logger: discardLogger}); !errors.Is(err, ErrUnfinished) {
			t.Errorf("an unfinished import was opened: %v, want %v", err, ErrUnfinished)
		}
		i = mustOpenImport(t, "log", Options{FS: lost})
		if int(i.Head()) != written {
			t.Errorf("the log has %d events, want %d", i.Head(), written)
		}
		if err := errors.Join(i.Append(want[i.Head():]), i.Finish(), i.Close()); err != nil {
			t.Fatal(err)
		}
		s := mustOpen(t, "log", Options{FS: lost})
		if all := readEverything(t, s); !slices.EqualFunc(all, want, sameRecorded) {
			t.Errorf("seed %d: the imported log differs from the source", seed)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
}
