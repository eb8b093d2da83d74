package api

import (
	"net"
	"net/netip"
	"slices"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/valyala/fasthttp"

	"admitone/actors"
	"admitone/actors/core"
	"admitone/api/codes"
	"admitone/api/connections"
)

// spareConnections is the number of connections accepted beyond the limit. Each serves one request.
const spareConnections = 16

// operationalPaths are served on spare connections to every caller.
var operationalPaths = []string{"/healthz", "/readyz", "/metrics"}

// newPool returns the pool of the server's connections. It reserves an eighth of them for requests, because
// sockets stay open for hours.
func (s *Server) newPool() *connections.Pool {
	c := &s.config
	if c.MaxConnections == 0 {
		c.MaxConnections = int(c.MaxSockets) + maxRequesting
	}
	c.MaxSockets = min(c.MaxSockets, int64(c.MaxConnections-(c.MaxConnections+7)/8))
	return connections.NewPool(connections.Config{
		Bounds: connections.Bounds{
			Total: c.MaxConnections, Requests: maxRequesting, PerAddress: c.ConnectionsPerAddress,
			Spare: spareConnections,
		},
		Proxies: c.Proxies, Refusal: refusalOf, Logger: c.Logger,
	})
}

// connectionProblems maps the reasons for refusing a connection to the answer.
var connectionProblems = map[connections.Reason]*problem{
	connections.TooMany: refuse(core.CodeOverloaded,
		"too many connections are open; nothing was done, try again in a moment"),
	connections.TooManyOfAddress: refuse(codes.RateLimited,
		"too many connections are open from your address; nothing was done, close some or try again"),
}

// refusalOf returns the complete response to a refused connection. The request is not read.
func refusalOf(reason connections.Reason) []byte {
	var answer fasthttp.Response
	id := string(actors.NewCommandID())
	if err := connectionProblems[reason].answer(&answer, id); err != nil {
		return nil // impossible: the problems have no members that could fail to encode
	}
	answer.Header.Set(headerNosniff, nosniff)
	answer.SetConnectionClose()
	return []byte(answer.String())
}

// refuseSpare refuses a request over a spare connection, unless its path is operational, or an auditor or admin
// sent it and it opens no socket.
func (s *Server) refuseSpare(r *request) error {
	conn, ok := r.ctx.Context().Conn().(*connections.Conn)
	if !ok || !conn.Spare() {
		return nil
	}
	upgrades := len(r.ctx.Request().Header.Peek("Upgrade")) > 0
	operator := !r.caller.open && (r.caller.role == RoleAdmin || r.caller.role == RoleAuditor)
	if slices.Contains(operationalPaths, r.ctx.Path()) || operator && !upgrades {
		return nil
	}
	return connectionProblems[connections.TooMany]
}

// dropSilentConns makes an error handler close a connection without a response if the client has never sent a
// byte. Clients open connections in advance, and one that sends its first request just then would take the
// response for the answer to it.
func dropSilentConns(next func(*fasthttp.RequestCtx, error)) func(*fasthttp.RequestCtx, error) {
	return func(c *fasthttp.RequestCtx, err error) {
		if conn, ok := c.Conn().(*connections.Conn); ok && !conn.HasSent() {
			_ = conn.Close() // what fasthttp writes next is discarded
			return
		}
		next(c, err)
	}
}

// drainBody reads an unwanted body, up to 8 MiB and for at most 2 s. Closing a connection with unread bytes
// resets it, and the client may then never see the response.
func drainBody(conn net.Conn) {
	buffer := make([]byte, 32<<10)
	end := time.Now().Add(2 * time.Second)
	for remaining := 8 << 20; remaining > 0 && time.Now().Before(end); {
		if conn.SetReadDeadline(time.Now().Add(200*time.Millisecond)) != nil {
			return
		}
		n, err := conn.Read(buffer)
		if err != nil {
			return
		}
		remaining -= n
	}
}

// callerAddress returns the address of the caller. counts is true if limits per address apply to it. proxied is
// true if other callers may share the connection, because a proxy or another node has opened it.
func (r *request) callerAddress() (address netip.Addr, counts, proxied bool) {
	if r.hop != nil && r.hop.received {
		return r.hop.Client, r.hop.Client.IsValid() && !connections.Exempt(r.hop.Client), true
	}
	address, named, proxied := r.directCallerAddress()
	return address, named && !connections.Exempt(address), proxied
}

// directCallerAddress returns the address of the caller of a request that no other node has forwarded. named is
// false if the request came through a proxy that does not name the address.
func (r *request) directCallerAddress() (address netip.Addr, named, proxied bool) {
	proxies := r.server.config.Proxies
	peer := connections.AddressOf(r.ctx.Context().RemoteAddr())
	var lines []string
	if proxied = proxies.Trusts(peer); proxied {
		for _, line := range r.ctx.Request().Header.PeekAll(proxies.Header()) {
			lines = append(lines, string(line))
		}
	}
	address, named = proxies.Caller(peer, lines)
	return address, named, proxied
}

// registerConnections registers the metrics of connections: their limits and their numbers.
func (m *metrics) registerConnections(s *Server) {
	gauge := func(name, help string, value func(connections.Stats) int) {
		s.config.Metrics.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: name, Help: help},
			func() float64 { return float64(value(s.pool.Stats())) }))
	}
	refused := func(reason connections.Reason) {
		s.config.Metrics.MustRegister(prometheus.NewCounterFunc(prometheus.CounterOpts{
			Name: "admitone_connections_refused_total", Help: "Refused connections, by the limit that they exceed.",
			ConstLabels: prometheus.Labels{"bound": string(reason)},
		}, func() float64 { return float64(s.pool.Stats().Refused[reason]) }))
	}
	gauge("admitone_connections", "Open connections, including sockets.",
		func(n connections.Stats) int { return n.Open + n.SpareOpen })
	gauge("admitone_connections_limit", "Limit of open connections, including sockets.",
		func(n connections.Stats) int { return n.Total })
	gauge("admitone_connections_requests_limit", "Limit of open connections that are not sockets.",
		func(n connections.Stats) int { return n.Requests })
	gauge("admitone_connections_address_limit",
		"Limit of open connections of one address, and of its sockets behind a proxy; 0 means unlimited.",
		func(n connections.Stats) int { return n.PerAddress })
	gauge("admitone_connections_spare", "Open connections beyond the limit, for requests about the server.",
		func(n connections.Stats) int { return n.SpareOpen })
	gauge("admitone_connections_spare_limit", "Limit of open connections beyond the limit.",
		func(n connections.Stats) int { return n.Spare })
	gauge("admitone_sockets_limit", "Limit of open WebSockets.",
		func(connections.Stats) int { return int(s.config.MaxSockets) })
	refused(connections.TooMany)
	refused(connections.TooManyOfAddress)
}
