//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package pebbledb

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"

	"golang.org/x/sys/unix"
)

// lockFolder locks a folder with flock. On file systems without flock, such as some network file systems, it
// succeeds without a lock, and only the LOCK file protects the folder. Error: ErrLocked.
func lockFolder(dir string, shared bool) (io.Closer, error) {
	folder, err := os.Open(dir)
	if err != nil {
		return nil, err
	}
	mode := unix.LOCK_EX
	if shared {
		mode = unix.LOCK_SH
	}
	err = unix.Flock(int(folder.Fd()), mode|unix.LOCK_NB)
	for errors.Is(err, unix.EINTR) {
		err = unix.Flock(int(folder.Fd()), mode|unix.LOCK_NB)
	}
	switch {
	case err == nil:
		return folder, nil
	case errors.Is(err, unix.EWOULDBLOCK):
		return nil, errors.Join(fmt.Errorf("%w: %s", ErrLocked, dir), folder.Close())
	case noLocks(err):
		return noLock{}, folder.Close()
	}
	return nil, errors.Join(fmt.Errorf("locking %s: %w", dir, err), folder.Close())
}

// lockFileShared takes a shared lock on a file. A missing file is not an error. Error: [ErrLocked].
func lockFileShared(name string) (io.Closer, error) {
	file, err := os.Open(name)
	if errors.Is(err, fs.ErrNotExist) {
		return noLock{}, nil
	}
	if err != nil {
		return nil, err
	}
	err = unix.FcntlFlock(file.Fd(), unix.F_SETLK, &unix.Flock_t{Type: unix.F_RDLCK, Whence: io.SeekStart})
	switch {
	case err == nil:
		return file, nil
	case errors.Is(err, unix.EAGAIN), errors.Is(err, unix.EACCES):
		return nil, errors.Join(fmt.Errorf("%w: %s", ErrLocked, name), file.Close())
	case noLocks(err):
		return noLock{}, file.Close()
	}
	return nil, errors.Join(fmt.Errorf("locking %s: %w", name, err), file.Close())
}

// noLocks reports whether err means that the file system does not support locks.
func noLocks(err error) bool {
	return slices.ContainsFunc([]error{unix.ENOLCK, unix.ENOTSUP, unix.EOPNOTSUPP, unix.ENOSYS, unix.EINVAL, unix.EBADF},
		func(no error) bool { return errors.Is(err, no) })
}
