package connections

import (
	"math"
	"net"
	"syscall"

	"golang.org/x/sys/unix"
)

// noInterface is the index of a network interface that does not exist.
const noInterface = math.MaxInt32

// refuseHandshakes makes the kernel refuse new handshakes, by binding the listener to an interface over which
// none arrive. Handshakes in progress are completed, because they belong to the interface to which the listener
// was bound when they began. It reports whether it succeeded; before Linux 5.7 only a privileged process can.
func refuseHandshakes(listener net.Listener) bool {
	bound := false
	withDescriptor(listener, func(fd int) {
		bound = unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_BINDTOIFINDEX, noInterface) == nil
	})
	return bound
}

// dropSYN is a classic BPF program that drops the first packet of a handshake (SYN without ACK) and
// passes all others: packets that complete a handshake, and packets of open connections, which
// inherit the filter. Offsets count from the TCP header; byte 13 has the flags.
var dropSYN = []unix.SockFilter{
	{Code: unix.BPF_LD | unix.BPF_B | unix.BPF_ABS, K: 13},
	{Code: unix.BPF_ALU | unix.BPF_AND | unix.BPF_K, K: flagSYN | flagACK},
	{Code: unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K, K: flagSYN, Jt: 1},
	{Code: unix.BPF_RET | unix.BPF_K, K: 1<<32 - 1},
	{Code: unix.BPF_RET | unix.BPF_K, K: 0},
}

// Flags of a TCP header.
const flagSYN, flagACK = 0x02, 0x10

// ignoreHandshakes makes the kernel drop new handshakes, which clients retry after a second. It
// reports whether it succeeded.
func ignoreHandshakes(listener net.Listener) bool {
	program := unix.SockFprog{Len: uint16(len(dropSYN)), Filter: &dropSYN[0]}
	attached := false
	withDescriptor(listener, func(fd int) {
		attached = unix.SetsockoptSockFprog(fd, unix.SOL_SOCKET, unix.SO_ATTACH_FILTER, &program) == nil
	})
	return attached
}

// backlog returns the number of established connections that have not been accepted, 0 if it is not
// known.
func backlog(listener net.Listener) (waiting int) {
	withDescriptor(listener, func(fd int) {
		if info, err := unix.GetsockoptTCPInfo(fd, unix.IPPROTO_TCP, unix.TCP_INFO); err == nil {
			waiting = int(info.Unacked) // for a listening socket: the length of its accept queue
		}
	})
	return waiting
}

// withDescriptor calls f with the descriptor of an open listener. It is a no-op for a listener without one.
func withDescriptor(listener net.Listener, f func(fd int)) {
	owner, ok := listener.(syscall.Conn)
	if !ok {
		return
	}
	if raw, err := owner.SyscallConn(); err == nil {
		_ = raw.Control(func(fd uintptr) { f(int(fd)) }) // fails only for a closed listener
	}
}
