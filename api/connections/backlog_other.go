//go:build !linux

package connections

import "net"

// ignoreHandshakes reports that handshakes can't be ignored here.
func ignoreHandshakes(net.Listener) bool { return false }

func backlog(net.Listener) int { return 0 }
