package peers

import (
	"bufio"
	"errors"
	"net"
	"sync"
	"time"

	"github.com/valyala/fasthttp"
)

const (
	// maxConnections bounds the concurrent requests that are forwarded to one peer.
	maxConnections = 1024
	// dialLimit bounds the time to establish a connection to a peer.
	dialLimit = 300 * time.Millisecond
	// idleLimit bounds the time for which an idle connection is kept. It is shorter than the
	// server's keep-alive timeout, so that a reused connection is not just being closed.
	idleLimit = 30 * time.Second
)

// Errors of a request to a peer.
var (
	errLinksClosed = errors.New("the peer is gone")
	errLinksBusy   = errors.New("too many requests to the peer are in flight")
)

// link is a connection to a peer. It is used for one request at a time.
type link struct {
	net.Conn
	reader *bufio.Reader
	writer *bufio.Writer
	idle   time.Time // since when it is idle
}

// links are the connections to a peer. Its methods are safe for concurrent use.
//
// A request is sent and its answer awaited by the goroutine of the caller; another goroutine ends the wait
// by closing the connection.
type links struct {
	address string
	slots   chan struct{} // one per request in flight

	mu     sync.Mutex
	idle   []*link            // the latest used last; guarded by mu
	busy   map[*link]struct{} // guarded by mu
	closed bool               // guarded by mu
}

func newLinks(address string) *links {
	return &links{address: address, slots: make(chan struct{}, maxConnections), busy: map[*link]struct{}{}}
}

// do sends a request and reads its answer. Errors: the network's, also if that is interrupted or not done by until.
func (l *links) do(request *fasthttp.Request, response *fasthttp.Response, until time.Time) error {
	if err := l.enter(until); err != nil {
		return err
	}
	defer func() { <-l.slots }()
	c, err := l.take()
	if err != nil {
		return err
	}
	err = c.exchange(request, response, until)
	l.put(c, err == nil && !response.ConnectionClose() && !request.ConnectionClose())
	return err
}

// enter waits for a slot.
func (l *links) enter(until time.Time) error {
	select {
	case l.slots <- struct{}{}:
		return nil
	default:
	}
	timer := time.NewTimer(time.Until(until))
	defer timer.Stop()
	select {
	case l.slots <- struct{}{}:
		return nil
	case <-timer.C:
		return errLinksBusy
	}
}

// take returns an idle connection, or a new one.
func (l *links) take() (*link, error) {
	if c, err := l.reuse(); c != nil || err != nil {
		return c, err
	}
	conn, err := net.DialTimeout("tcp", l.address, dialLimit)
	if err != nil {
		return nil, err
	}
	c := &link{Conn: conn, reader: bufio.NewReader(conn), writer: bufio.NewWriter(conn)}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		_ = conn.Close()
		return nil, errLinksClosed
	}
	l.busy[c] = struct{}{}
	return c, nil
}

// reuse returns an idle connection, nil if there is none.
func (l *links) reuse() (*link, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return nil, errLinksClosed
	}
	last := len(l.idle) - 1
	if last < 0 {
		return nil, nil
	}
	c := l.idle[last]
	l.idle = l.idle[:last]
	l.busy[c] = struct{}{}
	return c, nil
}

// put takes a connection back, to keep it or to close it.
func (l *links) put(c *link, keep bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	_, known := l.busy[c]
	if delete(l.busy, c); !known || !keep || l.closed {
		_ = c.Close()
		return
	}
	c.idle = time.Now()
	l.idle = append(l.idle, c)
}

// tidy closes the connections that have been idle for idleLimit.
func (l *links) tidy() {
	l.mu.Lock()
	defer l.mu.Unlock()
	for len(l.idle) > 0 && time.Since(l.idle[0].idle) > idleLimit {
		_ = l.idle[0].Close()
		l.idle = l.idle[1:]
	}
}

// interrupt ends the requests in flight.
func (l *links) interrupt() {
	l.mu.Lock()
	defer l.mu.Unlock()
	for c := range l.busy {
		_ = c.Close()
		delete(l.busy, c)
	}
}

// close ends the requests in flight and closes all connections. Later requests fail.
func (l *links) close() {
	l.mu.Lock()
	l.closed = true
	idle := l.idle
	l.idle = nil
	l.mu.Unlock()
	l.interrupt()
	for _, c := range idle {
		_ = c.Close()
	}
}

// exchange sends a request and reads its answer.
func (c *link) exchange(request *fasthttp.Request, response *fasthttp.Response, until time.Time) error {
	if err := c.SetDeadline(until); err != nil {
		return err
	}
	err := request.Write(c.writer)
	if err == nil {
		err = c.writer.Flush()
	}
	if err != nil {
		return err
	}
	response.SkipBody = request.Header.IsHead()
	return response.Read(c.reader)
}
