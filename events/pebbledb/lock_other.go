//go:build !(darwin || dragonfly || freebsd || linux || netbsd || openbsd)

package pebbledb

import "io"

// lockFolder does nothing: on these systems only the LOCK file is locked.
func lockFolder(string, bool) (io.Closer, error) { return noLock{}, nil }

func lockFileShared(string) (io.Closer, error) { return noLock{}, nil }

func noLocks(error) bool { return false }
