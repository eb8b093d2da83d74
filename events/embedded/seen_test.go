package embedded

import (
	"errors"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"

	"admitone/events"
)

func saveSnapshot(t *testing.T, s *Store, stream events.StreamID, revision events.Revision) {
	t.Helper()
	err := s.SaveSnapshot(stream, events.Snapshot{Revision: revision}, func(w io.Writer) error {
		_, err := w.Write([]byte("a state"))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// highestSeen returns the evidence of the highest position that the store itself has.
func highestSeen(t *testing.T, s *Store) Seen {
	t.Helper()
	seen, err := s.Seen()
	if err != nil {
		t.Fatal(err)
	}
	return slices.MaxFunc(seen, func(a, b Seen) int { return int(a.Position) - int(b.Position) })
}

// TestTheLastAnswerIsKnown: the endFile has the last acknowledged position; a damaged or foreign
// one is ignored.
func TestTheLastAnswerIsKnown(t *testing.T) {
	disk := vfs.NewMem()
	s := mustOpen(t, "data", Options{FS: disk})
	if at := highestSeen(t, s).Position; at != 0 {
		t.Errorf("position %d of an empty log was answered, want 0", at)
	}
	last := events.NoStream
	for range 3 {
		appended, err := s.Append(t.Context(), "a-1", last, sampleBatch(4))
		if err != nil {
			t.Fatal(err)
		}
		last = appended.Revision
		if seen := highestSeen(t, s); seen.Position != appended.Position || !strings.Contains(seen.By, "end") {
			t.Errorf("%+v, want position %d", seen, appended.Position)
		}
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	name := disk.PathJoin("data", endFile)
	file, err := disk.OpenReadWrite(name, vfs.WriteCategoryUnspecified)
	if err != nil {
		t.Fatal(err)
	}
	good := make([]byte, endSize)
	if _, err := file.ReadAt(good, 0); err != nil {
		t.Fatal(err)
	}
	s = mustOpen(t, "data", Options{FS: disk})
	for bit := range 8 * endSize {
		bad := slices.Clone(good)
		bad[bit/8] ^= 1 << (bit % 8)
		if _, err := file.WriteAt(bad, 0); err != nil {
			t.Fatal(err)
		}
		if at := highestSeen(t, s).Position; at != 0 {
			t.Errorf("bit %d flipped: position %d was answered, want 0", bit, at)
		}
	}
	if _, err := file.WriteAt(good, 0); err != nil {
		t.Fatal(err)
	}
	if at := highestSeen(t, s).Position; at != 12 {
		t.Errorf("position %d was answered, want 12", at)
	}
	if err := errors.Join(s.Renew(), s.Close()); err != nil {
		t.Fatal(err)
	}
	s = mustOpen(t, "data", Options{FS: disk})
	defer s.Close()
	if at := highestSeen(t, s).Position; at != 0 {
		t.Errorf("position %d of another log was answered, want 0", at)
	}
}

// TestSnapshotsHaveSeenTheLog: an intact snapshot that is ahead of its stream shows that the log
// has lost its end; Renew removes it.
func TestSnapshotsHaveSeenTheLog(t *testing.T) {
	disk := vfs.NewMem()
	s := mustOpen(t, "data", Options{FS: disk})
	for _, stream := range []events.StreamID{"a-1", "b-1"} {
		if _, err := s.Append(t.Context(), stream, events.NoStream, sampleBatch(5)); err != nil {
			t.Fatal(err)
		}
	}
	saveSnapshot(t, s, "a-1", 4)
	saveSnapshot(t, s, "b-1", 2)
	if seen := highestSeen(t, s); seen.Position != 10 {
		t.Errorf("evidence = %+v, want Position 10, the end of the log", seen)
	}
	saveSnapshot(t, s, "b-1", 6) // as if two more had been appended, and lost
	saveSnapshot(t, s, "c-1", 0)
	if seen := highestSeen(t, s); seen.Position != 12 || !strings.Contains(seen.By, "snapshot of b-1") {
		t.Errorf("%+v, want position 12 and the snapshot of b-1", seen)
	}
	file, err := disk.OpenReadWrite(disk.PathJoin("data", snapshotFolder, snapshotName("b-1")),
		vfs.WriteCategoryUnspecified)
	if err == nil {
		_, err = file.WriteAt([]byte{9}, 15) // in its revision
	}
	if err != nil {
		t.Fatal(err)
	}
	if seen := highestSeen(t, s); seen.Position != 11 || !strings.Contains(seen.By, "snapshot of c-1") {
		t.Errorf("evidence = %+v, want position 11 by the snapshot of c-1, since that of b-1 is damaged", seen)
	}
	if err := errors.Join(s.Renew(), s.Close()); err != nil {
		t.Fatal(err)
	}
	s = mustOpen(t, "data", Options{FS: disk})
	defer s.Close()
	if at := highestSeen(t, s).Position; at != 0 {
		t.Errorf("after Renew, position %d was seen, want 0", at)
	}
	ignore := func(events.Snapshot, io.Reader) error { return nil }
	if err := s.LoadSnapshot("c-1", ignore); !errors.Is(err, events.ErrNoSnapshot) {
		t.Errorf("a snapshot of lost events remains: %v, want %v", err, events.ErrNoSnapshot)
	}
	if err := s.LoadSnapshot("a-1", ignore); err != nil {
		t.Errorf("loading the snapshot of existing events: %v, want success", err)
	}
}

// TestFailedRenew: the epoch stays the one on disk.
func TestFailedRenew(t *testing.T) {
	disk := vfs.NewMem()
	s := mustOpen(t, "data", Options{FS: disk})
	epoch := s.Epoch()
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s, err := OpenReader("data", Options{FS: disk}) // Renew can't write
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if err := s.Renew(); err == nil || s.Epoch() != epoch {
		t.Errorf("epoch %q after %v, want %q", s.Epoch(), err, epoch)
	}
}
