//go:build !linux

package connections

import "net"

// ignoreHandshakes returns false: handshakes can't be ignored on this system.
func ignoreHandshakes(net.Listener) bool { return false }

func backlog(net.Listener) int { return 0 }
