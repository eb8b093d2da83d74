package embedded

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"

	"admitone/events"
	"admitone/events/pebbledb"
)

// TestOpenReader: readers read everything, including the write-ahead log, and exclude writers but not each other.
func TestOpenReader(t *testing.T) {
	dir := t.TempDir()
	s, want := writeLog(t, dir, 9)
	if _, err := OpenReader(dir, Options{}); !errors.Is(err, events.ErrInUse) {
		t.Errorf("OpenReader during Open: %v, want %v", err, events.ErrInUse)
	}
	crashed := t.TempDir()
	if err := os.CopyFS(crashed, os.DirFS(dir)); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	for _, dir := range []string{dir, crashed} {
		r, err := OpenReader(dir, Options{})
		if err != nil {
			t.Fatal(err)
		}
		another, err := OpenReader(dir, Options{})
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range []*Store{r, another} {
			if got := readEverything(t, r); len(got) != len(want) ||
				!sameRecorded(got[len(got)-1], want[len(want)-1]) || r.Epoch() != s.Epoch() {
				t.Errorf("the reader has %d events and epoch %s, want %d and %s", len(got), r.Epoch(), len(want), s.Epoch())
			}
			if _, err := r.Append(context.Background(), "product-0", 9, sampleBatch(1)); !errors.Is(err, events.ErrUnavailable) {
				t.Errorf("Append to a reader: %v, want %v", err, events.ErrUnavailable)
			}
		}
		if _, err := Open(dir, Options{}); !errors.Is(err, events.ErrInUse) {
			t.Errorf("Open during OpenReader: %v, want %v", err, events.ErrInUse)
		}
		if err := errors.Join(r.Close(), another.Close()); err != nil {
			t.Error(err)
		}
		if err := mustOpen(t, dir, Options{}).Close(); err != nil {
			t.Error(err)
		}
	}
	none := filepath.Join(t.TempDir(), "none")
	if _, err := OpenReader(none, Options{}); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("OpenReader without a log: %v, want %v", err, os.ErrNotExist)
	}
	if _, err := os.Stat(none); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("Stat after OpenReader without a log: %v, want %v", err, os.ErrNotExist)
	}
}

// TestReaderOfCopy: a copy has the epoch of the original until it is first opened for writing.
func TestReaderOfCopy(t *testing.T) {
	s, _ := writeLog(t, t.TempDir(), 3)
	copied := filepath.Join(t.TempDir(), "copy")
	if err := errors.Join(s.Backup(copied), s.Close()); err != nil {
		t.Fatal(err)
	}
	r, err := OpenReader(copied, Options{})
	if err != nil {
		t.Fatal(err)
	}
	if r.Epoch() != s.Epoch() {
		t.Errorf("epoch of a reader of the copy = %s, want %s", r.Epoch(), s.Epoch())
	}
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	w := mustOpen(t, copied, Options{})
	if w.Epoch() == s.Epoch() {
		t.Errorf("epoch of the copy opened for writing = %s, want a new one", w.Epoch())
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
}

// TestRemovedLock: the folder remains locked if the LOCK file is removed.
func TestRemovedLock(t *testing.T) {
	dir := t.TempDir()
	lock, err := pebbledb.Lock(vfs.Default, dir, false)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(filepath.Join(dir, "LOCK")); err != nil {
		t.Fatal(err)
	}
	for _, reader := range []bool{false, true} {
		if _, err := pebbledb.Lock(vfs.Default, dir, reader); !errors.Is(err, pebbledb.ErrLocked) {
			t.Errorf("second Lock (reader: %t): %v, want %v", reader, err, pebbledb.ErrLocked)
		}
	}
	if err := lock.Close(); err != nil {
		t.Fatal(err)
	}
	if lock, err = pebbledb.Lock(vfs.Default, dir, true); err != nil {
		t.Fatal(err)
	}
	if err := lock.Close(); err != nil {
		t.Fatal(err)
	}
}

// TestDamage: Damage returns the damage that a read has found.
func TestDamage(t *testing.T) {
	dir := t.TempDir()
	s, _ := writeLog(t, dir, 9)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = mustOpen(t, dir, Options{})
	defer s.Close()
	if err := s.Damage(); err != nil {
		t.Fatal(err)
	}
	for _, name := range files(t, dir, ".sst") {
		if err := os.Truncate(name, 100); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := readAllWays(s); !errors.Is(err, events.ErrDamaged) {
		t.Fatalf("reads of a log with truncated tables: %v, want %v", err, events.ErrDamaged)
	}
	if err := s.Damage(); !errors.Is(err, events.ErrDamaged) {
		t.Errorf("Damage: %v, want %v", err, events.ErrDamaged)
	}
}
