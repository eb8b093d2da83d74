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

// awaitStreams waits until the filter of streams is complete.
func awaitStreams(t testing.TB, s *Store) {
	t.Helper()
	for !s.streams.complete.Load() {
		select {
		case <-s.streams.ended:
			t.Fatal("keepStreams ended before the filter was complete")
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

// checkStreams checks that no stream of the log counts as absent: reads find each stream, and appends that expect a
// new stream conflict.
func checkStreams(t testing.TB, s *Store) {
	t.Helper()
	awaitStreams(t, s)
	for r, err := range events.All(t.Context(), s, 0) {
		if err != nil {
			t.Fatal(err)
		}
		page, err := s.Read(t.Context(), r.Stream, 0, events.Forward, 1)
		if len(page) != 1 || err != nil {
			t.Errorf("Read of %s, at position %d: %d events, %v; want 1", r.Stream, r.Position, len(page), err)
		}
		if _, err := s.Append(t.Context(), r.Stream, events.NoStream, sampleBatch(1)); !errors.Is(err, events.ErrConflict) {
			t.Fatalf("Append to %s, at position %d, that expects no stream: %v, want %v",
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

// savedLog returns a log and two saved filters: older has half of its streams, newer all.
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

func TestOlderFilter(t *testing.T) {
	disk, older, _ := savedLog(t)
	writeFile(t, disk, filterPath, older)
	s := mustOpen(t, "data", Options{FS: disk})
	defer closeStore(t, s)
	if s.streams.saved != 20 || s.streams.byIndex {
		t.Fatalf("the filter has the streams up to %d, by index: %t; want the saved ones up to 20", s.streams.saved,
			s.streams.byIndex)
	}
	checkStreams(t, s)
	if !s.streams.absent("seat-20") {
		t.Error("absent(seat-20) = false, want true")
	}
}

// TestFilterPowerLoss: after a power loss, the saved filter is used and completed.
func TestFilterPowerLoss(t *testing.T) {
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
		if after.streams.saved != events.Position(n/3*15+5) {
			t.Errorf("after %d streams and a power loss, the saved filter has those up to %d, want %d",
				5*n+5, after.streams.saved, events.Position(n/3*15+5))
		}
		checkStreams(t, after)
		closeStore(t, after)
	}
}

// TestDamagedFilter: a filter with changed bits or a different length is not used.
func TestDamagedFilter(t *testing.T) {
	disk, _, intact := savedLog(t)
	s := mustOpen(t, "data", Options{FS: disk})
	wantRefused := func(damaged []byte, what string, n int) {
		writeFile(t, disk, filterPath, damaged)
		if _, _, err := s.readFilter(); err == nil {
			t.Errorf("readFilter accepted a filter with %s %d, want an error", what, n)
		}
	}
	for bit := range 8 * len(intact) {
		set := intact[bit/8]&(1<<(bit%8)) != 0
		if bit%5 > 0 || bit >= 8*filterHeader && !set {
			continue
		}
		damaged := slices.Clone(intact)
		damaged[bit/8] ^= 1 << (bit % 8)
		wantRefused(damaged, "flipped bit", bit)
	}
	for size := 0; size < len(intact); size += 9999 {
		wantRefused(intact[:size], "length", size)
	}
	wantRefused(intact[:len(intact)-1], "length", len(intact)-1)
	wantRefused(append(slices.Clone(intact), 0), "length", len(intact)+1)
	closeStore(t, s)

	emptied := slices.Clone(intact)
	clear(emptied[filterHeader+layerHeader : len(emptied)-snapshotChecksum])
	for _, file := range [][]byte{emptied, intact[:len(intact)/2]} {
		writeFile(t, disk, filterPath, file)
		s := mustOpen(t, "data", Options{FS: disk})
		checkStreams(t, s)
		closeStore(t, s)
	}
}

// TestFilterOfLongerLog: if a log is restored from an older copy of its folder and continued with other events, the
// filter of the longer log is not used.
func TestFilterOfLongerLog(t *testing.T) {
	for _, more := range []int{0, 5, 60} {
		disk := vfs.NewMem()
		s := mustOpen(t, "data", Options{FS: disk})
		appendStreams(t, s, "seat", 20)
		closeStore(t, s)
		copied := func(from, to string) {
			if ok, err := vfs.Clone(disk, disk, from, to, vfs.CloneSync); !ok || err != nil {
				t.Fatalf("Clone = %t, %v; want success", ok, err)
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
		// Append before the filter is restored, as a version without filters does.
		s = mustOpen(t, "data", Options{FS: disk})
		appendStreams(t, s, "other", more)
		closeStore(t, s)
		writeFile(t, disk, filterPath, newer)
		s = mustOpen(t, "data", Options{FS: disk})
		if s.streams.saved != 0 {
			t.Errorf("after %d other events, the saved filter has the streams up to %d, want it not to be used", more,
				s.streams.saved)
		}
		checkStreams(t, s)
		closeStore(t, s)
	}
}

func TestFilterOfDifferentLog(t *testing.T) {
	disk, _, _ := savedLog(t)
	other := mustOpen(t, "other", Options{FS: disk})
	awaitStreams(t, other)
	appendStreams(t, other, "allowance", 40)
	other.saveStreams()
	closeStore(t, other)
	writeFile(t, disk, filterPath, readFile(t, disk, "other/"+filterFile))
	s := mustOpen(t, "data", Options{FS: disk})
	defer closeStore(t, s)
	if s.streams.saved != 0 {
		t.Errorf("the saved filter has the streams up to %d, want it not to be used", s.streams.saved)
	}
	checkStreams(t, s)
}

// TestFilterAfterRenew: the filter of the previous epoch is not used.
func TestFilterAfterRenew(t *testing.T) {
	disk, _, _ := savedLog(t)
	s := mustOpen(t, "data", Options{FS: disk})
	if err := s.Renew(); err != nil {
		t.Fatal(err)
	}
	closeStore(t, s)
	s = mustOpen(t, "data", Options{FS: disk})
	defer closeStore(t, s)
	if s.streams.saved != 0 {
		t.Errorf("the saved filter has the streams up to %d, want it not to be used", s.streams.saved)
	}
	checkStreams(t, s)
}

// TestFilterIsSaved: the filter is saved by Close after many events, and after many new streams.
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
	if s.streams.saved != saveEvents+3 || s.streams.filter.Size() != 4 {
		t.Errorf("the saved filter has %d streams up to %d, want 4 up to %d", s.streams.filter.Size(), s.streams.saved,
			saveEvents+3)
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

// TestStreamsByIndex: without a saved filter, all streams are read from the index, whatever their names and numbers of
// entries.
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
		t.Errorf("the filter has %d streams, want 10", size)
	}
	checkStreams(t, s)
}

// TestUnreadableStreams: if the index cannot be read, no stream counts as absent, and the damage is reported.
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
		t.Errorf("absent(seat-9) = %t, Damage: %v; want false and %v", s.streams.absent("seat-9"), s.Damage(),
			events.ErrDamaged)
	}
}

// TestInterruptedStreams: Close interrupts the completion of the filter.
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
			t.Errorf("saved filter: %t; by index: %t, complete: %t, want %t, false", saved, c.streams.byIndex,
				c.streams.complete.Load(), !saved)
		}
		if err := c.closeDB(); err != nil {
			t.Fatal(err)
		}
	}
}
