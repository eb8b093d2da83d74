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

// Backup copies the log to dst, which must not exist, while it is in use; the result opens with
// [Open]. It contains every append that was acknowledged before the call. Snapshots are left out;
// they are created again. dst appears only when it is complete. Reads and followers continue;
// appends wait while the write-ahead log, at most some 64 MiB, is copied.
//
// The copy gets an epoch of its own when it is first opened. Once it is written to, its positions
// differ in meaning from the original's, and no checkpoint may confuse the two.
//
// Errors: events.ErrClosed, events.ErrDamaged, or the disk's.
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

// Space returns the size of a folder's disk and its free space, in bytes.
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
	// Tables are linked, not copied, so the memtable is flushed to one first.
	if err := s.db.Flush(); err != nil {
		return err
	}
	if err := s.checkpoint(s.fs.PathJoin(dst, logFolder)); err != nil {
		return err
	}
	return s.createMarker(s.fs.PathJoin(dst, copyMarker))
}

// checkpoint copies while no append is written. Pebble copies the write-ahead log while it grows.
// Its file is a recycled one that is being overwritten, so the copy could have new blocks after old
// ones, which is damage.
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

// IsCopy reports whether the log in a directory is a copy that has not been opened for writing yet
// and therefore still has the epoch of the original.
func IsCopy(dir string) bool {
	_, err := os.Stat(filepath.Join(dir, copyMarker))
	return err == nil
}

// renewEpoch gives a copy that is opened for the first time its own epoch. After a crash in between
// it is done again; the first epoch was never visible.
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
	s.NoteEnd()
	return syncDir(s.fs, s.dir)
}
