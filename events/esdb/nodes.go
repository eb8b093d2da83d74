package esdb

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"admitone/events"
)

// role is a kind of call. Each has a separate connection, so that neither a slow follower nor a
// large read delays an append.
type role int

const (
	appending role = iota
	reading
	following
	roles
	// batching is for appends that share a call on the connection for appends.
	batching = roles
)

// conn returns the role whose connection the call uses.
func (r role) conn() role {
	if r == batching {
		return appending
	}
	return r
}

const (
	// maxCalls bounds the concurrent appends with separate calls, and the concurrent reads. A
	// node accepts a hundred calls per connection; the rest is for the health check.
	maxCalls = 64
	// maxShared bounds the concurrent appends that share a call.
	maxShared = 1024
)

// nodes holds the connections to the current nodes.
type nodes struct {
	connection
	log *slog.Logger

	mu      sync.Mutex
	conns   [roles]*nodeConn // guarded by mu
	members []string         // the last known nodes; guarded by mu
	closed  bool             // guarded by mu

	slots      [roles + 1]chan struct{} // of maxCalls, or maxShared; nil for followers
	lost       chan struct{}            // of 1: a node was unreachable
	ctx        context.Context          // ends with close
	cancel     context.CancelFunc
	background sync.WaitGroup
}

func newNodes(c connection, log *slog.Logger) *nodes {
	n := &nodes{connection: c, log: log, lost: make(chan struct{}, 1)}
	n.slots[appending], n.slots[reading] = make(chan struct{}, maxCalls), make(chan struct{}, maxCalls)
	n.slots[batching] = make(chan struct{}, maxShared)
	n.ctx, n.cancel = context.WithCancel(context.Background())
	return n
}

// start discovers the leader, if gossip is enabled, and starts the background work. Error: the
// reason why discovery failed.
func (n *nodes) start(ctx context.Context) error {
	if !n.gossip {
		if err := n.moveTo(n.hosts[0], n.hosts[0]); err != nil {
			return err
		}
	} else if err := n.discover(ctx); err != nil {
		return err
	}
	n.background.Go(n.runHealthcheck)
	if n.gossip {
		n.background.Go(n.runDiscovery)
	}
	return nil
}

// acquire returns the connection for a call. The caller must release it. Errors: ErrClosed, ctx.Err().
func (n *nodes) acquire(ctx context.Context, r role) (*nodeConn, error) {
	if slots := n.slots[r]; slots != nil {
		select {
		case slots <- struct{}{}:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.closed {
		n.releaseSlot(r)
		return nil, events.ErrClosed
	}
	l := n.conns[r.conn()]
	l.calls.Add(1)
	return l, nil
}

func (n *nodes) release(r role, l *nodeConn) {
	l.done()
	n.releaseSlot(r)
}

func (n *nodes) releaseSlot(r role) {
	if slots := n.slots[r]; slots != nil {
		<-slots
	}
}

// moveTo connects appends and reads to the node leader, and followers to the node follow.
func (n *nodes) moveTo(leader, follow string) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	for r, host := range [roles]string{appending: leader, reading: leader, following: follow} {
		if n.closed || n.conns[r] != nil && n.conns[r].host == host {
			continue
		}
		if err := n.renew(role(r), host); err != nil {
			return err
		}
	}
	return nil
}

// renew replaces the connection of a role; n.mu must be held.
func (n *nodes) renew(r role, host string) error {
	l, err := n.newNodeConn(host, r)
	if err != nil {
		return err
	}
	if old := n.conns[r]; old != nil {
		old.retire()
	}
	n.conns[r] = l
	return nil
}

// redirect handles the redirect of a call on l to another leader, and reports whether a retry may succeed.
func (n *nodes) redirect(l *nodeConn, leader string) bool {
	if leader == "" || leader == l.host {
		n.requestDiscovery() // an election is in progress
		return false
	}
	n.mu.Lock()
	follow := n.conns[following].host
	moved := n.conns[appending].host != l.host && n.conns[reading].host != l.host
	n.mu.Unlock()
	if moved {
		return true // another call has already been redirected
	}
	if n.prefer == preferLeader {
		follow = leader
	}
	n.log.Info("another node leads", "node", leader, "before", l.host)
	return n.moveTo(leader, follow) == nil
}

// unreachable handles a failure of a call on l that suggests that its node is down. With gossip, it
// requests a discovery. Otherwise it returns from a node that it was redirected to to the configured
// node.
func (n *nodes) unreachable(r role, l *nodeConn) {
	n.mu.Lock()
	current := n.conns[r.conn()] == l && !n.closed
	n.mu.Unlock()
	switch {
	case !current:
	case n.gossip:
		n.requestDiscovery()
	case l.host != n.hosts[0]:
		_ = n.moveTo(n.hosts[0], n.hosts[0]) // cannot fail: it succeeded with the same address at the start
	}
}

// requestDiscovery makes runDiscovery run soon.
func (n *nodes) requestDiscovery() {
	select {
	case n.lost <- struct{}{}:
	default:
	}
}

// runDiscovery runs a discovery whenever it is requested, until there is a leader.
func (n *nodes) runDiscovery() {
	for {
		select {
		case <-n.lost:
		case <-n.ctx.Done():
			return
		}
		delay := n.discoverEvery
		for {
			err := n.discover(n.ctx)
			if !pause(n.ctx, delay) { // even after a success, to limit the rate
				return
			}
			if err == nil {
				break
			}
			n.log.Debug("no reachable leader", "error", err)
			delay = min(2*delay, max(maxBackoff, n.discoverEvery))
		}
	}
}

// pause waits for d and reports false if ctx ended first.
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

func (n *nodes) present() [roles]*nodeConn {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.conns
}

// close ends calls in progress and waits for the background work.
func (n *nodes) close() {
	n.mu.Lock()
	n.closed = true
	n.mu.Unlock()
	n.cancel()
	n.background.Wait()
	for _, l := range n.present() {
		if l != nil {
			l.abort()
		}
	}
}
