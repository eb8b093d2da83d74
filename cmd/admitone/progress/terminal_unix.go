//go:build linux || darwin || freebsd

package progress

import (
	"os"

	"golang.org/x/sys/unix"
)

// isTerminal asks for the size of the window, which only terminals have, and other character
// devices such as /dev/null do not.
func isTerminal(file *os.File) bool {
	_, err := unix.IoctlGetWinsize(int(file.Fd()), unix.TIOCGWINSZ)
	return err == nil
}
