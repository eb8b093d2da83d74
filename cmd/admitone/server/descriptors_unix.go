//go:build unix

package server

import (
	"fmt"
	"math"
	"syscall"
)

// maxDescriptors returns how many files and connections this process may have open.
func maxDescriptors() (int, error) {
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		return 0, fmt.Errorf("can't find out how many files may be open: %w", err)
	}
	return int(min(uint64(limit.Cur), math.MaxInt32)), nil
}
