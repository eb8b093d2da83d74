//go:build linux || darwin || freebsd

package progress

import (
	"os"

	"golang.org/x/sys/unix"
)

// isTerminal queries the size of the window, which only terminals have; other character devices
// such as /dev/null have none.
func isTerminal(file *os.File) bool {
	_, err := unix.IoctlGetWinsize(int(file.Fd()), unix.TIOCGWINSZ)
	return err == nil
}
