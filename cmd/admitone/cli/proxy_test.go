package cli

import (
	"net"
	"sync"
	"testing"
)

// proxy is a TCP proxy that can stop forwarding.
type proxy struct {
	to     string
	ln     net.Listener
	mu     sync.Mutex
	closed chan struct{} // while it is cut; guarded by mu
}

func newProxy(t *testing.T, at, to string) *proxy {
	t.Helper()
	ln, err := net.Listen("tcp", at)
	if err != nil {
		t.Fatal(err)
	}
	open := make(chan struct{})
	close(open)
	p := &proxy{to: to, ln: ln, closed: open}
	go p.run()
	t.Cleanup(func() { ln.Close(); p.heal() })
	return p
}

func (p *proxy) run() {
	for {
		conn, err := p.ln.Accept()
		if err != nil {
			return
		}
		go func() {
			defer conn.Close()
			p.await()
			other, err := net.Dial("tcp", p.to)
			if err != nil {
				return
			}
			defer other.Close()
			go func() { p.copy(other, conn); other.Close() }()
			p.copy(conn, other)
		}()
	}
}

func (p *proxy) await() {
	p.mu.Lock()
	open := p.closed
	p.mu.Unlock()
	<-open
}

func (p *proxy) copy(to, from net.Conn) {
	buffer := make([]byte, 32<<10)
	for {
		n, err := from.Read(buffer)
		p.await()
		if n > 0 {
			if _, err := to.Write(buffer[:n]); err != nil {
				return
			}
		}
		if err != nil {
			return
		}
	}
}

func (p *proxy) cut() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.closed = make(chan struct{})
}

func (p *proxy) heal() {
	p.mu.Lock()
	defer p.mu.Unlock()
	select {
	case <-p.closed:
	default:
		close(p.closed)
	}
}

// carry also forwards UDP packets, to the same address and from a separate one for each receiver;
// none while it is cut.
func (p *proxy) carry(t *testing.T) {
	t.Helper()
	in, err := net.ListenPacket("udp", p.ln.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	out, err := net.Dial("udp", p.to)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { in.Close(); out.Close() })
	go func() {
		packet := make([]byte, 64<<10)
		for {
			n, _, err := in.ReadFrom(packet)
			if err != nil {
				return
			}
			if !p.isCut() {
				_, _ = out.Write(packet[:n])
			}
		}
	}()
}

func (p *proxy) isCut() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	select {
	case <-p.closed:
		return false
	default:
		return true
	}
}
