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

// spareConnections is the number of connections that are accepted beyond the limit, each for one request.
const spareConnections = 16

var operationalPaths = []string{"/healthz", "/readyz", "/metrics"}

// newPool returns the pool of the server's connections. An eighth of them is reserved for requests,
// because sockets stay open for hours.
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

// connectionProblems has the answers to refused connections, by reason.
var connectionProblems = map[connections.Reason]*problem{
	connections.TooMany: refuse(core.CodeOverloaded,
		"too many connections are open; nothing was done, try again in a moment"),
	connections.TooManyOfAddress: refuse(codes.RateLimited,
		"too many connections are open from your address; nothing was done, close some or try again"),
}

// refusalOf returns the complete response to a refused connection, whose request is not read.
func refusalOf(reason connections.Reason) []byte {
	var answer fasthttp.Response
	id := string(actors.NewCommandID())
	if err := connectionProblems[reason].answer(&answer, id); err != nil {
		return nil // there are no fields that could fail
	}
	answer.Header.Set(headerNosniff, nosniff)
	answer.SetConnectionClose()
	return []byte(answer.String())
}

// refuseSpare refuses a request over a spare connection, unless its path is operational or it is from an
// auditor or admin.
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

// dropSilentConns closes connections that never sent a byte, without a response. Clients open
// connections in advance, and a client that sends a request at that moment would mistake the response
// for its answer.
func dropSilentConns(next func(*fasthttp.RequestCtx, error)) func(*fasthttp.RequestCtx, error) {
	return func(c *fasthttp.RequestCtx, err error) {
		if conn, ok := c.Conn().(*connections.Conn); ok && !conn.HasSent() {
			_ = conn.Close() // what fasthttp writes next is discarded
			return
		}
		next(c, err)
	}
}

// drainBody reads up to 8 MiB or 2 s of an unwanted body, because closing a connection with unread
// bytes resets it, and the client may never see the response. It never returns an error.
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

// callerAddress returns the address of the caller. counts reports whether limits per address apply to it,
// proxied whether the connection is shared with other callers, because it is a proxy's or another node's.
func (r *request) callerAddress() (address netip.Addr, counts, proxied bool) {
	if r.hop != nil && r.hop.received {
		return r.hop.Client, r.hop.Client.IsValid() && !connections.Exempt(r.hop.Client), true
	}
	address, named, proxied := r.callerNamed()
	return address, named && !connections.Exempt(address), proxied
}

// callerNamed returns the address of the caller of a request that was not forwarded. named is false if
// a proxy does not name it.
func (r *request) callerNamed() (address netip.Addr, named, proxied bool) {
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

// registerConnections registers the metrics of connections: limits and usage.
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
