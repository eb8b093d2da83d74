package esdb

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"admitone/events"
)

// role is a kind of calls. Each has a connection of its own, so that neither a
// slow follower nor a large read is in an append's way.
type role int

const (
	appending role = iota
	reading
	following
	roles
)

// maxCalls bounds the appends, and the reads, that are under way at once. A node
// takes a hundred calls on one connection; what is left over is for the pulse.
const maxCalls = 64

// nodes knows which node to talk to, and keeps the connections.
type nodes struct {
	connection
	log *slog.Logger

	mu      sync.Mutex
	lines   [roles]*line // guarded by mu
	members []string     // the nodes there were when last asked; guarded by mu
	closed  bool         // guarded by mu

	room       [roles]chan struct{} // of maxCalls; nil for followers
	lost       chan struct{}        // of 1: somebody could not reach a node
	life       context.Context      // ends with close
	end        context.CancelFunc
	background sync.WaitGroup
}

func newNodes(c connection, log *slog.Logger) *nodes {
	n := &nodes{connection: c, log: log, lost: make(chan struct{}, 1)}
	n.room[appending], n.room[reading] = make(chan struct{}, maxCalls), make(chan struct{}, maxCalls)
	n.life, n.end = context.WithCancel(context.Background())
	return n
}

// start has the nodes asked which of them leads, if that is the question, and
// begins to look after the connections. Error: why none of them could tell.
func (n *nodes) start(ctx context.Context) error {
	if !n.gossip {
		if err := n.moveTo(n.hosts[0], n.hosts[0]); err != nil {
			return err
		}
	} else if err := n.discover(ctx); err != nil {
		return err
	}
	n.background.Go(n.feelPulse)
	if n.gossip {
		n.background.Go(n.keepLooking)
	}
	return nil
}

// take returns the connection for a call; give takes it back. Errors: ErrClosed,
// ctx.Err().
func (n *nodes) take(ctx context.Context, r role) (*line, error) {
	if room := n.room[r]; room != nil {
		select {
		case room <- struct{}{}:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.closed {
		n.leave(r)
		return nil, events.ErrClosed
	}
	l := n.lines[r]
	l.calls.Add(1)
	return l, nil
}

func (n *nodes) give(r role, l *line) {
	l.leave()
	n.leave(r)
}

func (n *nodes) leave(r role) {
	if room := n.room[r]; room != nil {
		<-room
	}
}

// moveTo makes leader the node that is written to and read from, and follow the
// one that is followed.
func (n *nodes) moveTo(leader, follow string) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	for r, host := range [roles]string{appending: leader, reading: leader, following: follow} {
		if n.closed || n.lines[r] != nil && n.lines[r].host == host {
			continue
		}
		if err := n.renew(role(r), host); err != nil {
			return err
		}
	}
	return nil
}

// renew puts a new line in the place of the one there is; n.mu is held.
func (n *nodes) renew(r role, host string) error {
	l, err := n.newLine(host)
	if err != nil {
		return err
	}
	if old := n.lines[r]; old != nil {
		old.retire()
	}
	n.lines[r] = l
	return nil
}

// elsewhere is called when l's node says that leader leads, and reports whether it
// is worth asking again.
func (n *nodes) elsewhere(l *line, leader string) bool {
	if leader == "" || leader == l.host {
		n.look() // an election is under way
		return false
	}
	n.mu.Lock()
	follow := n.lines[following].host
	moved := n.lines[appending].host != l.host && n.lines[reading].host != l.host
	n.mu.Unlock()
	if moved {
		return true // somebody else has been told before
	}
	if n.prefer == preferLeader {
		follow = leader
	}
	n.log.Info("another node leads", "node", leader, "before", l.host)
	return n.moveTo(leader, follow) == nil
}

// unreachable is called when a call on l failed as if its node were gone. Where
// nodes can be asked, they are; otherwise a node that another one has named is
// given up for the one that was named first.
func (n *nodes) unreachable(r role, l *line) {
	n.mu.Lock()
	current := n.lines[r] == l && !n.closed
	n.mu.Unlock()
	switch {
	case !current:
	case n.gossip:
		n.look()
	case l.host != n.hosts[0]:
		_ = n.moveTo(n.hosts[0], n.hosts[0]) // its error has been checked at the start
	}
}

// look has the nodes asked, soon.
func (n *nodes) look() {
	select {
	case n.lost <- struct{}{}:
	default:
	}
}

// keepLooking asks the nodes whenever one was lost, until they agree on a leader.
func (n *nodes) keepLooking() {
	for {
		select {
		case <-n.lost:
		case <-n.life.Done():
			return
		}
		rest := n.discoverEvery
		for {
			err := n.discover(n.life)
			if !pause(n.life, rest) { // also afterwards: not more often than that
				return
			}
			if err == nil {
				break
			}
			n.log.Debug("no node leads that can be reached", "error", err)
			rest = min(2*rest, max(lastRest, n.discoverEvery))
		}
	}
}

// pause reports false if ctx ended first.
func pause(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

func (n *nodes) present() [roles]*line {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.lines
}

// close ends what is under way and waits for what runs in the background.
func (n *nodes) close() {
	n.mu.Lock()
	n.closed = true
	n.mu.Unlock()
	n.end()
	n.background.Wait()
	for _, l := range n.present() {
		if l != nil {
			l.cut()
		}
	}
}
