//go:build !(darwin || dragonfly || freebsd || linux || netbsd || openbsd)

package pebbledb

import "io"

// Folders cannot be locked on these systems; only the file is.
func lockFolder(string, bool) (io.Closer, error) { return noLock{}, nil }

func lockFileShared(string) (io.Closer, error) { return noLock{}, nil }

func noLocks(error) bool { return false }
