package embedded

import (
	"errors"
	"fmt"
	"io"
	"runtime"
	"slices"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"

	"admitone/events"
)

// awaitStreams waits until the filter of a log is complete.
func awaitStreams(t testing.TB, s *Store) {
	t.Helper()
	for !s.streams.complete.Load() {
		select {
		case <-s.streams.ended:
			t.Fatal("the filter was not completed")
		default:
			runtime.Gosched()
		}
	}
}

// appendStreams appends an event to each of n new streams.
func appendStreams(t testing.TB, s *Store, prefix string, n int) {
	t.Helper()
	for i := range n {
		stream := events.NewStreamID(prefix, fmt.Sprint(i))
		if _, err := s.Append(t.Context(), stream, events.NoStream, sampleBatch(1)); err != nil {
			t.Fatal(err)
		}
	}
}

// checkStreams checks that no stream of the log is absent: reads find each, and an append that
// expects none is refused.
func checkStreams(t testing.TB, s *Store) {
	t.Helper()
	awaitStreams(t, s)
	for r, err := range events.All(t.Context(), s, 0) {
		if err != nil {
			t.Fatal(err)
		}
		page, err := s.Read(t.Context(), r.Stream, 0, events.Forward, 1)
		if len(page) != 1 || err != nil {
			t.Errorf("%s at position %d: read %d events, %v, want 1", r.Stream, r.Position, len(page), err)
		}
		if _, err := s.Append(t.Context(), r.Stream, events.NoStream, sampleBatch(1)); !errors.Is(err, events.ErrConflict) {
			t.Fatalf("%s at position %d: an append that expects no stream: %v, want %v",
				r.Stream, r.Position, err, events.ErrConflict)
		}
	}
}

func closeStore(t testing.TB, s *Store) {
	t.Helper()
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
}

func readFile(t testing.TB, files vfs.FS, name string) []byte {
	t.Helper()
	file, err := files.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	content, err := io.ReadAll(file)
	if err != nil {
		t.Fatal(err)
	}
	return content
}

func writeFile(t testing.TB, files vfs.FS, name string, content []byte) {
	t.Helper()
	file, err := files.Create(name, vfs.WriteCategoryUnspecified)
	if err != nil {
		t.Fatal(err)
	}
	_, err = file.Write(content)
	if err := errors.Join(err, file.Close()); err != nil {
		t.Fatal(err)
	}
}

const filterPath = "data/" + filterFile

// savedLog is a log with two filters: older was saved after half of its streams, newer at its end.
func savedLog(t testing.TB) (disk *vfs.MemFS, older, newer []byte) {
	t.Helper()
	disk = vfs.NewMem()
	s := mustOpen(t, "data", Options{FS: disk})
	awaitStreams(t, s)
	appendStreams(t, s, "seat", 20)
	s.saveStreams()
	older = readFile(t, disk, filterPath)
	appendStreams(t, s, "booking", 20)
	s.saveStreams()
	newer = readFile(t, disk, filterPath)
	closeStore(t, s)
	return disk, older, newer
}

func TestFilterOfAnEarlierPosition(t *testing.T) {
	disk, older, _ := savedLog(t)
	writeFile(t, disk, filterPath, older)
	s := mustOpen(t, "data", Options{FS: disk})
	defer closeStore(t, s)
	if s.streams.seen != 20 || s.streams.byIndex {
		t.Fatalf("the saved filter was not used: streams up to %d, by index %t", s.streams.seen, s.streams.byIndex)
	}
	checkStreams(t, s)
	if !s.streams.absent("seat-20") {
		t.Error("absent = false for a stream that does not exist")
	}
}

// TestFilterAfterACrash cuts the power at any time after the filter was saved.
func TestFilterAfterACrash(t *testing.T) {
	disk := vfs.NewCrashableMem()
	s := mustOpen(t, "data", Options{FS: disk})
	defer closeStore(t, s)
	awaitStreams(t, s)
	for n := range 8 {
		appendStreams(t, s, fmt.Sprint("seat", n), 5)
		if n%3 == 0 {
			s.saveStreams()
		}
		after := mustOpen(t, "data", Options{FS: disk.CrashClone(vfs.CrashCloneCfg{})})
		if after.streams.seen != events.Position(n/3*15+5) {
			t.Errorf("after %d streams, the filter has those up to %d, want %d",
				5*n+5, after.streams.seen, events.Position(n/3*15+5))
		}
		checkStreams(t, after)
		closeStore(t, after)
	}
}

// TestDamagedFilter flips bits of the header and set bits of the filter, and cuts the file at many
// sizes.
func TestDamagedFilter(t *testing.T) {
	disk, _, intact := savedLog(t)
	s := mustOpen(t, "data", Options{FS: disk})
	refused := func(broken []byte, what string, n int) {
		writeFile(t, disk, filterPath, broken)
		if _, _, err := s.readFilter(); err == nil {
			t.Errorf("%s %d: the damaged filter was used", what, n)
		}
	}
	for bit := range 8 * len(intact) {
		set := intact[bit/8]&(1<<(bit%8)) != 0
		if bit%5 > 0 || bit >= 8*filterHeader && !set {
			continue
		}
		broken := slices.Clone(intact)
		broken[bit/8] ^= 1 << (bit % 8)
		refused(broken, "flipped bit", bit)
	}
	for size := 0; size < len(intact); size += 9999 {
		refused(intact[:size], "cut at", size)
	}
	refused(intact[:len(intact)-1], "cut at", len(intact)-1)
	refused(append(slices.Clone(intact), 0), "longer than", len(intact))
	closeStore(t, s)

	broken := slices.Clone(intact)
	clear(broken[filterHeader+layerHeader : len(broken)-snapshotChecksum])
	for _, file := range [][]byte{broken, intact[:len(intact)/2]} {
		writeFile(t, disk, filterPath, file)
		s := mustOpen(t, "data", Options{FS: disk})
		checkStreams(t, s)
		closeStore(t, s)
	}
}

// TestFilterOfALongerLog: a log is restored from a copy of its folder, next to the filter of its later
// state. Then it gets other events, with or without knowing of the filter.
func TestFilterOfALongerLog(t *testing.T) {
	for _, more := range []int{0, 5, 60} {
		disk := vfs.NewMem()
		s := mustOpen(t, "data", Options{FS: disk})
		appendStreams(t, s, "seat", 20)
		closeStore(t, s)
		copied := func(from, to string) {
			if ok, err := vfs.Clone(disk, disk, from, to, vfs.CloneSync); !ok || err != nil {
				t.Fatalf("the filter was saved: %t, %v", ok, err)
			}
		}
		copied("data", "copy")
		s = mustOpen(t, "data", Options{FS: disk})
		awaitStreams(t, s)
		appendStreams(t, s, "booking", 20)
		s.saveStreams()
		closeStore(t, s)
		newer := readFile(t, disk, filterPath)
		if err := disk.RemoveAll("data"); err != nil {
			t.Fatal(err)
		}
		copied("copy", "data")
		// Before the filter is back, as by a version that does not know it.
		s = mustOpen(t, "data", Options{FS: disk})
		appendStreams(t, s, "other", more)
		closeStore(t, s)
		writeFile(t, disk, filterPath, newer)
		s = mustOpen(t, "data", Options{FS: disk})
		if s.streams.seen != 0 {
			t.Errorf("%d other events: the filter of a different log was used", more)
		}
		checkStreams(t, s)
		closeStore(t, s)
	}
}

func TestFilterOfAnotherLog(t *testing.T) {
	disk, _, _ := savedLog(t)
	other := mustOpen(t, "other", Options{FS: disk})
	awaitStreams(t, other)
	appendStreams(t, other, "allowance", 40)
	other.saveStreams()
	closeStore(t, other)
	writeFile(t, disk, filterPath, readFile(t, disk, "other/"+filterFile))
	s := mustOpen(t, "data", Options{FS: disk})
	defer closeStore(t, s)
	if s.streams.seen != 0 {
		t.Error("the filter of another log was used")
	}
	checkStreams(t, s)
}

// TestFilterAfterRenew: a log that has lost its end gets a new epoch, and events in place of the
// lost ones.
func TestFilterAfterRenew(t *testing.T) {
	disk, _, _ := savedLog(t)
	s := mustOpen(t, "data", Options{FS: disk})
	if err := s.Renew(); err != nil {
		t.Fatal(err)
	}
	closeStore(t, s)
	s = mustOpen(t, "data", Options{FS: disk})
	defer closeStore(t, s)
	if s.streams.seen != 0 {
		t.Error("the filter of the previous epoch was used")
	}
	checkStreams(t, s)
}

// TestFilterIsSaved: a filter is saved by Close after many events, and while streams are added.
func TestFilterIsSaved(t *testing.T) {
	disk := vfs.NewMem()
	s := mustOpen(t, "data", Options{FS: disk})
	awaitStreams(t, s)
	appendStreams(t, s, "seat", 3)
	for n := range saveEvents / 1024 {
		if _, err := s.Append(t.Context(), "product-1", events.Revision(n*1024-1), sampleBatch(1024)); err != nil {
			t.Fatal(err)
		}
	}
	closeStore(t, s)
	s = mustOpen(t, "data", Options{FS: disk})
	defer closeStore(t, s)
	if s.streams.seen != saveEvents+3 || s.streams.filter.Size() != 4 {
		t.Errorf("position %d, %d streams, want %d, 4", s.streams.seen, s.streams.filter.Size(), saveEvents+3)
	}
	checkStreams(t, s)
	if err := disk.Remove(filterPath); err != nil {
		t.Fatal(err)
	}
	for n := range saveStreams + saveStreams/10 {
		s.streams.add(fmt.Sprint("booking-", n))
	}
	for {
		if _, err := disk.Stat(filterPath); err == nil {
			break
		}
		runtime.Gosched()
	}
}

// TestStreamsByIndex: without a filter, the streams are read from the index, whatever their names
// and however many entries they have.
func TestStreamsByIndex(t *testing.T) {
	disk := vfs.NewMem()
	s := mustOpen(t, "data", Options{FS: disk})
	for i, stream := range []events.StreamID{"a", "a\x01", "a\x01b", "a-1", "b", "\xff", "\x01"} {
		for n := range 3 * fewEntries * (i % 2) {
			if _, err := s.Append(t.Context(), stream, events.Revision(n-1), sampleBatch(1)); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := s.Append(t.Context(), stream+"2", events.NoStream, sampleBatch(1)); err != nil {
			t.Fatal(err)
		}
	}
	closeStore(t, s)
	s = mustOpen(t, "data", Options{FS: disk})
	defer closeStore(t, s)
	awaitStreams(t, s)
	if size := s.streams.filter.Size(); size != 10 {
		t.Errorf("%d streams, want 10", size)
	}
	checkStreams(t, s)
}

// TestUnreadableStreams: while the index cannot be read, every stream may exist.
func TestUnreadableStreams(t *testing.T) {
	disk := vfs.NewMem()
	s := mustOpen(t, "data", Options{FS: disk})
	appendStreams(t, s, "seat", 3)
	if err := s.db.Set([]byte("i\x00"), nil, nil); err != nil {
		t.Fatal(err)
	}
	closeStore(t, s)
	s = mustOpen(t, "data", Options{FS: disk})
	defer closeStore(t, s)
	<-s.streams.ended
	if s.streams.absent("seat-9") || !errors.Is(s.Damage(), events.ErrDamaged) {
		t.Errorf("an incomplete filter was used, or the damage was not reported: %v", s.Damage())
	}
}

// TestInterruptedStreams: Close ends the reading of the streams, and then not all are known.
func TestInterruptedStreams(t *testing.T) {
	for _, saved := range []bool{false, true} {
		disk := vfs.NewMem()
		s := mustOpen(t, "data", Options{FS: disk})
		awaitStreams(t, s)
		appendStreams(t, s, "seat", 2*checkEvery)
		if saved {
			s.saveStreams()
		}
		appendStreams(t, s, "booking", checkEvery)
		closeStore(t, s)
		c, err := open("data", Options{FS: disk, Logger: discardLogger})
		if err != nil {
			t.Fatal(err)
		}
		close(c.closing)
		c.keepStreams()
		if c.streams.byIndex == saved || c.streams.complete.Load() {
			t.Errorf("saved %t: the filter is complete %t before its streams were added", saved, c.streams.complete.Load())
		}
		if err := c.closeDB(); err != nil {
			t.Fatal(err)
		}
	}
}
