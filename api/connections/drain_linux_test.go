package connections

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

// TestDrain: a client whose connection is open when the listener drains is served, even if it was
// not yet accepted, and a later one is refused.
func TestDrain(t *testing.T) {
	inner, err := Open("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l := NewPool(Config{Logger: slog.New(slog.DiscardHandler)}).Listen(inner)
	var early []net.Conn
	for range 20 {
		early = append(early, dial(t, inner.Addr()))
	}
	if n := backlog(inner); n != len(early) {
		t.Fatalf("%d connections wait to be accepted, want %d", n, len(early))
	}
	drained := make(chan error, 1)
	go func() { drained <- l.Drain(t.Context()) }()
	time.Sleep(2 * handshakeTime) // the backlog outlasts the minimum drain time
	select {
	case <-drained:
		t.Fatal("Drain has returned while connections wait to be accepted")
	default:
	}
	refused := net.Dialer{Timeout: patience}
	if c, err := refused.Dial("tcp", inner.Addr().String()); !errors.Is(err, syscall.ECONNREFUSED) {
		t.Errorf("a connection during the drain: %v, %v; want %v", c, err, syscall.ECONNREFUSED)
	}
	var served sync.WaitGroup
	served.Go(func() { serveEcho(l) })
	for i, c := range early {
		if err := echo(c); err != nil {
			t.Errorf("connection %d: echo = %v, want no error", i, err)
		}
	}
	if err := <-drained; err != nil {
		t.Error(err)
	}
	served.Wait()
	if c, err := net.Dial("tcp", inner.Addr().String()); !errors.Is(err, syscall.ECONNREFUSED) {
		t.Errorf("a connection after the drain: %v, %v; want %v", c, err, syscall.ECONNREFUSED)
	}
}

// TestDrainUnderLoad: while clients connect and disconnect, no established connection is reset.
func TestDrainUnderLoad(t *testing.T) {
	for range 20 {
		inner, err := Open("127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		l := NewPool(Config{Logger: slog.New(slog.DiscardHandler)}).Listen(inner)
		var clients sync.WaitGroup
		var answered atomic.Int64
		clients.Go(func() { serveEcho(l) })
		for range 8 {
			clients.Go(func() {
				for {
					c, err := net.DialTimeout("tcp", inner.Addr().String(), 20*time.Millisecond)
					if err != nil {
						return
					}
					if err := echo(c); err != nil {
						t.Errorf("an established connection: echo = %v, want no error", err)
					}
					c.Close()
					answered.Add(1)
				}
			})
		}
		for answered.Load() < 50 {
			time.Sleep(time.Millisecond)
		}
		if err := l.Drain(t.Context()); err != nil {
			t.Error(err)
		}
		clients.Wait()
	}
}

// TestDrainEnds: Drain does not wait for a backlog that is never accepted once its context has ended.
func TestDrainEnds(t *testing.T) {
	inner, err := Open("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	dial(t, inner.Addr())
	ctx, cancel := context.WithTimeout(t.Context(), 2*handshakeTime)
	defer cancel()
	if err := NewPool(Config{}).Listen(inner).Drain(ctx); err != nil {
		t.Error(err)
	}
}

// TestIgnoreHandshakes: on a kernel that can't refuse handshakes, those in the backlog are accepted, and later
// ones are not answered.
func TestIgnoreHandshakes(t *testing.T) {
	listener, err := Open("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	early := dial(t, listener.Addr())
	if !ignoreHandshakes(listener) {
		t.Fatal("ignoreHandshakes = false, want true")
	}
	c, err := net.DialTimeout("tcp", listener.Addr().String(), handshakeTime)
	if failed := net.Error(nil); !errors.As(err, &failed) || !failed.Timeout() {
		t.Errorf("a connection: %v, %v; want a timeout", c, err)
	}
	go serveEcho(listener)
	if err := echo(early); err != nil {
		t.Errorf("an earlier connection: echo = %v, want no error", err)
	}
}

// patience bounds what a test waits for.
const patience = 10 * time.Second

func dial(t *testing.T, to net.Addr) net.Conn {
	t.Helper()
	c, err := net.Dial("tcp", to.String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

// serveEcho echoes the first byte of every connection, until the listener is closed.
func serveEcho(l net.Listener) {
	for {
		c, err := l.Accept()
		if err != nil {
			return
		}
		go func() {
			defer c.Close()
			_, _ = io.CopyN(c, c, 1)
		}()
	}
}

// echo sends a byte and waits until it is returned.
func echo(c net.Conn) error {
	if _, err := c.Write([]byte("x")); err != nil {
		return err
	}
	_ = c.SetReadDeadline(time.Now().Add(patience))
	_, err := io.ReadFull(c, make([]byte, 1))
	return err
}
