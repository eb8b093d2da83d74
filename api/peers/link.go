package peers

import (
	"bufio"
	"bytes"
	"errors"
	"net"
	"sync"
	"time"

	"github.com/valyala/fasthttp"
)

// HopsPath is the path at which a node accepts a connection for frames.
const HopsPath = "/.well-known/admitone-hops"

// frameProtocol is the protocol to which the connection is upgraded.
const frameProtocol = "admitone-hops"

// frameBuffer is the size of the read buffer of a connection for frames.
const frameBuffer = 64 << 10

// Errors of a request in a frame.
var (
	errLinkEnded   = errors.New("the connection to the peer has ended")
	errLinkTimeout = errors.New("the peer did not answer in time")
)

// link is a connection to a peer that carries many requests at a time. Its methods are safe for concurrent use.
type link struct {
	conn   net.Conn
	writer *frameWriter

	mu    sync.Mutex
	calls map[uint64]*call // by id; guarded by mu
	last  uint64           // the id of the newest request; guarded by mu
	ended bool             // guarded by mu
}

// call is a request in flight. The goroutine that removes it from calls decides its outcome.
type call struct {
	response *fasthttp.Response
	outcome  chan error // buffered, for one outcome
	timer    *time.Timer
	content  bytes.Buffer
	encoder  *bufio.Writer // writes to content
}

var callPool = sync.Pool{New: func() any {
	c := &call{outcome: make(chan error, 1), timer: time.NewTimer(time.Hour)}
	c.timer.Stop()
	c.encoder = bufio.NewWriterSize(&c.content, 2<<10)
	return c
}}

// dialLink opens a connection for frames. header is the signed header of a GET of [HopsPath]. Errors: the
// network's; the peer does not accept such connections.
func dialLink(address, header string) (*link, error) {
	conn, err := net.DialTimeout("tcp", address, dialTimeout)
	if err != nil {
		return nil, err
	}
	in, err := upgradeLink(conn, address, header)
	if err != nil {
		_ = conn.Close()
		return nil, err
	}
	l := &link{conn: conn, writer: newFrameWriter(conn), calls: map[uint64]*call{}}
	go l.writer.run()
	go l.read(in)
	return l, nil
}

// upgradeLink sends the request for a connection for frames, and returns the reader of its frames.
func upgradeLink(conn net.Conn, address, header string) (*bufio.Reader, error) {
	var request fasthttp.Request
	var answer fasthttp.ResponseHeader
	request.SetRequestURI("http://" + address + HopsPath)
	request.Header.Set(fasthttp.HeaderConnection, "Upgrade")
	request.Header.Set(fasthttp.HeaderUpgrade, frameProtocol)
	request.Header.Set(Header, header)
	in := bufio.NewReaderSize(conn, frameBuffer)
	if err := conn.SetDeadline(time.Now().Add(HeartbeatTimeout)); err != nil {
		return nil, err
	}
	if _, err := request.WriteTo(conn); err != nil {
		return nil, err
	}
	if err := answer.Read(in); err != nil {
		return nil, err
	}
	if answer.StatusCode() != fasthttp.StatusSwitchingProtocols {
		return nil, errors.New("the peer accepts no frames")
	}
	return in, conn.SetDeadline(time.Time{})
}

// fitsFrame reports whether a request may be sent in a frame: it is a small command.
func fitsFrame(r *fasthttp.Request) bool {
	switch string(r.Header.Method()) {
	case fasthttp.MethodPost, fasthttp.MethodPut, fasthttp.MethodPatch, fasthttp.MethodDelete:
		return !r.IsBodyStream() && len(r.Body()) <= maxFrameBody && !r.MayContinue() &&
			len(r.Header.Peek(fasthttp.HeaderUpgrade)) == 0
	}
	return false
}

// do sends a request and waits for its answer. sent is false if nothing was sent, because the frame is too large,
// too many bytes wait to be written, or the connection has ended.
func (l *link) do(request *fasthttp.Request, response *fasthttp.Response, until time.Time) (sent bool, err error) {
	c := callPool.Get().(*call)
	defer callPool.Put(c)
	c.response = response
	c.content.Reset()
	c.encoder.Reset(&c.content)
	if err := request.Write(c.encoder); err != nil || c.encoder.Flush() != nil || c.content.Len() > maxRequestFrame {
		return false, nil
	}
	id := l.begin(c)
	if id == 0 {
		return false, nil
	}
	if !l.writer.add(id, c.content.Bytes(), false) {
		if l.remove(id) == nil {
			<-c.outcome // sent by end
		}
		return false, nil
	}
	c.timer.Reset(time.Until(until))
	defer c.timer.Stop()
	select {
	case err = <-c.outcome:
	case <-c.timer.C:
		if err = errLinkTimeout; l.remove(id) == nil {
			err = <-c.outcome // the answer has arrived meanwhile
		}
	}
	return true, err
}

// begin registers a request, and returns its id, 0 if the link has ended.
func (l *link) begin(c *call) uint64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.ended {
		return 0
	}
	l.last++
	l.calls[l.last] = c
	return l.last
}

// remove removes a request in flight and returns it, nil if it is not in flight.
func (l *link) remove(id uint64) *call {
	l.mu.Lock()
	defer l.mu.Unlock()
	c := l.calls[id]
	delete(l.calls, id)
	return c
}

// read reads answers until the connection ends.
func (l *link) read(in *bufio.Reader) {
	defer l.end()
	frames := frameReader{in: in, limit: maxAnswerFrame}
	var content bytes.Reader
	decoder := bufio.NewReaderSize(nil, 16<<10)
	for {
		id, answer, err := frames.next()
		if err != nil || id == 0 || id > l.newest() {
			return
		}
		c := l.remove(id)
		if c == nil {
			continue // the caller no longer waits
		}
		content.Reset(answer)
		decoder.Reset(&content)
		if err = c.response.Read(decoder); err != nil {
			err = errFrame
		}
		if c.outcome <- err; err != nil && len(answer) > 0 {
			return
		}
	}
}

func (l *link) newest() uint64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.last
}

// end aborts the requests in flight and closes the connection.
func (l *link) end() {
	_ = l.conn.Close() // it may be closed already
	l.writer.end()
	l.mu.Lock()
	defer l.mu.Unlock()
	l.ended = true
	for id, c := range l.calls {
		delete(l.calls, id)
		c.outcome <- errLinkEnded
	}
}

func (l *link) hasEnded() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.ended
}
