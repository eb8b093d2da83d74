//go:build unix

package server

import "syscall"

// RestrictUmask denies others than the owner and the group every file that this process creates. A
// stricter umask stays.
func RestrictUmask() {
	before := syscall.Umask(notForOthers)
	syscall.Umask(before | notForOthers)
}
