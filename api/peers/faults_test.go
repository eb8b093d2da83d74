package peers

import (
	"context"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/valyala/fasthttp"
)

// TestOddRequestsInFrames: a request whose body does not match its Content-Type is answered. A request whose answer is
// too large fails without affecting the connection and the other requests in flight.
func TestOddRequestsInFrames(t *testing.T) {
	arrived, release := make(chan struct{}), make(chan struct{})
	q := startPeer(t, "run", func(c *fasthttp.RequestCtx) {
		switch body := string(c.PostBody()); body {
		case "other":
			close(arrived)
			<-release
			c.SetBodyString("answered")
		case "large":
			c.SetBodyString(strings.Repeat("x", maxAnswerFrame))
		default:
			c.SetBodyString("got " + body)
		}
	})
	defer q.stop(t)
	p := linkedPool(t, q.member.HTTP)
	defer p.close()
	other := make(chan error, 1)
	go func() {
		got, err := send(p, "other", testDeadline())
		if err == nil && got != "answered" {
			err = fmt.Errorf("the answer is %q", got)
		}
		other <- err
	}()
	<-arrived
	var request fasthttp.Request
	var response fasthttp.Response
	request.SetRequestURI("http://a/path")
	request.Header.SetMethod(fasthttp.MethodPost)
	request.Header.SetContentType("multipart/form-data; boundary=b")
	request.SetBodyString("no multipart")
	if err := p.do(&request, &response, testDeadline()); err != nil || string(response.Body()) != "got no multipart" {
		t.Errorf("do = %q, %v; want %q", response.Body(), err, "got no multipart")
	}
	if _, err := send(p, "large", testDeadline()); err != errFrame {
		t.Errorf("an answer that is too large: error %v, want %v", err, errFrame)
	}
	close(release)
	if err := <-other; err != nil {
		t.Errorf("another request in flight: error %v, want none", err)
	}
	if !p.linked() {
		t.Error("linked = false after the requests, want true")
	}
}

// TestUnfinishedUpgrade: a connection whose upgrade to frames was accepted but not completed does not delay a shutdown.
func TestUnfinishedUpgrade(t *testing.T) {
	q := startPeer(t, "run", func(*fasthttp.RequestCtx) {})
	defer q.stop(t)
	c, err := net.Dial("tcp", q.member.HTTP)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if err := c.SetDeadline(testDeadline()); err != nil {
		t.Fatal(err)
	}
	// fasthttp closes such a connection after the answer.
	fmt.Fprintf(c, "GET %s HTTP/1.1\r\nHost: a\r\nConnection: close\r\nUpgrade: %s\r\n\r\n", HopsPath, frameProtocol)
	if _, err := io.Copy(io.Discard, c); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), patience/4)
	defer cancel()
	if err := q.frames.Shutdown(ctx); err != nil {
		t.Errorf("Shutdown = %v, want nil", err)
	}
	q.frames.mu.Lock()
	defer q.frames.mu.Unlock()
	if n := len(q.frames.open); n != 0 {
		t.Errorf("%d connections are open, want 0", n)
	}
}

// TestPassWithoutHost: a request of HTTP/1.0 may lack the header Host, and is forwarded like any other.
func TestPassWithoutHost(t *testing.T) {
	q := startPeer(t, "run", func(c *fasthttp.RequestCtx) { c.SetStatusCode(fasthttp.StatusCreated) })
	defer q.stop(t)
	p, key := newPeers(), ownedBy("b")
	p.SetMembers([]Member{q.member})
	ctx, cancel := context.WithCancel(t.Context())
	ran := make(chan error, 1)
	go func() { ran <- p.Run(ctx) }()
	defer func() {
		cancel()
		if err := <-ran; err != nil {
			t.Error(err)
		}
	}()
	var c fasthttp.RequestCtx
	c.Request.Header.SetMethod(fasthttp.MethodPost)
	c.Request.Header.SetProtocol("HTTP/1.0")
	c.Request.Header.SetRequestURI("/path")
	c.Request.SetBodyString("x")
	if _, passed := p.Owner(key).Pass(&c, "id", &Hop{At: time.Now(), Until: testDeadline()}); !passed {
		t.Error("Pass = false, want the request to be forwarded")
	}
}
