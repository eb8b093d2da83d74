package esdb

import (
	"context"
	"time"

	features "github.com/EventStore/EventStore-Client-Go/v4/protos/serverfeatures"
	"github.com/EventStore/EventStore-Client-Go/v4/protos/shared"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/connectivity"
	"google.golang.org/grpc/status"
)

// The pulse. A node that is silent for so many beats, although somebody waits for
// it, is asked for a sign of life. If none comes within signGrace, it is asked over
// a new connection too. Who answers there has lost the old one, which is given up;
// who is silent on both has signPatience. So a node that is merely busy keeps its
// connections, and one that has come back after losing them is found within two
// seconds.
const (
	beat         = 400 * time.Millisecond
	silentBeats  = 2
	signGrace    = 400 * time.Millisecond
	signPatience = 2 * time.Second
)

// feelPulse gives up connections on which nothing moves any more.
func (n *nodes) feelPulse() {
	tick := time.NewTicker(beat)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
		case <-n.life.Done():
			return
		}
		for r, l := range n.present() {
			if l.tooSilent() {
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

// check gives a line up if it is dead, and looks at the others to that node then: on
// some of them nobody may be waiting who would notice.
func (n *nodes) check(r role, l *line) {
	if !n.dead(l) {
		return
	}
	n.giveUp(r, l)
	for other, line := range n.present() {
		if line != l && line.host == l.host {
			n.background.Go(func() {
				if n.dead(line) {
					n.giveUp(role(other), line)
				}
			})
		}
	}
}

// dead asks for a sign of life. It says no if somebody is asking already, and of a
// line that is not connected: gRPC has its own patience with connecting.
func (n *nodes) dead(l *line) bool {
	if l.conn.GetState() != connectivity.Ready || !l.asking.CompareAndSwap(false, true) {
		return false
	}
	defer l.asking.Store(false)
	ctx, cancel := context.WithTimeout(n.life, signPatience)
	defer cancel()
	here, there := make(chan bool, 1), make(chan bool, 1)
	n.background.Go(func() {
		// An error is a sign of life as well, and gRPC mends what it is about.
		here <- ask(ctx, l.conn) == nil || ctx.Err() == nil
	})
	grace := time.NewTimer(signGrace)
	defer grace.Stop()
	alive, elsewhere := false, false
	select {
	case alive = <-here:
	case <-grace.C:
		n.background.Go(func() { there <- n.answers(ctx, l.host) })
		select {
		case alive = <-here:
		case elsewhere = <-there:
			if !elsewhere {
				alive = <-here
			}
		}
	}
	if alive {
		l.heard.Add(1)
	}
	return !alive && n.life.Err() == nil
}

// ask asks for something that costs nothing and needs no password.
func ask(ctx context.Context, conn *grpc.ClientConn) error {
	_, err := features.NewServerFeaturesClient(conn).GetSupportedMethods(ctx, &shared.Empty{})
	return err
}

// answers says whether a node answers on a new connection.
func (n *nodes) answers(ctx context.Context, host string) bool {
	conn, err := n.open(host, host, n.dial)
	if err != nil {
		return false
	}
	defer conn.Close()
	err = ask(ctx, conn)
	return err == nil || status.Code(err) == codes.Unimplemented
}

// giveUp cuts a line and connects anew.
func (n *nodes) giveUp(r role, l *line) {
	n.mu.Lock()
	current := n.lines[r] == l && !n.closed
	if current {
		n.log.Warn("a node gives no sign of life; connecting again", "node", l.host)
		_ = n.renew(r, l.host) // this host has been connected to before
	}
	fresh := n.lines[r]
	n.mu.Unlock()
	l.cut()
	if current {
		n.unreachable(r, fresh)
	}
}
