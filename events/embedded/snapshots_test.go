package embedded

import (
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"

	"admitone/events"
)

func saveBytes(s *Store, stream events.StreamID, revision events.Revision, body []byte) error {
	return s.SaveSnapshot(stream, events.Snapshot{Version: 1, Revision: revision}, func(w io.Writer) error {
		_, err := w.Write(body)
		return err
	})
}

// TestDamagedSnapshot: a snapshot with any byte changed, truncated to any length, or of a different stream is refused
// without a call of read.
func TestDamagedSnapshot(t *testing.T) {
	dir := t.TempDir()
	s := mustOpen(t, dir, Options{})
	defer s.Close()
	if err := saveBytes(s, "product-1", 7, []byte("the state at revision 7")); err != nil {
		t.Fatal(err)
	}
	name := filepath.Join(dir, snapshotFolder, snapshotName("product-1"))
	intact, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	wantRefused := func(what string, at int, content []byte) {
		t.Helper()
		if err := os.WriteFile(name, content, 0o644); err != nil {
			t.Fatal(err)
		}
		err := s.LoadSnapshot("product-1", func(events.Snapshot, io.Reader) error {
			return errors.New("read was called")
		})
		if !errors.Is(err, events.ErrNoSnapshot) {
			t.Errorf("LoadSnapshot, %s at %d: %v, want %v", what, at, err, events.ErrNoSnapshot)
		}
	}
	for at := range intact {
		flipped := bytes.Clone(intact)
		flipped[at] ^= 1
		wantRefused("changed", at, flipped)
		wantRefused("truncated", at, intact[:at])
	}
	if err := saveBytes(s, "product-2", 7, []byte("the state at revision 7")); err != nil {
		t.Fatal(err)
	}
	other, err := os.ReadFile(filepath.Join(dir, snapshotFolder, snapshotName("product-2")))
	if err != nil {
		t.Fatal(err)
	}
	wantRefused("different stream", 0, other)
}

// TestSnapshotPowerLoss: after a power loss the new snapshot is loaded if SaveSnapshot had returned, otherwise the
// previous one.
func TestSnapshotPowerLoss(t *testing.T) {
	eachSeed(t, func(t *testing.T, seed uint64) {
		rng := rand.New(rand.NewPCG(seed, 2))
		disk := vfs.NewCrashableMem()
		s := mustOpen(t, "log", Options{FS: disk})
		defer s.Close()
		before, after := bytes.Repeat([]byte("b"), 1000), bytes.Repeat([]byte("a"), snapshotPiece+rng.IntN(snapshotPiece))
		if err := saveBytes(s, "product-1", 1, before); err != nil {
			t.Fatal(err)
		}
		var lost *vfs.MemFS
		crash := func() {
			lost = disk.CrashClone(vfs.CrashCloneCfg{UnsyncedDataPercent: rng.IntN(101), RNG: rng})
		}
		returned := rng.IntN(2) == 0
		err := s.SaveSnapshot("product-1", events.Snapshot{Revision: 2}, func(w io.Writer) error {
			_, err := w.Write(after)
			if !returned {
				crash()
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		if returned {
			crash()
		}
		again := mustOpen(t, "log", Options{FS: lost})
		defer again.Close()
		want, revision := before, events.Revision(1)
		if returned {
			want, revision = after, 2
		}
		err = again.LoadSnapshot("product-1", func(head events.Snapshot, r io.Reader) error {
			body, err := io.ReadAll(r)
			if head.Revision != revision || !bytes.Equal(body, want) {
				t.Errorf("LoadSnapshot returned revision %d with %d bytes, want %d with %d", head.Revision, len(body), revision,
					len(want))
			}
			return err
		})
		if err != nil {
			t.Error(err)
		}
		if left, err := lost.List("log/" + snapshotFolder + "/" + unfinishedFolder); err != nil || len(left) != 0 {
			t.Errorf("unfinished snapshots after Open: %v, %v; want none", left, err)
		}
	})
}
