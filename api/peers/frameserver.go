package peers

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"net"
	"sync"
	"time"

	"github.com/valyala/fasthttp"
)

// FrameServer answers requests that other nodes send in frames. Only Handler has to be set. Its methods are safe
// for concurrent use.
type FrameServer struct {
	// Handler answers a request as if it had come by HTTP.
	Handler fasthttp.RequestHandler

	mu       sync.Mutex
	open     map[*frameConn]struct{} // guarded by mu
	stopping bool                    // guarded by mu
	serving  sync.WaitGroup          // one per connection
}

// Upgrade answers a request to upgrade a connection to frames, and reports whether it accepts the upgrade. The caller
// has checked the request's signature. raw is the connection of c.
func (s *FrameServer) Upgrade(c *fasthttp.RequestCtx, raw net.Conn) (accepted bool) {
	if string(c.Request.Header.Peek(fasthttp.HeaderUpgrade)) != frameProtocol {
		c.SetStatusCode(fasthttp.StatusUpgradeRequired)
		return false
	}
	if s.isStopping() {
		c.SetStatusCode(fasthttp.StatusServiceUnavailable)
		return false
	}
	f := &frameConn{conn: raw, writer: newFrameWriter(raw), handler: s.Handler, work: make(chan frameWork)}
	c.SetStatusCode(fasthttp.StatusSwitchingProtocols)
	c.Response.Header.Set(fasthttp.HeaderConnection, "Upgrade")
	c.Response.Header.Set(fasthttp.HeaderUpgrade, frameProtocol)
	c.Hijack(func(hijacked net.Conn) { // not called if the HTTP server closes the connection first
		if !s.add(f) {
			_ = raw.Close()
			return
		}
		defer s.remove(f)
		f.serve(hijacked)
	})
	return true
}

func (s *FrameServer) isStopping() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.stopping
}

// add registers a connection, unless the server is stopping.
func (s *FrameServer) add(f *frameConn) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.stopping {
		return false
	}
	if s.open == nil {
		s.open = map[*frameConn]struct{}{}
	}
	s.open[f] = struct{}{}
	s.serving.Add(1)
	return true
}

func (s *FrameServer) remove(f *frameConn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.open, f)
	s.serving.Done()
}

// Shutdown answers the requests in flight, and closes all connections. It returns ctx.Err() if ctx ends first.
func (s *FrameServer) Shutdown(ctx context.Context) error {
	s.mu.Lock()
	s.stopping = true
	for f := range s.open {
		f.stopReading()
	}
	s.mu.Unlock()
	done := make(chan struct{})
	go func() { s.serving.Wait(); close(done) }()
	select {
	case <-done:
		return nil
	case <-ctx.Done():
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for f := range s.open {
		_ = f.conn.Close()
	}
	return ctx.Err()
}

// frameConn is a connection over which another node sends requests.
type frameConn struct {
	conn    net.Conn
	writer  *frameWriter
	handler fasthttp.RequestHandler
	work    chan frameWork // to the idle workers
	workers sync.WaitGroup
}

// frameWork is a request in a frame.
type frameWork struct {
	id  uint64
	ctx *fasthttp.RequestCtx
}

// stopReading makes read return. Requests in flight are answered.
func (f *frameConn) stopReading() {
	_ = f.conn.SetReadDeadline(time.Unix(1, 0)) // an error means that the connection is closed
}

// serve answers requests until the connection ends or its read deadline is set, and then those in flight.
func (f *frameConn) serve(in io.Reader) {
	go f.writer.run()
	f.read(frameReader{in: bufio.NewReaderSize(in, frameBuffer), limit: maxRequestFrame})
	close(f.work)
	f.workers.Wait()
	f.writer.end()
	<-f.writer.done
	f.awaitClose(in)
	_ = f.conn.Close()
}

// awaitClose lets the peer read the last answers: closing a connection with unread bytes would reset it.
func (f *frameConn) awaitClose(in io.Reader) {
	half, ok := f.conn.(interface{ CloseWrite() error })
	if ok && half.CloseWrite() == nil && f.conn.SetReadDeadline(time.Now().Add(HeartbeatTimeout)) == nil {
		_, _ = io.Copy(io.Discard, in)
	}
}

// read hands requests to workers until the connection ends. If all workers are busy it starts another, up to
// maxConnections.
func (f *frameConn) read(frames frameReader) {
	var content bytes.Reader
	decoder := bufio.NewReaderSize(nil, maxRequestFrame)
	started := 0
	for {
		id, request, err := frames.next()
		if err != nil {
			return
		}
		work := frameWork{id: id, ctx: frameContexts.Get().(*fasthttp.RequestCtx)}
		work.ctx.Init2(frameAddress{remote: f.conn.RemoteAddr(), local: f.conn.LocalAddr()}, nil, false)
		content.Reset(request)
		decoder.Reset(&content)
		if err := readRequest(&work.ctx.Request, decoder); err != nil || !fitsFrame(&work.ctx.Request) {
			return
		}
		f.writer.awaitRoom()
		select {
		case f.work <- work:
			continue
		default:
		}
		if started < maxConnections {
			started++
			f.workers.Go(f.answer)
		}
		f.work <- work
	}
}

// readRequest reads a request. It does not parse a multipart body, which may be malformed.
func readRequest(r *fasthttp.Request, in *bufio.Reader) error {
	if err := r.Header.Read(in); err != nil {
		return err
	}
	return r.ContinueReadBody(in, maxFrameBody, false)
}

// answer answers requests one after another. An answer that is too large for a frame is replaced by an empty one,
// so that the peer decides the request itself.
func (f *frameConn) answer() {
	var content bytes.Buffer
	encoder := bufio.NewWriterSize(&content, 2<<10)
	for work := range f.work {
		f.handler(work.ctx)
		content.Reset()
		encoder.Reset(&content)
		err := work.ctx.Response.Write(encoder)
		if err == nil {
			err = encoder.Flush()
		}
		if err != nil || content.Len() > maxAnswerFrame {
			content.Reset()
		}
		f.writer.add(work.id, content.Bytes(), true)
		work.ctx.ResetUserValues()
		work.ctx.Request.Reset()
		work.ctx.Response.Reset()
		frameContexts.Put(work.ctx)
		if content.Cap() > maxKept {
			content = bytes.Buffer{}
		}
	}
}

var frameContexts = sync.Pool{New: func() any { return &fasthttp.RequestCtx{} }}

// frameAddress stands in for the connection of a request in a frame. It has only addresses; reads return io.EOF.
type frameAddress struct {
	net.Conn
	remote, local net.Addr
}

func (a frameAddress) RemoteAddr() net.Addr { return a.remote }

func (a frameAddress) LocalAddr() net.Addr { return a.local }

func (frameAddress) Read([]byte) (int, error) { return 0, io.EOF }

func (frameAddress) SetReadDeadline(time.Time) error { return nil }

func (frameAddress) Close() error { return nil }
