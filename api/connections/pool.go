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

// Bounds of a [Pool]. 0 is no bound, and for Spare none.
type Bounds struct {
	// Total bounds the open connections.
	Total int
	// Requests bounds those that are not upgraded; see [Conn.Upgraded].
	Requests int
	// PerAddress bounds those of one address, unless it is spared.
	PerAddress int
	// Spare is how many are accepted beyond the others, each for one request. One that has not
	// sent anything is closed for the next.
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
	// Proxies may have any number of connections up to Total.
	Proxies Proxies
	// Refusal returns the bytes that a refused connection is sent before it is closed; nil sends
	// nothing.
	Refusal func(Reason) []byte
	Logger  *slog.Logger
}

// Pool has the connections of one server. Several listeners may use it.
type Pool struct {
	config Config

	mu       sync.Mutex
	open     int                  // without the spare ones; guarded by mu
	upgraded int                  // of those; guarded by mu
	by       map[netip.Prefix]int // guarded by mu; as many as there are connections at most
	spare    []*Conn              // oldest first; guarded by mu
	refused  map[Reason]uint64    // guarded by mu
	told     time.Time            // when a refusal was last logged; guarded by mu
}

// NewPool returns a pool without connections.
func NewPool(config Config) *Pool {
	if config.Logger == nil {
		config.Logger = slog.Default()
	}
	return &Pool{config: config, by: map[netip.Prefix]int{}, refused: map[Reason]uint64{}}
}

// Stats are the figures of a pool.
type Stats struct {
	Bounds
	Open, Upgraded, SpareOpen int
	Refused                   map[Reason]uint64
}

// Stats returns the present figures.
func (p *Pool) Stats() Stats {
	p.mu.Lock()
	defer p.mu.Unlock()
	refused := map[Reason]uint64{TooMany: p.refused[TooMany], TooManyOfAddress: p.refused[TooManyOfAddress]}
	return Stats{Bounds: p.config.Bounds, Open: p.open, Upgraded: p.upgraded, SpareOpen: len(p.spare), Refused: refused}
}

// admit admits a connection; nil refuses it.
func (p *Pool) admit(raw net.Conn) *Conn {
	address := AddressOf(raw.RemoteAddr())
	c := &Conn{Conn: raw, pool: p}
	if p.config.PerAddress > 0 && !Spared(address) && !p.config.Proxies.Trusts(address) {
		c.network = NetworkOf(address)
	}
	reason, pushed := p.enter(c)
	if pushed != nil {
		_ = pushed.Close() // it has sent nothing, and is sent nothing
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

// enter counts a connection, or returns why it is refused. pushed is a spare one that is to be
// closed for it.
func (p *Pool) enter(c *Conn) (reason Reason, pushed *Conn) {
	p.mu.Lock()
	defer p.mu.Unlock()
	b := &p.config.Bounds
	if c.network.IsValid() && p.by[c.network] >= b.PerAddress {
		return p.refuse(TooManyOfAddress, c), nil
	}
	if b.Total > 0 && p.open >= b.Total || b.Requests > 0 && p.open-p.upgraded >= b.Requests {
		if len(p.spare) >= b.Spare {
			if pushed = p.silent(); pushed == nil {
				return p.refuse(TooMany, c), nil
			}
			p.refuse(TooMany, pushed)
			p.leaveLocked(pushed)
		}
		c.spare = true
		p.spare = append(p.spare, c)
	} else {
		p.open++
	}
	if c.network.IsValid() {
		p.by[c.network]++
	}
	return "", pushed
}

// silent returns the oldest spare connection that has sent nothing. The caller holds mu.
func (p *Pool) silent() *Conn {
	for _, c := range p.spare {
		if !c.Spoke() {
			return c
		}
	}
	return nil
}

// refuse counts a refusal and logs it at intervals. The caller holds mu.
func (p *Pool) refuse(reason Reason, c *Conn) Reason {
	p.refused[reason]++
	if now := time.Now(); now.Sub(p.told) >= time.Minute {
		p.told = now
		p.config.Logger.Warn("connections are refused", "bound", reason, "open", p.open, "of", p.config.Total,
			"address", c.RemoteAddr().String(), "refused_so_far", p.refused[reason])
	}
	return reason
}

func (p *Pool) leave(c *Conn) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.leaveLocked(c)
}

func (p *Pool) leaveLocked(c *Conn) {
	if c.left {
		return
	}
	c.left = true
	if c.network.IsValid() {
		if p.by[c.network]--; p.by[c.network] == 0 {
			delete(p.by, c.network)
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

// Conn is a connection of a pool; it counts until it is closed.
type Conn struct {
	net.Conn
	pool     *Pool
	network  netip.Prefix // that it counts for; zero for none
	spare    bool
	spoke    atomic.Bool
	upgraded bool // guarded by pool.mu
	left     bool // guarded by pool.mu
}

// Read implements net.Conn.
func (c *Conn) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	if n > 0 {
		c.spoke.Store(true)
	}
	return n, err
}

// Close implements net.Conn; it may be called more than once.
func (c *Conn) Close() error {
	c.pool.leave(c)
	return c.Conn.Close()
}

// Spoke reports whether the peer has ever sent a byte.
func (c *Conn) Spoke() bool { return c.spoke.Load() }

// Spare reports whether the connection is beyond the bound: it is for one request, which has to
// be about the server itself.
func (c *Conn) Spare() bool { return c.spare }

// Upgraded marks the connection as no longer used for requests: it does not count for
// [Bounds].Requests any more.
func (c *Conn) Upgraded() {
	c.pool.mu.Lock()
	defer c.pool.mu.Unlock()
	if !c.upgraded && !c.spare && !c.left {
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
