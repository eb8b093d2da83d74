package connections

import (
	"context"
	"net"
	"time"
)

// Bounds of [Listener.Drain].
const (
	// handshakeTime is how long Drain waits for handshakes in progress: more than a round trip between
	// machines in one data centre, such as a load balancer and its servers.
	handshakeTime = 50 * time.Millisecond
	backlogTick   = 5 * time.Millisecond
)

// Open listens on a TCP address. It disables Multipath TCP, which Go enables by default, because Multipath
// TCP sockets can't be drained.
func Open(address string) (net.Listener, error) {
	var config net.ListenConfig
	config.SetMultipathTCP(false)
	return config.Listen(context.Background(), "tcp", address)
}

// Drain closes the listener without resetting a connection that its client considers established.
// Close alone resets the connections in the backlog, and a client that has sent a command over one of
// them can't know whether it was executed. So Drain first refuses new handshakes, so that a load balancer
// connects to another server immediately, and closes the listener once calls of Accept have emptied the
// backlog, or ctx ends. A kernel that can't refuse handshakes ignores them: those clients are refused when they
// retry, after a second. If it can't do that either, as with Multipath TCP, Drain only closes the listener.
func (l *Listener) Drain(ctx context.Context) error {
	if refuseHandshakes(l.Listener) || ignoreHandshakes(l.Listener) {
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
