package embedded

import (
	"errors"
	"fmt"
	"io/fs"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/vfs"

	"admitone/events"
)

// copyMark is the file that tells Open that the log is a copy of another.
const copyMark = "copy"

// Backup copies the log to dst, which must not exist, while it is in use; the
// result opens with [Open]. It holds every append that was answered before the
// call. Snapshots are left out; they are made again. dst appears only when it is
// complete. Reads and followers go on; appends wait while the write-ahead log is
// copied, at most some 64 MiB.
//
// The copy gets an epoch of its own when it is first opened. Once it is written to, its positions mean
// something else than the original's, and nobody's checkpoint may mix them up.
//
// Errors: events.ErrClosed, events.ErrDamaged, or the disk's.
func (s *Store) Backup(dst string) error {
	if !s.gate.enter() {
		return events.ErrClosed
	}
	defer s.gate.leave()
	if _, err := s.fs.Stat(dst); err == nil {
		return fmt.Errorf("embedded: backup: %s: %w", dst, fs.ErrExist)
	} else if !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("embedded: backup: %w", err)
	}
	unfinished := dst + ".unfinished"
	if err := s.backup(unfinished); err != nil {
		return errors.Join(fmt.Errorf("embedded: backup: %w", err), s.fs.RemoveAll(unfinished))
	}
	if err := s.fs.Rename(unfinished, dst); err != nil {
		return fmt.Errorf("embedded: backup: %w", err)
	}
	return syncFolder(s.fs, s.fs.PathDir(dst))
}

func (s *Store) backup(dst string) error {
	if err := s.fs.RemoveAll(dst); err != nil {
		return err
	}
	if err := makeFolder(s.fs, dst); err != nil {
		return err
	}
	// What is in tables is linked and not copied, so it is moved there first.
	if err := s.db.Flush(); err != nil {
		return err
	}
	if err := s.checkpoint(s.fs.PathJoin(dst, logFolder)); err != nil {
		return err
	}
	return s.mark(s.fs.PathJoin(dst, copyMark))
}

// checkpoint copies while nothing is written. Pebble would copy the write-ahead log
// while it grows; its file is an older one that is being overwritten, so the copy
// could have new blocks behind old ones, and that is damage.
func (s *Store) checkpoint(dst string) error {
	s.writing.Lock()
	defer s.writing.Unlock()
	return s.db.Checkpoint(dst, pebble.WithFlushedWAL())
}

// mark makes an empty file that a power loss does not take away.
func (s *Store) mark(name string) error {
	file, err := s.fs.Create(name, vfs.WriteCategoryUnspecified)
	if err != nil {
		return err
	}
	if err := errors.Join(file.Sync(), file.Close()); err != nil {
		return err
	}
	return syncFolder(s.fs, s.fs.PathDir(name))
}

// renewEpoch gives a copy that is opened for the first time its own epoch. A crash
// in the middle does it once more; nobody has seen the first.
func (s *Store) renewEpoch() error {
	name := s.fs.PathJoin(s.dir, copyMark)
	if _, err := s.fs.Stat(name); errors.Is(err, fs.ErrNotExist) {
		return nil
	} else if err != nil {
		return err
	}
	s.epoch = newEpoch()
	if err := s.db.Set(epochKey, []byte(s.epoch), pebble.Sync); err != nil {
		return err
	}
	if err := s.fs.Remove(name); err != nil {
		return err
	}
	return syncFolder(s.fs, s.dir)
}
