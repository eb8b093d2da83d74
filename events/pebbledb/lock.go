package pebbledb

import (
	"errors"
	"fmt"
	"io"
	"io/fs"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/vfs"
)

// ErrLocked means that the folder is already open, in another process or in this one.
var ErrLocked = errors.New("the folder is in use")

// Lock locks dir, so that Pebble can open a database there. Closing the result releases the lock. A reader excludes
// only writers, and creates no file.
//
// Errors: [ErrLocked]; those of the file system.
func Lock(files vfs.FS, dir string, reader bool) (*pebble.Lock, error) {
	return pebble.LockDirectory(dir, lockFS{files, reader})
}

// lockFS locks a folder together with the lock file in it.
type lockFS struct {
	vfs.FS
	reader bool
}

// Unwrap implements vfs.FS.
func (l lockFS) Unwrap() vfs.FS { return l.FS }

// Lock implements vfs.FS.
func (l lockFS) Lock(name string) (io.Closer, error) {
	onDisk := vfs.Root(l.FS) == vfs.Default
	held := locks{}
	if onDisk {
		folder, err := lockFolder(l.PathDir(name), l.reader)
		if err != nil {
			return nil, err
		}
		held = append(held, folder)
	}
	file, err := l.lockFile(name, onDisk)
	if err != nil {
		return nil, errors.Join(err, held.Close())
	}
	return append(held, file), nil
}

// lockFile locks the LOCK file.
func (l lockFS) lockFile(name string, onDisk bool) (io.Closer, error) {
	if onDisk && l.reader {
		return lockFileShared(name)
	}
	file, err := l.FS.Lock(name)
	var path *fs.PathError
	if err != nil && !errors.As(err, &path) && !noLocks(err) {
		// An error without a path means that the file was opened but could not be locked. It is the system's or, if
		// this process has locked the file, Pebble's own.
		return nil, fmt.Errorf("%w: %v", ErrLocked, err)
	}
	return file, err
}

// locks are released in reverse order.
type locks []io.Closer

// Close implements io.Closer.
func (l locks) Close() error {
	var errs []error
	for i := len(l) - 1; i >= 0; i-- {
		errs = append(errs, l[i].Close())
	}
	return errors.Join(errs...)
}

// noLock is a lock without effect.
type noLock struct{}

// Close implements io.Closer.
func (noLock) Close() error { return nil }
