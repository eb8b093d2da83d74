//go:build !linux

package sockets

import (
	"net"
	"syscall"
)

func rawConn(net.Conn) syscall.RawConn { return nil }

func sendQueueBytes(syscall.RawConn) (n int, ok bool) { return 0, false }

func writeSome(syscall.RawConn, []byte) (n int, err error) { return 0, nil }
