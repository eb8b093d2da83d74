//go:build !unix

package server

// RestrictUmask does nothing on this system.
func RestrictUmask() {}
