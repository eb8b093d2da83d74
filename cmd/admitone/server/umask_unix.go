//go:build unix

package server

import "syscall"

// RestrictUmask denies everyone but the owner and the group access to every file that this process
// creates. A stricter umask remains.
func RestrictUmask() {
	before := syscall.Umask(notForOthers)
	syscall.Umask(before | notForOthers)
}
