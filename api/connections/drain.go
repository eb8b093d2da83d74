package connections

import (
	"context"
	"net"
	"time"
)

// Bounds of [Listener.Drain].
const (
	// handshakeTime bounds the time of a handshake in progress: a round trip between machines
	// in one data centre, such as a load balancer and its servers.
	handshakeTime = 50 * time.Millisecond
	backlogTick   = 5 * time.Millisecond
)

// Open listens on a TCP address, without Multipath TCP, Go's default: its sockets can't be drained.
func Open(address string) (net.Listener, error) {
	var config net.ListenConfig
	config.SetMultipathTCP(false)
	return config.Listen(context.Background(), "tcp", address)
}

// Drain closes the listener without resetting a connection that its client considers established.
// Close alone resets the connections in the backlog, and a client that has sent a command over one
// can't know whether it was executed. Drain first stops answering handshakes, while the backlog is
// still accepted by the callers of Accept, and closes the listener once the backlog is empty or ctx
// ends. Where the kernel does not support that, and for a listener not made by [Open], it only closes.
func (l *Listener) Drain(ctx context.Context) error {
	if ignoreHandshakes(l.Listener) {
		l.awaitBacklog(ctx)
	}
	return l.Close()
}

// awaitBacklog returns once handshakeTime has passed and the backlog is empty, when ctx ends, or when
// the listener is closed.
func (l *Listener) awaitBacklog(ctx context.Context) {
	started, tick := time.Now(), time.NewTicker(backlogTick)
	defer tick.Stop()
	for time.Since(started) < handshakeTime || backlog(l.Listener) > 0 {
		select {
		case <-ctx.Done():
			return
		case <-l.closing:
			return
		case <-tick.C:
		}
	}
}
