package embedded

import (
	"context"
	"errors"
	"io/fs"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"

	"admitone/events"
)

// TestBackup: a backup made during appends is complete and survives a power loss.
func TestBackup(t *testing.T) {
	disk := vfs.NewCrashableMem()
	s := mustOpen(t, "log", Options{FS: disk, memTable: 512 << 10})
	l := startLoad(t, s, 1)
	l.await(t, 300)
	answered, position := l.acknowledged()
	if err := s.Backup("backups/monday"); err != nil {
		t.Fatal(err)
	}
	l.stop.Store(true)
	l.writers.Wait()
	if err := s.Backup("backups/monday"); !errors.Is(err, fs.ErrExist) {
		t.Errorf("Backup to an existing folder: %v, want %v", err, fs.ErrExist)
	}
	lost := disk.CrashClone(vfs.CrashCloneCfg{})
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if err := s.Backup("backups/tuesday"); !errors.Is(err, events.ErrClosed) {
		t.Errorf("Backup of a closed log: %v, want %v", err, events.ErrClosed)
	}
	var epochs []string
	for range 2 {
		copied := mustOpen(t, "backups/monday", Options{FS: lost})
		checkDurable(t, copied, answered, position)
		epochs = append(epochs, copied.Epoch())
		_, err := copied.Append(context.Background(), "load-0", 1<<40, sampleBatch(1))
		if !errors.Is(err, events.ErrConflict) {
			t.Errorf("Append to the copy with a wrong expected revision: %v, want %v", err, events.ErrConflict)
		}
		if err := copied.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if epochs[0] != epochs[1] || epochs[0] == s.Epoch() {
		t.Errorf("epochs of the copy = %q, want the same twice and not %q", epochs, s.Epoch())
	}
}
