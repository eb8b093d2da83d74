package cli

import (
	"net"
	"sync"
	"testing"
	"time"
)

// proxy is a TCP proxy that can be cut, so that it holds everything back until it is healed, or can forward
// with a delay.
type proxy struct {
	to     string
	ln     net.Listener
	mu     sync.Mutex
	healed chan struct{} // open while the proxy is cut, else closed; guarded by mu
	delay  time.Duration // of everything received, in each direction; guarded by mu
}

func newProxy(t *testing.T, at, to string) *proxy {
	t.Helper()
	ln, err := net.Listen("tcp", at)
	if err != nil {
		t.Fatal(err)
	}
	healed := make(chan struct{})
	close(healed)
	p := &proxy{to: to, ln: ln, healed: healed}
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
			p.waitHealed()
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

// waitHealed returns when the proxy is not cut.
func (p *proxy) waitHealed() {
	p.mu.Lock()
	healed := p.healed
	p.mu.Unlock()
	<-healed
}

// packet is the data received in one read, and the time at which it is forwarded.
type packet struct {
	data []byte
	due  time.Time
}

func (p *proxy) copy(to, from net.Conn) {
	packets, done := make(chan packet, 256), make(chan struct{})
	defer close(done)
	go p.receive(from, packets, done)
	for next := range packets {
		time.Sleep(time.Until(next.due))
		p.waitHealed()
		if _, err := to.Write(next.data); err != nil {
			return
		}
	}
	p.waitHealed()
}

// receive reads packets until the connection ends or done is closed.
func (p *proxy) receive(from net.Conn, packets chan<- packet, done <-chan struct{}) {
	defer close(packets)
	for {
		buffer := make([]byte, 32<<10)
		n, err := from.Read(buffer)
		if n > 0 {
			p.mu.Lock()
			due := time.Now().Add(p.delay)
			p.mu.Unlock()
			select {
			case packets <- packet{buffer[:n], due}:
			case <-done:
				return
			}
		}
		if err != nil {
			return
		}
	}
}

// setDelay delays everything that is received from now on.
func (p *proxy) setDelay(delay time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.delay = delay
}

// cut holds everything back until heal is called. It must not be called twice without heal.
func (p *proxy) cut() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.healed = make(chan struct{})
}

// heal forwards again, also everything that was held back.
func (p *proxy) heal() {
	p.mu.Lock()
	defer p.mu.Unlock()
	select {
	case <-p.healed:
	default:
		close(p.healed)
	}
}

// forwardUDP also forwards UDP packets from the proxy's address to that of the target, and drops them while
// the proxy is cut. Answers to the packets are not forwarded.
func (p *proxy) forwardUDP(t *testing.T) {
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
	case <-p.healed:
		return false
	default:
		return true
	}
}
