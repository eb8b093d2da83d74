//go:build !linux

package connections

import "net"

// refuseHandshakes returns false: handshakes can't be refused on this system while the listener is open.
func refuseHandshakes(net.Listener) bool { return false }

// ignoreHandshakes returns false: handshakes can't be ignored on this system.
func ignoreHandshakes(net.Listener) bool { return false }

func backlog(net.Listener) int { return 0 }
