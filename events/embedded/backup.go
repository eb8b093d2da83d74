package embedded

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/vfs"

	"admitone/events"
)

// copyMarker is the name of the file that marks a log as a copy that has not been opened yet.
const copyMarker = "copy"

// Backup copies the log, which may be in use, to dst, which must not exist. [Open] opens the copy. It contains every
// append that was acknowledged before the call, but no snapshots. dst appears only when it is complete. Reads and
// followers continue; appends wait while the write-ahead log, about 64 MiB at most, is copied.
//
// The copy gets a new epoch when it is first opened, because its positions will have different events than those of
// the original, and checkpoints must not confuse the two.
//
// Errors: events.ErrClosed, events.ErrDamaged, those of the file system.
func (s *Store) Backup(dst string) error {
	if err := s.writable(); err != nil {
		return err
	}
	if !s.gate.enter() {
		return events.ErrClosed
	}
	defer s.gate.leave()
	if _, err := s.fs.Stat(dst); err == nil {
		return fmt.Errorf("backing up to %s: %w", dst, fs.ErrExist)
	} else if !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("backing up the log: %w", err)
	}
	unfinished := dst + ".unfinished"
	if err := s.backup(unfinished); err != nil {
		return errors.Join(fmt.Errorf("backing up the log: %w", err), s.fs.RemoveAll(unfinished))
	}
	if err := s.fs.Rename(unfinished, dst); err != nil {
		return fmt.Errorf("backing up the log: %w", err)
	}
	return syncDir(s.fs, s.fs.PathDir(dst))
}

// Space returns the free space and the size of the disk that a folder is on, in bytes.
func (s *Store) Space(dir string) (free, total uint64, err error) {
	usage, err := s.fs.GetDiskUsage(dir)
	if err != nil {
		return 0, 0, fmt.Errorf("free space of %s: %w", dir, err)
	}
	return usage.AvailBytes, usage.TotalBytes, nil
}

func (s *Store) backup(dst string) error {
	if err := s.fs.RemoveAll(dst); err != nil {
		return err
	}
	if err := makeFolder(s.fs, dst); err != nil {
		return err
	}
	// Tables are linked instead of copied, so flush the memtable to a table first.
	if err := s.db.Flush(); err != nil {
		return err
	}
	if err := s.checkpoint(s.fs.PathJoin(dst, logFolder)); err != nil {
		return err
	}
	return s.createMarker(s.fs.PathJoin(dst, copyMarker))
}

// checkpoint copies the database while no append is written. The file of the write-ahead log is a recycled one that
// is overwritten, so a copy made during writes could have new blocks after old ones, which is damage.
func (s *Store) checkpoint(dst string) error {
	s.writing.Lock()
	defer s.writing.Unlock()
	return s.db.Checkpoint(dst, pebble.WithFlushedWAL())
}

// createMarker creates an empty file durably.
func (s *Store) createMarker(name string) error {
	file, err := s.fs.Create(name, vfs.WriteCategoryUnspecified)
	if err != nil {
		return err
	}
	if err := errors.Join(file.Sync(), file.Close()); err != nil {
		return err
	}
	return syncDir(s.fs, s.fs.PathDir(name))
}

// IsCopy reports whether the log in dir is a copy that has not been opened for writing yet, and therefore still has
// the epoch of the original.
func IsCopy(dir string) bool {
	_, err := os.Stat(filepath.Join(dir, copyMarker))
	return err == nil
}

// renewEpoch gives a copy that is opened for the first time a new epoch. After a crash it is repeated: the epoch
// before was never visible.
func (s *Store) renewEpoch() error {
	name := s.fs.PathJoin(s.dir, copyMarker)
	if _, err := s.fs.Stat(name); errors.Is(err, fs.ErrNotExist) {
		return nil
	} else if err != nil {
		return err
	}
	s.epoch = newEpoch()
	if err := s.db.Set(epochKey, []byte(s.epoch), pebble.Sync); err != nil {
		return err
	}
	if err := s.dropSnapshots(); err != nil {
		return err
	}
	if err := s.fs.Remove(name); err != nil {
		return err
	}
	s.RecordEnd()
	return syncDir(s.fs, s.dir)
}
