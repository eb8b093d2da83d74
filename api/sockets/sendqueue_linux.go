package sockets

import (
	"errors"
	"net"
	"syscall"

	"golang.org/x/sys/unix"
)

// rawConn returns access to the descriptor of a connection, nil if it has none.
func rawConn(conn net.Conn) syscall.RawConn {
	c, ok := conn.(syscall.Conn)
	if !ok {
		return nil
	}
	raw, err := c.SyscallConn()
	if err != nil {
		return nil
	}
	return raw
}

// sendQueueBytes returns the number of bytes in the kernel's send queue: not yet acknowledged by
// the peer. ok is false if the number is unknown.
func sendQueueBytes(raw syscall.RawConn) (n int, ok bool) {
	if raw == nil {
		return 0, false
	}
	var err error
	controlErr := raw.Control(func(fd uintptr) { n, err = unix.IoctlGetInt(int(fd), unix.SIOCOUTQ) })
	return n, err == nil && controlErr == nil
}

// writeSome writes as much as the kernel accepts without blocking, and returns the number of
// bytes.
func writeSome(raw syscall.RawConn, message []byte) (n int, err error) {
	if raw == nil {
		return 0, nil
	}
	controlErr := raw.Control(func(fd uintptr) { n, err = unix.Write(int(fd), message) })
	switch {
	case controlErr != nil:
		return 0, controlErr
	case errors.Is(err, unix.EAGAIN), errors.Is(err, unix.EINTR):
		return 0, nil
	}
	return max(0, n), err
}
