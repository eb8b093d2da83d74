package connections

import (
	"log/slog"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

// Bounds of a [Pool]. 0 means unlimited; for Spare it means none.
type Bounds struct {
	// Total bounds the open connections.
	Total int
	// Requests bounds the connections that are not upgraded; see [Conn.MarkUpgraded].
	Requests int
	// PerAddress bounds the connections of one network (see [NetworkOf]), unless it is exempt.
	PerAddress int
	// Spare is the number of connections accepted beyond Total and Requests, each for one request. A
	// new one replaces the oldest that has not sent anything.
	Spare int
}

// Reason is why a connection was refused.
type Reason string

// The reasons.
const (
	TooMany          Reason = "total"
	TooManyOfAddress Reason = "address"
)

// Config of a [Pool].
type Config struct {
	Bounds
	// Proxies are exempt from PerAddress.
	Proxies Proxies
	// Refusal returns the bytes to send to a refused connection before it is closed; a nil function
	// sends nothing.
	Refusal func(Reason) []byte
	Logger  *slog.Logger
}

// Pool counts and limits the connections of one server. Several listeners may share it.
type Pool struct {
	config Config

	mu       sync.Mutex
	open     int                  // without the spare ones; guarded by mu
	upgraded int                  // part of open; guarded by mu
	networks map[netip.Prefix]int // connections by network; guarded by mu
	spare    []*Conn              // oldest first; guarded by mu
	refused  map[Reason]uint64    // guarded by mu
	logged   time.Time            // when a refusal was last logged; guarded by mu
}

// NewPool returns a pool without connections.
func NewPool(config Config) *Pool {
	if config.Logger == nil {
		config.Logger = slog.Default()
	}
	return &Pool{config: config, networks: map[netip.Prefix]int{}, refused: map[Reason]uint64{}}
}

// Stats are the counts of a pool. Open includes Upgraded and excludes SpareOpen; Refused counts since
// the start.
type Stats struct {
	Bounds
	Open, Upgraded, SpareOpen int
	Refused                   map[Reason]uint64
}

// Stats returns the current counts.
func (p *Pool) Stats() Stats {
	p.mu.Lock()
	defer p.mu.Unlock()
	refused := map[Reason]uint64{TooMany: p.refused[TooMany], TooManyOfAddress: p.refused[TooManyOfAddress]}
	return Stats{Bounds: p.config.Bounds, Open: p.open, Upgraded: p.upgraded, SpareOpen: len(p.spare), Refused: refused}
}

// admit counts a connection and wraps it. It answers and closes a refused one, and returns nil.
func (p *Pool) admit(raw net.Conn) *Conn {
	address := AddressOf(raw.RemoteAddr())
	c := &Conn{Conn: raw, pool: p}
	if p.config.PerAddress > 0 && !Exempt(address) && !p.config.Proxies.Trusts(address) {
		c.network = NetworkOf(address)
	}
	reason, evicted := p.register(c)
	if evicted != nil {
		_ = evicted.Close() // it has sent nothing, so it gets no answer
	}
	if reason == "" {
		return c
	}
	if p.config.Refusal != nil {
		// The send buffer of a new connection is empty: this does not block.
		_ = raw.SetWriteDeadline(time.Now().Add(time.Second))
		_, _ = raw.Write(p.config.Refusal(reason)) // the peer may be gone already
	}
	_ = raw.Close()
	return nil
}

// register counts a connection, or returns why it is refused. evicted is a spare connection that the
// caller must close, nil for none.
func (p *Pool) register(c *Conn) (reason Reason, evicted *Conn) {
	p.mu.Lock()
	defer p.mu.Unlock()
	b := &p.config.Bounds
	if c.network.IsValid() && p.networks[c.network] >= b.PerAddress {
		return p.refuse(TooManyOfAddress, c), nil
	}
	if b.Total > 0 && p.open >= b.Total || b.Requests > 0 && p.open-p.upgraded >= b.Requests {
		if len(p.spare) >= b.Spare {
			if evicted = p.oldestSilent(); evicted == nil {
				return p.refuse(TooMany, c), nil
			}
			p.refuse(TooMany, evicted)
			p.releaseLocked(evicted)
		}
		c.spare = true
		p.spare = append(p.spare, c)
	} else {
		p.open++
	}
	if c.network.IsValid() {
		p.networks[c.network]++
	}
	return "", evicted
}

// oldestSilent returns the oldest spare connection that has sent nothing. The caller holds mu.
func (p *Pool) oldestSilent() *Conn {
	for _, c := range p.spare {
		if !c.HasSent() {
			return c
		}
	}
	return nil
}

// refuse counts a refusal, logs at most one per minute, and returns reason. The caller holds mu.
func (p *Pool) refuse(reason Reason, c *Conn) Reason {
	p.refused[reason]++
	if now := time.Now(); now.Sub(p.logged) >= time.Minute {
		p.logged = now
		p.config.Logger.Warn("connections are refused", "bound", reason, "open", p.open, "of", p.config.Total,
			"address", c.RemoteAddr().String(), "refused_so_far", p.refused[reason])
	}
	return reason
}

func (p *Pool) release(c *Conn) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.releaseLocked(c)
}

func (p *Pool) releaseLocked(c *Conn) {
	if c.released {
		return
	}
	c.released = true
	if c.network.IsValid() {
		if p.networks[c.network]--; p.networks[c.network] == 0 {
			delete(p.networks, c.network)
		}
	}
	if !c.spare {
		p.open--
		if c.upgraded {
			p.upgraded--
		}
		return
	}
	for i := range p.spare {
		if p.spare[i] == c {
			p.spare = append(p.spare[:i], p.spare[i+1:]...)
			return
		}
	}
}

// Conn is a connection of a pool. It is counted until it is closed.
type Conn struct {
	net.Conn
	pool     *Pool
	network  netip.Prefix // under which it is counted; zero if exempt
	spare    bool
	sent     atomic.Bool
	upgraded bool // guarded by pool.mu
	released bool // guarded by pool.mu
	// shared is set by SetDeadline. Until then, only the goroutine that serves the connection uses the fields
	// below, and its next Read applies readDeadline if hasReadDeadline.
	shared          bool
	readDeadline    time.Time
	hasReadDeadline bool
	writeDeadline   time.Time // the last deadline of writes
}

// SetReadDeadline implements net.Conn. Until SetDeadline is called, it must be called by the goroutine that reads, and
// takes effect with its next Read: an HTTP server sets two deadlines per request and usually reads once.
func (c *Conn) SetReadDeadline(t time.Time) error {
	if c.shared {
		return c.Conn.SetReadDeadline(t)
	}
	c.readDeadline, c.hasReadDeadline = t, true
	return nil
}

// A write may end before its deadline by up to 1/earlyDivisor of the remaining time.
const earlyDivisor = 16

// SetWriteDeadline implements net.Conn. Until SetDeadline is called, it must be called by the
// goroutine that writes. It skips the system call if the previous deadline is only a little earlier,
// because an HTTP server sets a deadline for every response.
func (c *Conn) SetWriteDeadline(t time.Time) error {
	if c.shared {
		return c.Conn.SetWriteDeadline(t)
	}
	if later := t.Sub(c.writeDeadline); later >= 0 && later < time.Until(t)/earlyDivisor {
		return nil
	}
	c.writeDeadline = t
	return c.Conn.SetWriteDeadline(t)
}

// SetDeadline implements net.Conn. The connection may be used by several goroutines afterwards.
func (c *Conn) SetDeadline(t time.Time) error {
	c.hasReadDeadline, c.shared = false, true
	return c.Conn.SetDeadline(t)
}

// Read implements net.Conn.
func (c *Conn) Read(b []byte) (int, error) {
	if c.hasReadDeadline {
		c.hasReadDeadline = false
		if err := c.Conn.SetReadDeadline(c.readDeadline); err != nil {
			return 0, err
		}
	}
	n, err := c.Conn.Read(b)
	if n > 0 {
		c.sent.Store(true)
	}
	return n, err
}

// Close implements net.Conn; it may be called more than once.
func (c *Conn) Close() error {
	c.pool.release(c)
	return c.Conn.Close()
}

// HasSent reports whether the peer has ever sent a byte.
func (c *Conn) HasSent() bool { return c.sent.Load() }

// Spare reports whether the connection was accepted beyond the limit. It may be used for one request
// about the server itself, such as its health.
func (c *Conn) Spare() bool { return c.spare }

// MarkUpgraded marks the connection as no longer used for HTTP requests, so that it no longer counts
// towards [Bounds].Requests.
func (c *Conn) MarkUpgraded() {
	c.pool.mu.Lock()
	defer c.pool.mu.Unlock()
	if !c.upgraded && !c.spare && !c.released {
		c.upgraded = true
		c.pool.upgraded++
	}
}

// CloseWrite closes the sending side, as *net.TCPConn does.
func (c *Conn) CloseWrite() error {
	if half, ok := c.Conn.(interface{ CloseWrite() error }); ok {
		return half.CloseWrite()
	}
	return syscall.EOPNOTSUPP
}

// SyscallConn implements syscall.Conn, if the underlying connection does.
func (c *Conn) SyscallConn() (syscall.RawConn, error) {
	if raw, ok := c.Conn.(syscall.Conn); ok {
		return raw.SyscallConn()
	}
	return nil, syscall.EOPNOTSUPP
}
