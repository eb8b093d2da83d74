package api

import (
	"io"
	"net"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/goleak"

	"admitone/api/sockets/sockettest"
)

// closeRestart is the close code "Service Restart".
const closeRestart = 1012

func TestShutdown(t *testing.T) {
	before := goleak.IgnoreCurrent()
	w := newHarness(t, func(w *harness) { w.config.Metrics = prometheus.NewRegistry() })
	w.product("p", 100_000, "")
	var peers []*sockettest.Peer
	for range 20 {
		p := w.dial("/ws")
		p.Send(sockettest.SubscribeP)
		p.Expect("snapshot")
		peers = append(peers, p)
	}
	stalled := sockettest.DialStalled(t, w.address) // never reads, and does not delay the end
	var busy sync.WaitGroup
	stopped := make(chan struct{})
	for range 4 {
		busy.Go(func() {
			for {
				request := strings.NewReader(`{"holder":"ada"}`)
				response, err := w.client.Post("http://"+w.address+"/v1/products/p/reservations", "application/json", request)
				if err != nil {
					return // the server is gone
				}
				response.Body.Close()
				if response.StatusCode != 201 && response.StatusCode != 503 {
					t.Errorf("got status %d while shutting down, want 201 or 503", response.StatusCode)
				}
			}
		})
	}
	go func() { w.stop(); close(stopped) }()
	for _, p := range peers {
		p.ExpectClose(closeRestart)
		p.Conn.Close()
	}
	<-stopped
	busy.Wait()
	stalled.Conn.Close()
	w.client.CloseIdleConnections()
	// Fasthttp's clock and an idle worker pool stay for a while.
	goleak.VerifyNone(t, before, goleak.IgnoreAnyFunction("github.com/valyala/fasthttp.updateServerDate.func1"),
		goleak.IgnoreAnyFunction("github.com/valyala/fasthttp.(*workerPool).Start.func2"))
}

// TestShutdownWhileStarting: Listen ends if Shutdown is called before or while it starts.
func TestShutdownWhileStarting(t *testing.T) {
	w := newHarness(t)
	config := w.server.config
	config.Metrics = nil
	for range 200 {
		server := New(config)
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		w.must(err)
		ended := make(chan error, 1)
		go func() { ended <- server.Listen(listener, 0) }()
		runtime.Gosched()
		w.must(server.Shutdown(t.Context()))
		w.must(<-ended)
	}
}

// TestLinger: the shutdown waits for open connections. A connection that was idle when it began is closed after
// the answer to its next request.
func TestLinger(t *testing.T) {
	w := newHarness(t, func(w *harness) { w.config.Linger = patience })
	idle := w.connect()
	idle.send(w, "/healthz")
	stopped := make(chan struct{})
	go func() { w.stop(); close(stopped) }()
	for !w.server.draining.Load() {
		runtime.Gosched()
	}
	for { // until connections are refused
		conn, err := net.DialTimeout("tcp", w.address, 10*time.Millisecond)
		if err != nil {
			break
		}
		conn.Close()
	}
	select {
	case <-stopped:
		t.Fatal("the shutdown ended while a connection was open, want it to wait")
	case <-time.After(200 * time.Millisecond):
	}
	if a := idle.send(w, "/healthz"); a.status != 200 {
		t.Errorf("got %d %s; want status = 200", a.status, a.text)
	}
	if _, err := idle.in.ReadByte(); err != io.EOF {
		t.Errorf("after its last answer the connection returns %v, want %v", err, io.EOF)
	}
	<-stopped
}
