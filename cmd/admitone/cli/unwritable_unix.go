//go:build linux || darwin || freebsd

package cli

import "golang.org/x/sys/unix"

// isUnwritable reports whether the disk of a directory is full or read-only, without writing to it.
func isUnwritable(dir string) bool {
	var disk unix.Statfs_t
	if unix.Statfs(dir, &disk) != nil {
		return false
	}
	return disk.Bavail <= 0 || uint64(disk.Flags)&readOnlyDisk != 0 || unix.Access(dir, unix.W_OK) != nil
}

// readOnlyDisk is the value of both ST_RDONLY and MNT_RDONLY.
const readOnlyDisk = 1
