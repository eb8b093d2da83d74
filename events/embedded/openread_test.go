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

// TestOpenReader: it reads everything, including the write-ahead log, and writes nothing; writers
// and readers exclude each other.
func TestOpenReader(t *testing.T) {
	dir := t.TempDir()
	s, want := writeLog(t, dir, 9)
	if _, err := OpenReader(dir, Options{}); !errors.Is(err, events.ErrInUse) {
		t.Errorf("a reader beside a writer: %v, want %v", err, events.ErrInUse)
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
				t.Errorf("%d events, want %d", len(got), len(want))
			}
			if _, err := r.Append(context.Background(), "product-0", 9, sampleBatch(1)); !errors.Is(err, events.ErrUnavailable) {
				t.Errorf("an append: %v, want %v", err, events.ErrUnavailable)
			}
		}
		if _, err := Open(dir, Options{}); !errors.Is(err, events.ErrInUse) {
			t.Errorf("a writer beside readers: %v, want %v", err, events.ErrInUse)
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
		t.Errorf("without a log: %v, want %v", err, os.ErrNotExist)
	}
	if _, err := os.Stat(none); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("something was created: %v, want %v", err, os.ErrNotExist)
	}
}

// TestReaderOfACopy: a copy has the original's epoch for readers until it is first opened for
// writing.
func TestReaderOfACopy(t *testing.T) {
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
		t.Error("a reader of the copy has another epoch than the original")
	}
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	w := mustOpen(t, copied, Options{})
	if w.Epoch() == s.Epoch() {
		t.Error("the copy opened for writing has the original's epoch")
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
}

// TestRemovedLock: the folder remains locked without the lock file.
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
			t.Errorf("a second one, reader %v: %v, want %v", reader, err, pebbledb.ErrLocked)
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

// TestDamageIsRemembered: a log reports damage after the first read that found it.
func TestDamageIsRemembered(t *testing.T) {
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
		t.Fatalf("the log is read: %v, want %v", err, events.ErrDamaged)
	}
	if err := s.Damage(); !errors.Is(err, events.ErrDamaged) {
		t.Errorf("Damage: %v, want %v", err, events.ErrDamaged)
	}
}
