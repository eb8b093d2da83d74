package esdb

import (
	"context"
	"net"
	"sync/atomic"
	"time"

	features "github.com/EventStore/EventStore-Client-Go/v4/protos/serverfeatures"
	"github.com/EventStore/EventStore-Client-Go/v4/protos/shared"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/connectivity"
	"google.golang.org/grpc/status"
)

// If a node is silent for maxMissedIntervals although calls wait for it, every connection to it is
// probed. If there is no answer within probeGrace, the node is probed over a new connection too. If it
// answers there, the old connection is dead and is replaced, which takes at most two seconds. If it does
// not answer there within probeTimeout, it may be frozen or merely busy, and aborting its calls would
// not help. If there are other nodes, they are then queried for the leader.
const (
	healthcheckInterval = 300 * time.Millisecond
	maxMissedIntervals  = 2
	probeGrace          = 300 * time.Millisecond
	probeTimeout        = 800 * time.Millisecond
)

// runHealthcheck probes the connections to silent nodes.
func (n *nodes) runHealthcheck() {
	tick := time.NewTicker(healthcheckInterval)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
		case <-n.ctx.Done():
			return
		}
		conns := n.present()
		silent := map[string]bool{}
		for _, l := range conns {
			if l.isOverdue() {
				silent[l.host] = true
			}
		}
		for r, l := range conns {
			if silent[l.host] {
				n.background.Go(func() { n.check(role(r), l) })
			}
		}
	}
}

// isOverdue reports whether to probe the connection. It must be called once per interval.
func (l *nodeConn) isOverdue() bool {
	messages := l.messages.Load()
	if messages != l.lastMessages || l.calls.Load() == 0 {
		l.lastMessages, l.missed = messages, 0
		return false
	}
	l.missed++
	return l.missed >= maxMissedIntervals
}

// check probes a connection and acts on the result. It does not probe a connection that is not
// established, because gRPC has a timeout for connecting.
func (n *nodes) check(r role, l *nodeConn) {
	if l.conn.GetState() != connectivity.Ready || !l.probing.CompareAndSwap(false, true) {
		return
	}
	defer l.probing.Store(false)
	found := n.probe(l)
	if n.ctx.Err() != nil {
		return
	}
	l.unresponsive.Store(found == nodeSilent)
	switch found {
	case connAlive:
		l.messages.Add(1)
	case connDead:
		n.reconnect(r, l)
	case nodeSilent:
		n.unreachable(r, l)
	}
}

// finding is the result of a probe.
type finding int

const (
	connAlive  finding = iota
	connDead           // the node answers on a new connection, but not on this one
	nodeSilent         // the node answers on neither connection
)

// probe checks whether the connection and its node respond.
func (n *nodes) probe(l *nodeConn) finding {
	ctx, cancel := context.WithCancel(n.ctx)
	defer cancel()
	oldConn, newConn := make(chan struct{}), make(chan bool, 1)
	n.background.Go(func() {
		// An error is an answer too; gRPC reconnects automatically.
		_ = ping(ctx, l.conn)
		close(oldConn)
	})
	if within(oldConn, probeGrace) {
		return connAlive
	}
	began := time.Now()
	n.background.Go(func() { newConn <- n.isReachable(ctx, l.host) })
	select {
	case <-oldConn:
		return connAlive
	case reachable := <-newConn:
		if !reachable {
			return nodeSilent
		}
	}
	// If everything is slow, the new connection may have been faster by chance.
	if within(oldConn, probeGrace+2*time.Since(began)) {
		return connAlive
	}
	return connDead
}

// within reports whether done is closed within limit.
func within(done <-chan struct{}, limit time.Duration) bool {
	timer := time.NewTimer(limit)
	defer timer.Stop()
	select {
	case <-done:
		return true
	case <-timer.C:
		return false
	}
}

// ping makes a trivial request that needs no credentials.
func ping(ctx context.Context, conn *grpc.ClientConn) error {
	_, err := features.NewServerFeaturesClient(conn).GetSupportedMethods(ctx, &shared.Empty{})
	return err
}

// isReachable reports whether a node answers on a new connection.
func (n *nodes) isReachable(ctx context.Context, host string) bool {
	ctx, cancel := context.WithTimeout(ctx, probeTimeout-probeGrace)
	defer cancel()
	var socket atomic.Pointer[net.Conn]
	conn, err := n.open(host, host, n.recordSocket(&socket))
	if err != nil {
		return false
	}
	defer closeNow(conn, &socket)
	err = ping(ctx, conn)
	return err == nil || status.Code(err) == codes.Unimplemented
}

// reconnect replaces a dead connection.
func (n *nodes) reconnect(r role, l *nodeConn) {
	n.mu.Lock()
	if n.conns[r] == l && !n.closed {
		n.log.Warn("a connection is dead although its node responds; reconnecting", "node", l.host)
		_ = n.renew(r, l.host) // cannot fail for a host that was connected before
	}
	n.mu.Unlock()
	l.abort()
}
