package connections

import (
	"context"
	"net"
	"time"
)

// Bounds of [Listener.Drain].
const (
	// handshakeTime is what a handshake that has begun may take: a round trip between machines
	// that are near each other, as a load balancer and its servers are.
	handshakeTime = 50 * time.Millisecond
	backlogTick   = 5 * time.Millisecond
)

// Open listens on a TCP address. Not for Multipath TCP, which Go prefers: its sockets can't be
// drained.
func Open(address string) (net.Listener, error) {
	var config net.ListenConfig
	config.SetMultipathTCP(false)
	return config.Listen(context.Background(), "tcp", address)
}

// Drain closes the listener without resetting a connection that its client believes to be open:
// closing alone resets those that the kernel has completed and nobody has accepted, and a client
// that has sent a command over one can't send it again. New handshakes are left unanswered first,
// the connections in the backlog go on being accepted by whoever calls Accept, and the listener
// closes when there are none, or when ctx ends. Where the kernel can't do that, and for
// a listener that is not of [Open], Drain only closes.
func (l *Listener) Drain(ctx context.Context) error {
	if ignoreHandshakes(l.Listener) {
		l.awaitBacklog(ctx)
	}
	return l.Close()
}

// awaitBacklog returns when handshakeTime has passed and no connection waits to be accepted.
func (l *Listener) awaitBacklog(ctx context.Context) {
	begun, tick := time.Now(), time.NewTicker(backlogTick)
	defer tick.Stop()
	for time.Since(begun) < handshakeTime || backlog(l.Listener) > 0 {
		select {
		case <-ctx.Done():
			return
		case <-l.closing:
			return
		case <-tick.C:
		}
	}
}
