package peers

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/valyala/fasthttp"
)

// inFrame reports whether a request has come in a frame.
func inFrame(c *fasthttp.RequestCtx) bool {
	_, ok := c.Conn().(frameAddress)
	return ok
}

// linkedPool returns a pool with a connection for frames to an address.
func linkedPool(t testing.TB, address string) *pool {
	t.Helper()
	l, err := dialLink(address, "signed")
	if err != nil {
		t.Fatal(err)
	}
	p := newPool(address)
	p.frameThreshold = 0
	p.setLink(l)
	t.Cleanup(func() { p.close(); <-l.writer.done })
	return p
}

// send sends a POST with a body and returns the body of the answer.
func send(p *pool, body string, until time.Time) (string, error) {
	var request fasthttp.Request
	var response fasthttp.Response
	request.SetRequestURI("http://a/path")
	request.Header.SetMethod(fasthttp.MethodPost)
	request.SetBodyString(body)
	err := p.do(&request, &response, until)
	return string(response.Body()), err
}

func testDeadline() time.Time { return time.Now().Add(patience) }

// startRaw starts a node that accepts connections for frames, and passes each to serve.
func startRaw(t testing.TB, serve func(net.Conn)) (address string) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var serving sync.WaitGroup
	t.Cleanup(func() { listener.Close(); serving.Wait() })
	serving.Go(func() {
		for {
			c, err := listener.Accept()
			if err != nil {
				return
			}
			serving.Go(func() {
				defer c.Close()
				var header fasthttp.RequestHeader
				if err := header.Read(bufio.NewReader(c)); err != nil || string(header.RequestURI()) != HopsPath {
					return
				}
				fmt.Fprintf(c, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: %s\r\n\r\n", frameProtocol)
				serve(c)
			})
		}
	})
	return listener.Addr().String()
}

// TestManyInFlight: a thousand requests share a connection, all in flight at once, and each gets its own answer.
func TestManyInFlight(t *testing.T) {
	const n = 1000
	var arrived sync.WaitGroup
	arrived.Add(n)
	q := startPeer(t, "run", func(c *fasthttp.RequestCtx) {
		if !inFrame(c) {
			t.Error("a small request was sent outside a frame")
		}
		arrived.Done()
		arrived.Wait() // if a request is missing, the callers time out
		c.Response.Header.Set("X-Of", string(c.PostBody()))
		c.SetBodyString("answer to " + string(c.PostBody()))
	})
	defer q.stop(t)
	p := linkedPool(t, q.member.HTTP)
	defer p.close()
	var callers sync.WaitGroup
	for i := range n {
		callers.Go(func() {
			got, err := send(p, fmt.Sprint(i), testDeadline())
			if want := fmt.Sprint("answer to ", i); got != want || err != nil {
				t.Errorf("send(%d) = %q, %v; want %q", i, got, err, want)
			}
		})
	}
	callers.Wait()
}

// TestLargeRequestsUseHTTP: requests that may not be sent in a frame are sent over HTTP.
func TestLargeRequestsUseHTTP(t *testing.T) {
	q := startPeer(t, "run", func(c *fasthttp.RequestCtx) { fmt.Fprint(c, inFrame(c)) })
	defer q.stop(t)
	p := linkedPool(t, q.member.HTTP)
	defer p.close()
	for size, want := range map[int]string{0: "true", maxFrameBody: "true", maxFrameBody + 1: "false"} {
		if got, err := send(p, strings.Repeat("x", size), testDeadline()); got != want || err != nil {
			t.Errorf("%d bytes: in a frame = %s, %v; want %s", size, got, err, want)
		}
	}
	var request fasthttp.Request
	var response fasthttp.Response
	request.SetRequestURI("http://a/path")
	if err := p.do(&request, &response, testDeadline()); err != nil || string(response.Body()) != "false" {
		t.Errorf("a GET: in a frame = %s, %v; want false", response.Body(), err)
	}
}

// TestDeadlineInFrames: a request ends at its deadline, and its late answer does not disturb later requests.
func TestDeadlineInFrames(t *testing.T) {
	release := make(chan struct{})
	q := startPeer(t, "run", func(c *fasthttp.RequestCtx) {
		if string(c.PostBody()) == "slow" {
			<-release
		}
		c.SetBody(c.PostBody())
	})
	defer q.stop(t)
	p := linkedPool(t, q.member.HTTP)
	defer p.close()
	if _, err := send(p, "slow", time.Now().Add(20*time.Millisecond)); err != errLinkTimeout {
		t.Errorf("after the deadline: error %v, want %v", err, errLinkTimeout)
	}
	close(release)
	for range 10 {
		if got, err := send(p, "fast", testDeadline()); got != "fast" || err != nil {
			t.Errorf("a later request: send = %q, %v; want fast", got, err)
		}
	}
	if !p.linked() {
		t.Error("linked = false after the late answer, want true")
	}
}

// TestInterruptedFrames: requests in flight end immediately when the peer is suspected, removed or killed.
func TestInterruptedFrames(t *testing.T) {
	for name, end := range map[string]func(*pool, net.Conn){
		"suspected": func(p *pool, _ net.Conn) { p.interrupt() },
		"removed":   func(p *pool, _ net.Conn) { p.close() },
		"killed":    func(_ *pool, c net.Conn) { c.Close() },
	} {
		accepted := make(chan net.Conn, 1)
		p := linkedPool(t, startRaw(t, func(c net.Conn) {
			frames := frameReader{in: bufio.NewReader(c), limit: maxRequestFrame}
			if _, _, err := frames.next(); err == nil {
				accepted <- c
			}
			_, _, _ = frames.next() // until the end
		}))
		ended := make(chan error, 1)
		go func() { _, err := send(p, "x", time.Now().Add(time.Hour)); ended <- err }()
		end(p, <-accepted)
		select {
		case err := <-ended:
			if !errors.Is(err, errLinkEnded) {
				t.Errorf("%s: error %v, want %v", name, err, errLinkEnded)
			}
		case <-time.After(patience):
			t.Errorf("%s: the request has not ended after %v", name, patience)
		}
		p.close()
	}
}

// TestFrozenPeer: a peer that reads nothing delays no request beyond its deadline, and the bytes that wait for it are
// bounded.
func TestFrozenPeer(t *testing.T) {
	release := make(chan struct{})
	p := linkedPool(t, startRaw(t, func(net.Conn) { <-release }))
	defer close(release)
	body := strings.Repeat("x", maxFrameBody)
	l := p.link.Load()
	for range 20 { // more than the kernel buffers and maxPending
		var callers sync.WaitGroup
		for range 100 {
			callers.Go(func() {
				if _, err := send(p, body, time.Now().Add(50*time.Millisecond)); err == nil {
					t.Error("a frozen peer has answered")
				}
			})
		}
		callers.Wait()
	}
	l.writer.mu.Lock()
	defer l.writer.mu.Unlock()
	if n := len(l.writer.pending); n > maxPending+2*maxRequestFrame {
		t.Errorf("%d bytes wait to be written, want about %d at most", n, maxPending)
	}
	if l.mu.Lock(); len(l.calls) > 0 {
		t.Errorf("%d requests are in flight, want 0", len(l.calls))
	}
	l.mu.Unlock()
}

// TestGarbageAnswers: bytes that are not a valid answer end the connection and the requests in flight.
func TestGarbageAnswers(t *testing.T) {
	for name, garbage := range map[string][]byte{
		"huge":       {255, 255, 255, 255, 0, 0, 0, 0, 0, 0, 0, 1},
		"no answer":  appendFrame(nil, 1, []byte("garbage")),
		"never sent": appendFrame(nil, 2, []byte("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")),
		"zero":       appendFrame(nil, 0, nil),
		"truncated":  appendFrame(nil, 1, []byte("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n")),
	} {
		p := linkedPool(t, startRaw(t, func(c net.Conn) {
			frames := frameReader{in: bufio.NewReader(c), limit: maxRequestFrame}
			if _, _, err := frames.next(); err == nil {
				_, _ = c.Write(garbage)
			}
			_, _, _ = frames.next() // until the end
		}))
		if _, err := send(p, "x", testDeadline()); err != errFrame && err != errLinkEnded {
			t.Errorf("%s: error %v, want %v or %v", name, err, errFrame, errLinkEnded)
		}
		for end := testDeadline(); p.linked(); time.Sleep(time.Millisecond) {
			if time.Now().After(end) {
				t.Fatalf("%s: the connection is still open", name)
			}
		}
		p.close()
	}
}

// TestGarbageRequests: bytes that are not a valid command end the connection, and reach no handler.
func TestGarbageRequests(t *testing.T) {
	q := startPeer(t, "run", func(c *fasthttp.RequestCtx) { t.Errorf("the handler got %s", &c.Request) })
	defer q.stop(t)
	for name, garbage := range map[string][]byte{
		"huge":       {255, 255, 255, 255, 0, 0, 0, 0, 0, 0, 0, 1},
		"no request": appendFrame(nil, 1, []byte("garbage")),
		"a GET":      appendFrame(nil, 1, []byte("GET / HTTP/1.1\r\nHost: a\r\n\r\n")),
		"truncated":  appendFrame(nil, 1, []byte("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\n")),
	} {
		l, err := dialLink(q.member.HTTP, "signed")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := l.conn.Write(garbage); err != nil {
			t.Error(err)
		}
		for end := testDeadline(); !l.hasEnded(); time.Sleep(time.Millisecond) {
			if time.Now().After(end) {
				t.Fatalf("%s: the connection is still open", name)
			}
		}
	}
}

// TestShutdownAnswersFrames: a server that shuts down answers the requests that it has read, and accepts no new
// connection.
func TestShutdownAnswersFrames(t *testing.T) {
	const n = 20
	arrived, release := make(chan struct{}, n), make(chan struct{})
	q := startPeer(t, "run", func(c *fasthttp.RequestCtx) {
		arrived <- struct{}{}
		<-release
		c.SetBodyString("done")
	})
	defer q.stop(t)
	p := linkedPool(t, q.member.HTTP)
	defer p.close()
	var callers sync.WaitGroup
	for range n {
		callers.Go(func() {
			if got, err := send(p, "x", testDeadline()); got != "done" || err != nil {
				t.Errorf("send = %q, %v; want done", got, err)
			}
		})
	}
	for range n {
		<-arrived
	}
	stopped := make(chan error, 1)
	go func() { stopped <- q.frames.Shutdown(t.Context()) }()
	for { // until the server refuses connections
		l, err := dialLink(q.member.HTTP, "signed")
		if err != nil {
			break
		}
		l.end()
	}
	select {
	case err := <-stopped:
		t.Errorf("Shutdown = %v with requests in flight, want it to wait", err)
	default:
	}
	close(release)
	callers.Wait()
	if err := <-stopped; err != nil {
		t.Error(err)
	}
}

// TestShutdownOfFramesIsBounded: Shutdown does not wait for a request in flight beyond its context.
func TestShutdownOfFramesIsBounded(t *testing.T) {
	arrived, release := make(chan struct{}), make(chan struct{})
	q := startPeer(t, "run", func(*fasthttp.RequestCtx) { close(arrived); <-release })
	defer q.stop(t)
	defer close(release)
	p := linkedPool(t, q.member.HTTP)
	go func() { _, _ = send(p, "x", testDeadline()) }()
	<-arrived
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := q.frames.Shutdown(ctx); err != context.Canceled {
		t.Errorf("Shutdown = %v, want %v", err, context.Canceled)
	}
}

// TestOlderPeer: a node that accepts no frames receives its requests over HTTP.
func TestOlderPeer(t *testing.T) {
	upgrades := make(chan struct{}, 16)
	q := startPeer(t, "run", func(c *fasthttp.RequestCtx) {
		if inFrame(c) {
			t.Error("an older node received a request in a frame")
		}
	})
	handler := q.Handler
	q.Handler = func(c *fasthttp.RequestCtx) {
		if string(c.Path()) == HopsPath {
			c.SetStatusCode(fasthttp.StatusNotFound)
			upgrades <- struct{}{}
			return
		}
		handler(c)
	}
	defer q.stop(t)
	p, key := newPeers(), ownedBy("b")
	ctx, cancel := context.WithCancel(t.Context())
	ran := make(chan error, 1)
	go func() { ran <- p.Run(ctx) }()
	p.SetMembers([]Member{q.member})
	select {
	case <-upgrades:
	case <-time.After(patience):
		t.Fatalf("the node received no request to accept frames within %v", patience)
	}
	if !forward(p, key) {
		t.Error("forward = false, want true")
	}
	cancel()
	if err := <-ran; err != nil {
		t.Error(err)
	}
}
