package client_test

import (
	"context"
	"io"
	"log/slog"
	"math/rand/v2"
	"net"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"admitone/api"
	"admitone/api/client"
	"admitone/cmd/admitone/server"
)

// patience bounds a wait. It measures nothing.
const patience = time.Minute

// startServer starts a real server over a folder. stop may be called more than once.
func startServer(t testing.TB, dir string, auth api.Auth) (address string, stop func()) {
	t.Helper()
	s, err := server.Start(server.Settings{Listen: "127.0.0.1:0", Store: dir, Auth: auth, IdleAfter: patience,
		SignEvery: time.Second, OwnCharges: true, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	stop = sync.OnceFunc(func() {
		limit, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		if err := s.Stop(limit); err != nil {
			t.Error("stop:", err)
		}
	})
	t.Cleanup(stop)
	return s.Address(), stop
}

// newClient returns a client of a new open server.
func newClient(t testing.TB) *client.Client {
	t.Helper()
	address, _ := startServer(t, t.TempDir(), api.OpenAuth{})
	return clientOf(t, "http://"+address)
}

func clientOf(t testing.TB, address string) *client.Client {
	t.Helper()
	c, err := client.New(address, client.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// proxy passes bytes between clients and a server, and cuts connections.
type proxy struct {
	net.Listener
	target atomic.Pointer[string]

	mu    sync.Mutex
	open  map[net.Conn]bool // guarded by mu
	armed int               // bytes from the server until all are cut; 0 is never; guarded by mu
	cuts  int               // guarded by mu
}

func newProxy(t testing.TB, target string) *proxy {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &proxy{Listener: listener, open: map[net.Conn]bool{}}
	p.target.Store(&target)
	go p.run()
	t.Cleanup(func() { listener.Close(); p.cut() })
	return p
}

func (p *proxy) address() string { return "http://" + p.Addr().String() }

func (p *proxy) run() {
	for {
		conn, err := p.Accept()
		if err != nil {
			return
		}
		server, err := net.Dial("tcp", *p.target.Load())
		if err != nil {
			conn.Close()
			continue
		}
		p.mu.Lock()
		p.open[conn], p.open[server] = true, true
		p.mu.Unlock()
		go func() { io.Copy(server, conn); p.end(conn, server) }()
		go func() { p.pass(conn, server); p.end(conn, server) }()
	}
}

// pass copies the server's bytes until the connection is to be cut.
func (p *proxy) pass(conn, server net.Conn) {
	buffer := make([]byte, 4096)
	for {
		n, err := server.Read(buffer)
		p.mu.Lock()
		now := p.armed > 0 && p.armed <= n
		if now {
			n = p.armed
		}
		p.armed = max(p.armed-n, 0)
		p.mu.Unlock()
		if _, werr := conn.Write(buffer[:n]); werr != nil || err != nil {
			return
		}
		if now {
			p.cut()
			return
		}
	}
}

func (p *proxy) end(conns ...net.Conn) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, conn := range conns {
		delete(p.open, conn)
		conn.Close()
	}
}

// arm cuts all connections after a further number of bytes from the server.
func (p *proxy) arm() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.armed = 1 + rand.IntN(3000)
}

// cut cuts all connections, whatever is in flight.
func (p *proxy) cut() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.armed = 0
	if len(p.open) == 0 {
		return
	}
	p.cuts++
	for conn := range p.open {
		delete(p.open, conn)
		conn.Close()
	}
}

// count returns how often connections were cut.
func (p *proxy) count() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.cuts
}
