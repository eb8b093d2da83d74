//go:build !linux

package api

import "net"

// unsentBytes can't tell here; see socket.makeRoom.
func unsentBytes(net.Conn) (n int, ok bool) { return 0, false }
