package peers

import (
	"bufio"
	"errors"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"github.com/valyala/fasthttp"
)

const (
	// maxConnections bounds the concurrent requests that are forwarded to one peer.
	maxConnections = 1024
	// dialTimeout bounds the time to establish a connection to a peer.
	dialTimeout = 300 * time.Millisecond
	// idleTimeout bounds the time for which an idle connection stays open. It is shorter than the
	// server's keep-alive timeout, so that a reused connection is not about to be closed.
	idleTimeout = 30 * time.Second
)

// Errors of a request to a peer.
var (
	errPoolClosed = errors.New("the peer is gone")
	errPoolBusy   = errors.New("too many requests to the peer are in flight")
)

// conn is a connection to a peer. It is used for one request at a time.
type conn struct {
	net.Conn
	reader *bufio.Reader
	writer *bufio.Writer
	// idleSince is when its last request ended.
	idleSince time.Time
}

// pool is a connection pool for one peer. Its methods are safe for concurrent use.
//
// A request is sent and its answer awaited by the goroutine of the caller; another goroutine ends the wait
// by closing the connection.
type pool struct {
	address string
	slots   chan struct{} // one per request in flight

	mu     sync.Mutex
	idle   []*conn            // in order of last use; guarded by mu
	busy   map[*conn]struct{} // guarded by mu
	closed bool               // guarded by mu

	link atomic.Pointer[link] // for frames, nil without one; changed under mu
	// frameThreshold is the number of requests in flight beyond which frames are used. Frames are handed from goroutine
	// to goroutine, which costs more than a separate connection unless frames share writes. Immutable.
	frameThreshold int
}

func newPool(address string) *pool {
	return &pool{address: address, slots: make(chan struct{}, maxConnections), busy: map[*conn]struct{}{},
		frameThreshold: 1}
}

// do sends a request and reads its answer, until the deadline until. Errors: errPoolClosed; errPoolBusy; the
// network's, also if the request is interrupted or the deadline passes.
func (p *pool) do(request *fasthttp.Request, response *fasthttp.Response, until time.Time) error {
	if err := p.acquireSlot(until); err != nil {
		return err
	}
	defer func() { <-p.slots }()
	if l := p.link.Load(); l != nil && len(p.slots) > p.frameThreshold && fitsFrame(request) {
		if sent, err := l.do(request, response, until); sent {
			return err
		}
	}
	c, err := p.acquire()
	if err != nil {
		return err
	}
	err = c.exchange(request, response, until)
	p.release(c, err == nil && !response.ConnectionClose() && !request.ConnectionClose())
	return err
}

// acquireSlot waits for a slot. Error: errPoolBusy.
func (p *pool) acquireSlot(until time.Time) error {
	select {
	case p.slots <- struct{}{}:
		return nil
	default:
	}
	timer := time.NewTimer(time.Until(until))
	defer timer.Stop()
	select {
	case p.slots <- struct{}{}:
		return nil
	case <-timer.C:
		return errPoolBusy
	}
}

// acquire returns an idle connection, or a new one.
func (p *pool) acquire() (*conn, error) {
	if c, err := p.reuse(); c != nil || err != nil {
		return c, err
	}
	dialled, err := net.DialTimeout("tcp", p.address, dialTimeout)
	if err != nil {
		return nil, err
	}
	c := &conn{Conn: dialled, reader: bufio.NewReader(dialled), writer: bufio.NewWriter(dialled)}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		_ = dialled.Close()
		return nil, errPoolClosed
	}
	p.busy[c] = struct{}{}
	return c, nil
}

// reuse returns an idle connection, nil if there is none.
func (p *pool) reuse() (*conn, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return nil, errPoolClosed
	}
	last := len(p.idle) - 1
	if last < 0 {
		return nil, nil
	}
	c := p.idle[last]
	p.idle = p.idle[:last]
	p.busy[c] = struct{}{}
	return c, nil
}

// release returns a connection to the pool, or closes it if it is not reusable.
func (p *pool) release(c *conn, reusable bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	_, known := p.busy[c]
	if delete(p.busy, c); !known || !reusable || p.closed {
		_ = c.Close()
		return
	}
	c.idleSince = time.Now()
	p.idle = append(p.idle, c)
}

// closeIdle closes the connections that have been idle for idleTimeout.
func (p *pool) closeIdle() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for len(p.idle) > 0 && time.Since(p.idle[0].idleSince) > idleTimeout {
		_ = p.idle[0].Close()
		p.idle = p.idle[1:]
	}
}

// setLink sets the connection for frames, unless the pool is closed.
func (p *pool) setLink(l *link) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		l.end()
		return
	}
	p.link.Store(l)
}

// linked reports whether there is a connection for frames.
func (p *pool) linked() bool {
	l := p.link.Load()
	return l != nil && !l.hasEnded()
}

// interrupt aborts the requests in flight.
func (p *pool) interrupt() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for c := range p.busy {
		_ = c.Close()
		delete(p.busy, c)
	}
	if l := p.link.Swap(nil); l != nil {
		l.end()
	}
}

// close aborts the requests in flight and closes all connections. Later requests fail.
func (p *pool) close() {
	p.mu.Lock()
	p.closed = true
	idle := p.idle
	p.idle = nil
	p.mu.Unlock()
	p.interrupt()
	for _, c := range idle {
		_ = c.Close()
	}
}

// exchange sends a request and reads its answer.
func (c *conn) exchange(request *fasthttp.Request, response *fasthttp.Response, until time.Time) error {
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
