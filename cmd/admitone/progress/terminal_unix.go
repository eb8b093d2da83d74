//go:build linux || darwin || freebsd

package progress

import (
	"os"

	"golang.org/x/sys/unix"
)

// isTerminal queries the size of the window, which other character devices, such as /dev/null, do not
// have.
func isTerminal(file *os.File) bool {
	_, err := unix.IoctlGetWinsize(int(file.Fd()), unix.TIOCGWINSZ)
	return err == nil
}
