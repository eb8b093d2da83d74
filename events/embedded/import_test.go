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

// recordedLog returns the events of a log with appends of various sizes, at various times, to three streams.
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

// TestImport: a log that is imported in several runs equals the original and accepts further appends.
func TestImport(t *testing.T) {
	want, dir := recordedLog(t, 300), t.TempDir()
	random := rand.New(rand.NewPCG(1, 2))
	for left := want; ; {
		i := mustOpenImport(t, dir, Options{})
		if have := int(i.Head()); have != len(want)-len(left) {
			t.Fatalf("Head = %d, want %d", have, len(want)-len(left))
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
			t.Fatalf("ReadAll during the import returned %d events, %v; want the first %d", len(page), err, len(want)-len(left))
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
			t.Fatalf("Open during the import = %v, %v; want %v", s, err, ErrUnfinished)
		}
	}
	s := mustOpen(t, dir, Options{})
	defer s.Close()
	if all := readEverything(t, s); !slices.EqualFunc(all, want, sameRecorded) {
		t.Errorf("the imported log has %d events that differ from the %d of the original", len(all), len(want))
	}
	last := map[events.StreamID]events.Revision{}
	for i := range want {
		last[want[i].Stream] = want[i].Revision
	}
	for stream, head := range last {
		if _, err := s.Append(t.Context(), stream, head-1, sampleBatch(1)); !errors.Is(err, events.ErrConflict) {
			t.Errorf("Append to %s before its last revision: %v, want %v", stream, err, events.ErrConflict)
		}
		appended, err := s.Append(t.Context(), stream, head, sampleBatch(2))
		if err != nil || appended.Revision != head+2 {
			t.Errorf("Append to %s = %+v, %v; want revision %d", stream, appended, err, head+2)
		}
	}
}

// TestImportContinuesLog: an import can continue a log that has been in use. Until it is finished, Open refuses the
// log.
func TestImportContinuesLog(t *testing.T) {
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
	if err := mustOpen(t, dir, Options{}).Close(); err != nil { // allowed, because nothing was imported
		t.Fatal(err)
	}
	i = mustOpenImport(t, dir, Options{})
	hash, err := i.LastHash(t.Context(), want[49].Stream)
	if recorded, _ := events.RecordedHash(want[49].Metadata); err != nil || hash != recorded {
		t.Errorf("LastHash = %v, %v; want %v", hash, err, recorded)
	}
	if hash, err := i.LastHash(t.Context(), "none-1"); err != nil || hash != (events.Hash{}) {
		t.Errorf("LastHash of a missing stream = %v, %v; want zero", hash, err)
	}
	if err := errors.Join(i.Append(want[50:90]), i.Close()); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(dir, Options{Logger: discardLogger}); !errors.Is(err, ErrUnfinished) {
		t.Errorf("Open during the import: %v, want %v", err, ErrUnfinished)
	}
	i = mustOpenImport(t, dir, Options{})
	if err := errors.Join(i.Append(want[90:]), i.Finish(), i.Close()); err != nil {
		t.Fatal(err)
	}
	s = mustOpen(t, dir, Options{})
	defer s.Close()
	if all := readEverything(t, s); !slices.EqualFunc(all, want, sameRecorded) || s.Epoch() != epoch {
		t.Errorf("the imported log has %d events and epoch %s, want the %d of the original and %s", len(all), s.Epoch(),
			len(want), epoch)
	}
}

// TestBadImports: a page with an event that cannot follow the previous ones is refused as a whole.
func TestBadImports(t *testing.T) {
	want := recordedLog(t, 40)
	for name, test := range map[string]struct {
		change func(e *events.Recorded)
		want   error
	}{
		"duplicate position": {func(e *events.Recorded) { e.Position-- }, ErrBadImport},
		"skipped position":   {func(e *events.Recorded) { e.Position++ }, ErrBadImport},
		"duplicate revision": {func(e *events.Recorded) { e.Revision-- }, ErrBadImport},
		"skipped revision":   {func(e *events.Recorded) { e.Revision++ }, ErrBadImport},
		"different stream":   {func(e *events.Recorded) { e.Stream = "product-9" }, ErrBadImport},
		"earlier time":       {func(e *events.Recorded) { e.Created = e.Created.Add(-time.Hour) }, ErrBadImport},
		"time between ticks": {func(e *events.Recorded) { e.Created = e.Created.Add(time.Nanosecond) }, ErrBadImport},
		"empty stream id":    {func(e *events.Recorded) { e.Stream = "" }, ErrBadAppend},
		"long type":          {func(e *events.Recorded) { e.Type = string(make([]byte, MaxTypeBytes+1)) }, ErrBadAppend},
	} {
		dir := t.TempDir()
		i := mustOpenImport(t, dir, Options{})
		bad := slices.Clone(want[20:40])
		test.change(&bad[10])
		if err := i.Append(want[:20]); err != nil {
			t.Fatal(err)
		}
		if err := i.Append(bad); !errors.Is(err, test.want) {
			t.Errorf("%s: Append: %v, want %v", name, err, test.want)
		}
		for _, again := range []error{i.Append(want[20:40]), i.Finish()} {
			if !errors.Is(again, test.want) {
				t.Errorf("%s: Append or Finish after the error: %v, want %v", name, again, test.want)
			}
		}
		if err := i.Close(); err != nil {
			t.Fatal(err)
		}
		i = mustOpenImport(t, dir, Options{})
		if i.Head() != 20 {
			t.Errorf("%s: the log has %d events, want 20", name, i.Head())
		}
		if err := errors.Join(i.Append(want[20:]), i.Finish(), i.Close()); err != nil {
			t.Errorf("%s: Append of a valid page: %v, want success", name, err)
		}
	}
}

// TestImportPowerLoss: after a power loss, the log has the pages that were written, and the import is unfinished.
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
			t.Errorf("Open after a power loss: %v, want %v", err, ErrUnfinished)
		}
		i = mustOpenImport(t, "log", Options{FS: lost})
		if int(i.Head()) != written {
			t.Errorf("seed %d: the log has %d events after a power loss, want %d", seed, i.Head(), written)
		}
		if err := errors.Join(i.Append(want[i.Head():]), i.Finish(), i.Close()); err != nil {
			t.Fatal(err)
		}
		s := mustOpen(t, "log", Options{FS: lost})
		if all := readEverything(t, s); !slices.EqualFunc(all, want, sameRecorded) {
			t.Errorf("seed %d: the imported log has %d events that differ from the %d of the original", seed, len(all), len(want))
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
}
