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

// highestEvidence returns the store's evidence with the highest position.
func highestEvidence(t *testing.T, s *Store) Evidence {
	t.Helper()
	seen, err := s.Evidence()
	if err != nil {
		t.Fatal(err)
	}
	return slices.MaxFunc(seen, func(a, b Evidence) int { return int(a.Position) - int(b.Position) })
}

// TestEndFile: endFile has the last acknowledged position. A damaged file, or that of a different log, is ignored.
func TestEndFile(t *testing.T) {
	disk := vfs.NewMem()
	s := mustOpen(t, "data", Options{FS: disk})
	if at := highestEvidence(t, s).Position; at != 0 {
		t.Errorf("evidence of an empty log for position %d, want 0", at)
	}
	last := events.NoStream
	for range 3 {
		appended, err := s.Append(t.Context(), "a-1", last, sampleBatch(4))
		if err != nil {
			t.Fatal(err)
		}
		last = appended.Revision
		if evidence := highestEvidence(t, s); evidence.Position != appended.Position || !strings.Contains(evidence.Source, "end") {
			t.Errorf("evidence = %+v, want position %d from the endFile", evidence, appended.Position)
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
		if at := highestEvidence(t, s).Position; at != 0 {
			t.Errorf("evidence with bit %d of endFile flipped for position %d, want 0", bit, at)
		}
	}
	if _, err := file.WriteAt(good, 0); err != nil {
		t.Fatal(err)
	}
	if at := highestEvidence(t, s).Position; at != 12 {
		t.Errorf("evidence for position %d, want 12", at)
	}
	if err := errors.Join(s.Renew(), s.Close()); err != nil {
		t.Fatal(err)
	}
	s = mustOpen(t, "data", Options{FS: disk})
	defer s.Close()
	if at := highestEvidence(t, s).Position; at != 0 {
		t.Errorf("evidence after Renew for position %d, want 0", at)
	}
}

// TestSnapshotAheadOfLog: an intact snapshot that is ahead of its stream is evidence for lost events. Renew removes
// it.
func TestSnapshotAheadOfLog(t *testing.T) {
	disk := vfs.NewMem()
	s := mustOpen(t, "data", Options{FS: disk})
	for _, stream := range []events.StreamID{"a-1", "b-1"} {
		if _, err := s.Append(t.Context(), stream, events.NoStream, sampleBatch(5)); err != nil {
			t.Fatal(err)
		}
	}
	saveSnapshot(t, s, "a-1", 4)
	saveSnapshot(t, s, "b-1", 2)
	if evidence := highestEvidence(t, s); evidence.Position != 10 {
		t.Errorf("evidence = %+v, want position 10, the end of the log", evidence)
	}
	saveSnapshot(t, s, "b-1", 6) // as if two more events had been appended and lost
	saveSnapshot(t, s, "c-1", 0)
	if evidence := highestEvidence(t, s); evidence.Position != 12 || !strings.Contains(evidence.Source, "snapshot of b-1") {
		t.Errorf("evidence = %+v, want position 12 from the snapshot of b-1", evidence)
	}
	file, err := disk.OpenReadWrite(disk.PathJoin("data", snapshotFolder, snapshotName("b-1")),
		vfs.WriteCategoryUnspecified)
	if err == nil {
		_, err = file.WriteAt([]byte{9}, 15) // in its revision
	}
	if err != nil {
		t.Fatal(err)
	}
	if evidence := highestEvidence(t, s); evidence.Position != 11 || !strings.Contains(evidence.Source, "snapshot of c-1") {
		t.Errorf("evidence = %+v, want position 11 from the snapshot of c-1, because that of b-1 is damaged", evidence)
	}
	if err := errors.Join(s.Renew(), s.Close()); err != nil {
		t.Fatal(err)
	}
	s = mustOpen(t, "data", Options{FS: disk})
	defer s.Close()
	if at := highestEvidence(t, s).Position; at != 0 {
		t.Errorf("evidence after Renew for position %d, want 0", at)
	}
	ignore := func(events.Snapshot, io.Reader) error { return nil }
	if err := s.LoadSnapshot("c-1", ignore); !errors.Is(err, events.ErrNoSnapshot) {
		t.Errorf("LoadSnapshot of lost events after Renew: %v, want %v", err, events.ErrNoSnapshot)
	}
	if err := s.LoadSnapshot("a-1", ignore); err != nil {
		t.Errorf("LoadSnapshot of existing events after Renew: %v, want success", err)
	}
}

// TestFailedRenew: after a failed Renew the epoch is that on disk.
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
		t.Errorf("Renew: %v, epoch %q; want an error and %q", err, s.Epoch(), epoch)
	}
}
