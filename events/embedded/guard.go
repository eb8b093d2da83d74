package embedded

import (
	"fmt"
	"strings"

	"github.com/cockroachdb/pebble/v2/vfs"
)

// guardFS ends the process as soon as an operation on a write-ahead log fails. Pebble itself ends the process later
// and, if it is starting the next write-ahead log, with a panic about an unlocked mutex that does not mention the
// disk.
type guardFS struct {
	vfs.FS
	store *Store
}

// check ends the process on an error. While the log is being opened, it returns the error instead.
func (g guardFS) check(operation, name string, err error) error {
	if err != nil && g.store.running.Load() {
		g.store.terminate(fmt.Errorf("%s %s: %w", operation, name, err))
	}
	return err
}

func isWriteAheadLog(name string) bool { return strings.HasSuffix(name, ".log") }

// Create implements vfs.FS.
func (g guardFS) Create(name string, category vfs.DiskWriteCategory) (vfs.File, error) {
	file, err := g.FS.Create(name, category)
	return g.guard(name, file, err)
}

// ReuseForWrite implements vfs.FS.
func (g guardFS) ReuseForWrite(oldName, newName string, category vfs.DiskWriteCategory) (vfs.File, error) {
	file, err := g.FS.ReuseForWrite(oldName, newName, category)
	return g.guard(newName, file, err)
}

func (g guardFS) guard(name string, file vfs.File, err error) (vfs.File, error) {
	if !isWriteAheadLog(name) {
		return file, err
	}
	if g.check("create", name, err) != nil {
		return nil, err
	}
	return guardFile{file, g, name}, nil
}

// Unwrap implements vfs.FS.
func (g guardFS) Unwrap() vfs.FS { return g.FS }

// guardFile is the file of a write-ahead log.
type guardFile struct {
	vfs.File
	guard guardFS
	name  string
}

// Write implements vfs.File.
func (f guardFile) Write(p []byte) (int, error) {
	n, err := f.File.Write(p)
	return n, f.guard.check("write", f.name, err)
}

// Sync implements vfs.File.
func (f guardFile) Sync() error { return f.guard.check("sync", f.name, f.File.Sync()) }

// SyncData implements vfs.File.
func (f guardFile) SyncData() error { return f.guard.check("sync", f.name, f.File.SyncData()) }

// SyncTo implements vfs.File.
func (f guardFile) SyncTo(length int64) (bool, error) {
	full, err := f.File.SyncTo(length)
	return full, f.guard.check("sync", f.name, err)
}
