package esdb

import (
	"context"
	"errors"
	"net"
	"sync"
	"testing"

	"google.golang.org/grpc/test/bufconn"

	"admitone/events"
	"admitone/events/esdbwire"
)

// network connects the store to nodes in the same process and simulates network faults. It does not
// use the real network, so it works in virtual time.
type network struct {
	mu     sync.Mutex
	nodes  map[string]*node   // by host; guarded by mu
	conns  map[*conn]struct{} // open ones; guarded by mu
	dialed int                // guarded by mu
}

// node is a server in the network.
type node struct {
	listener *bufconn.Listener // nil: the node is down
	server   *esdbwire.Server
	ended    chan error
	thawed   chan struct{} // nil: not frozen; otherwise closed by thaw
	receives bool          // a frozen node receives but does not send
}

func newNetwork() *network {
	return &network{nodes: map[string]*node{}, conns: map[*conn]struct{}{}}
}

// start starts a node.
func (n *network) start(host string, log events.Store, config esdbwire.Config) {
	config.Writable, config.Logger = true, discardLogger
	up := &node{listener: bufconn.Listen(1 << 20), server: esdbwire.New(log, config), ended: make(chan error, 1)}
	go func() { up.ended <- up.server.Serve(up.listener) }()
	n.mu.Lock()
	defer n.mu.Unlock()
	n.nodes[host] = up
}

// kill stops a node after closing its connections.
func (n *network) kill(t testing.TB, host string) {
	t.Helper()
	n.mu.Lock()
	down := n.nodes[host]
	n.nodes[host] = &node{}
	cut := n.connsTo(host)
	n.mu.Unlock()
	if down.thawed != nil {
		close(down.thawed)
	}
	for _, c := range cut {
		c.Close()
	}
	if down.server == nil {
		return
	}
	for _, err := range []error{down.server.Close(), <-down.ended} {
		if err != nil {
			t.Error(err)
		}
	}
}

// connsTo requires n.mu.
func (n *network) connsTo(host string) (to []*conn) {
	for c := range n.conns {
		if c.host == host {
			to = append(to, c)
		}
	}
	return to
}

// freeze keeps connections to a node and accepts new ones, but transfers no bytes, or none from the
// node if it receives.
func (n *network) freeze(host string, receives bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.nodes[host].thawed, n.nodes[host].receives = make(chan struct{}), receives
}

// thaw transfers bytes again. If lost is true, existing connections stay blocked, and only new ones work.
func (n *network) thaw(host string, lost bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	at := n.nodes[host]
	if lost {
		for _, c := range n.connsTo(host) {
			c.forget()
		}
	}
	close(at.thawed)
	at.thawed = nil
}

// cut resets all connections to a node, which stays up.
func (n *network) cut(host string) {
	n.mu.Lock()
	cut := n.connsTo(host)
	n.mu.Unlock()
	for _, c := range cut {
		c.Close()
	}
}

// open returns the number of open connections.
func (n *network) open() int {
	n.mu.Lock()
	defer n.mu.Unlock()
	return len(n.conns)
}

var errDown = errors.New("connection refused")

// dial is an Options.Dial.
func (n *network) dial(ctx context.Context, host string) (net.Conn, error) {
	n.mu.Lock()
	at := n.nodes[host]
	n.dialed++
	n.mu.Unlock()
	if at == nil || at.listener == nil {
		return nil, errDown
	}
	raw, err := at.listener.DialContext(ctx)
	if err != nil {
		return nil, err
	}
	c := &conn{Conn: raw, network: n, host: host, closed: make(chan struct{})}
	n.mu.Lock()
	n.conns[c] = struct{}{}
	n.mu.Unlock()
	return c, nil
}

// conn is a connection through the network.
type conn struct {
	net.Conn
	network *network
	host    string
	once    sync.Once
	closed  chan struct{}
	lost    bool // blocked permanently; guarded by network.mu
}

func (c *conn) forget() { c.lost = true }

// pass waits until bytes may be transferred to the node, or else from the node. Error: net.ErrClosed.
func (c *conn) pass(to bool) error {
	for {
		c.network.mu.Lock()
		at, lost := c.network.nodes[c.host], c.lost
		var thawed chan struct{}
		if at != nil && !(to && at.receives) {
			thawed = at.thawed
		}
		c.network.mu.Unlock()
		if thawed == nil && !lost {
			return nil
		}
		if lost {
			thawed = nil
		}
		select {
		case <-thawed:
		case <-c.closed:
			return net.ErrClosed
		}
	}
}

func (c *conn) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	if waiting := c.pass(false); waiting != nil {
		return 0, waiting
	}
	return n, err
}

func (c *conn) Write(p []byte) (int, error) {
	if err := c.pass(true); err != nil {
		return 0, err
	}
	return c.Conn.Write(p)
}

func (c *conn) Close() error {
	var err error
	c.once.Do(func() {
		c.network.mu.Lock()
		delete(c.network.conns, c)
		c.network.mu.Unlock()
		close(c.closed)
		err = c.Conn.Close()
	})
	return err
}

// connect opens the store through the network.
func (n *network) connect(t testing.TB, connectionString string) *Store {
	t.Helper()
	s, err := Open(context.Background(), connectionString, Options{Logger: discardLogger, Dial: n.dial})
	if err != nil {
		t.Fatal(err)
	}
	return s
}
