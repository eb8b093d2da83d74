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

// TestDamagedSnapshot flips every byte of a snapshot, truncates it at every length, and replaces it
// with one of another stream: read is never called.
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
	refused := func(what string, at int, content []byte) {
		t.Helper()
		if err := os.WriteFile(name, content, 0o644); err != nil {
			t.Fatal(err)
		}
		err := s.LoadSnapshot("product-1", func(events.Snapshot, io.Reader) error {
			return errors.New("read was called")
		})
		if !errors.Is(err, events.ErrNoSnapshot) {
			t.Errorf("%s at %d: %v, want ErrNoSnapshot", what, at, err)
		}
	}
	for at := range intact {
		flipped := bytes.Clone(intact)
		flipped[at] ^= 1
		refused("flipped", at, flipped)
		refused("cut", at, intact[:at])
	}
	if err := saveBytes(s, "product-2", 7, []byte("the state at revision 7")); err != nil {
		t.Fatal(err)
	}
	other, err := os.ReadFile(filepath.Join(dir, snapshotFolder, snapshotName("product-2")))
	if err != nil {
		t.Fatal(err)
	}
	refused("of another stream", 0, other)
}

// TestSnapshotPowerLoss simulates a power loss while a snapshot replaces another: one of the two
// remains complete, and it is the new one once SaveSnapshot has returned.
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
		done := rng.IntN(2) == 0
		err := s.SaveSnapshot("product-1", events.Snapshot{Revision: 2}, func(w io.Writer) error {
			_, err := w.Write(after)
			if !done {
				crash()
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		if done {
			crash()
		}
		again := mustOpen(t, "log", Options{FS: lost})
		defer again.Close()
		want, revision := before, events.Revision(1)
		if done {
			want, revision = after, 2
		}
		err = again.LoadSnapshot("product-1", func(head events.Snapshot, r io.Reader) error {
			body, err := io.ReadAll(r)
			if head.Revision != revision || !bytes.Equal(body, want) {
				t.Errorf("revision %d with %d bytes, want %d with %d", head.Revision, len(body), revision, len(want))
			}
			return err
		})
		if err != nil {
			t.Error(err)
		}
		if left, err := lost.List("log/" + snapshotFolder + "/" + unfinishedFolder); err != nil || len(left) != 0 {
			t.Errorf("left unfinished: %v, %v, want length 0", left, err)
		}
	})
}
