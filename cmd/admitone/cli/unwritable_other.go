//go:build !(linux || darwin || freebsd)

package cli

// isUnwritable can't tell on this system.
func isUnwritable(string) bool { return false }
