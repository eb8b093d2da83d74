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

// The pulse. When a node is silent for so many beats, although somebody waits for it,
// every connection to it is asked for a sign of life. One that gives none within
// signGrace is asked for over a new connection too. Who answers there has lost the old
// one, which is given up: that is found out within two seconds. Who is silent there as
// well, for signPatience, may be frozen or merely busy, and giving up what is under
// way would help nobody; but if there are other nodes, they are asked who leads now.
const (
	beat         = 300 * time.Millisecond
	silentBeats  = 2
	signGrace    = 300 * time.Millisecond
	signPatience = 800 * time.Millisecond
)

// feelPulse looks after the connections.
func (n *nodes) feelPulse() {
	tick := time.NewTicker(beat)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
		case <-n.life.Done():
			return
		}
		lines := n.present()
		silent := map[string]bool{}
		for _, l := range lines {
			if l.tooSilent() {
				silent[l.host] = true
			}
		}
		for r, l := range lines {
			if silent[l.host] {
				n.background.Go(func() { n.check(role(r), l) })
			}
		}
	}
}

// tooSilent is called at every beat, and says whether it is time to ask.
func (l *line) tooSilent() bool {
	heard := l.heard.Load()
	if heard != l.known || l.calls.Load() == 0 {
		l.known, l.silent = heard, 0
		return false
	}
	l.silent++
	return l.silent >= silentBeats
}

// check asks for a sign of life and does what follows from the answer. A line that is
// not connected is not asked: gRPC has its own patience with connecting.
func (n *nodes) check(r role, l *line) {
	if l.conn.GetState() != connectivity.Ready || !l.asking.CompareAndSwap(false, true) {
		return
	}
	defer l.asking.Store(false)
	found := n.feel(l)
	if n.life.Err() != nil {
		return
	}
	l.mute.Store(found == nodeSilent)
	switch found {
	case lineAlive:
		l.heard.Add(1)
	case lineDead:
		n.giveUp(r, l)
	case nodeSilent:
		n.unreachable(r, l)
	}
}

// finding is what asking for a sign of life has shown.
type finding int

const (
	lineAlive  finding = iota
	lineDead           // the node answers on a new connection, and not on this one
	nodeSilent         // it answers on neither
)

// feel asks for a sign of life.
func (n *nodes) feel(l *line) finding {
	ctx, cancel := context.WithCancel(n.life)
	defer cancel()
	here, there := make(chan struct{}), make(chan bool, 1)
	n.background.Go(func() {
		// An error is a sign of life as well, and gRPC mends what it is about.
		_ = ask(ctx, l.conn)
		close(here)
	})
	if within(here, signGrace) {
		return lineAlive
	}
	began := time.Now()
	n.background.Go(func() { there <- n.answers(ctx, l.host) })
	select {
	case <-here:
		return lineAlive
	case answers := <-there:
		if !answers {
			return nodeSilent
		}
	}
	// Where everything is slow, the new connection may only have been lucky.
	if within(here, signGrace+2*time.Since(began)) {
		return lineAlive
	}
	return lineDead
}

// within says whether done is closed before the time is up.
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

// ask asks for something that costs nothing and needs no password.
func ask(ctx context.Context, conn *grpc.ClientConn) error {
	_, err := features.NewServerFeaturesClient(conn).GetSupportedMethods(ctx, &shared.Empty{})
	return err
}

// answers says whether a node answers on a new connection.
func (n *nodes) answers(ctx context.Context, host string) bool {
	ctx, cancel := context.WithTimeout(ctx, signPatience-signGrace)
	defer cancel()
	var socket atomic.Pointer[net.Conn]
	conn, err := n.open(host, host, n.keep(&socket))
	if err != nil {
		return false
	}
	defer hangUp(conn, &socket)
	err = ask(ctx, conn)
	return err == nil || status.Code(err) == codes.Unimplemented
}

// giveUp cuts a line and connects anew.
func (n *nodes) giveUp(r role, l *line) {
	n.mu.Lock()
	if n.lines[r] == l && !n.closed {
		n.log.Warn("a connection is dead although its node is not; connecting again", "node", l.host)
		_ = n.renew(r, l.host) // this host has been connected to before
	}
	n.mu.Unlock()
	l.cut()
}
