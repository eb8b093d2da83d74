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

// spareConnections are accepted when all others are in use, each for one request.
const spareConnections = 16

// aboutTheServer lists the paths that are answered over spare connections.
var aboutTheServer = []string{"/healthz", "/readyz", "/metrics"}

// newPool makes the bounds of the listener. An eighth of all connections is reserved for
// requests, because sockets stay open for hours.
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

// crowded has the refusals of connections.
var crowded = map[connections.Reason]*problem{
	connections.TooMany: refuse(core.CodeOverloaded,
		"too many connections are open; nothing was done, try again in a moment"),
	connections.TooManyOfAddress: refuse(codes.RateLimited,
		"too many connections are open from your address; nothing was done, close some or try again"),
}

// refusalOf returns the whole response to a connection that is refused; its request is not read.
func refusalOf(reason connections.Reason) []byte {
	var answer fasthttp.Response
	id := string(actors.NewCommandID())
	if err := crowded[reason].answer(&answer, id); err != nil {
		return nil // there are no fields that could fail
	}
	answer.Header.Set(headerNosniff, nosniff)
	answer.SetConnectionClose()
	return []byte(answer.String())
}

// spared refuses a request over a spare connection, unless it is about the server or an
// operator's: the others were refused the connection.
func (s *Server) spared(r *request) error {
	conn, ok := r.ctx.Context().Conn().(*connections.Conn)
	if !ok || !conn.Spare() {
		return nil
	}
	upgrades := len(r.ctx.Request().Header.Peek("Upgrade")) > 0
	operator := !r.caller.open && (r.caller.role == RoleAdmin || r.caller.role == RoleAuditor)
	if slices.Contains(aboutTheServer, r.ctx.Path()) || operator && !upgrades {
		return nil
	}
	return crowded[connections.TooMany]
}

// dropSilentConns closes a connection that never sent a byte, without a response. Clients open
// connections ahead of need, and one that sends a request at that moment would take the refusal
// for its answer.
func dropSilentConns(next func(*fasthttp.RequestCtx, error)) func(*fasthttp.RequestCtx, error) {
	return func(c *fasthttp.RequestCtx, err error) {
		if conn, ok := c.Conn().(*connections.Conn); ok && !conn.Spoke() {
			_ = conn.Close() // what fasthttp writes next is discarded
			return
		}
		next(c, err)
	}
}

// drainBody reads up to 8 MiB or 2 s of an unwanted body, because closing a connection with
// unread bytes resets it, and the client may never see the response. It ends without an error
// whatever happens.
func drainBody(conn net.Conn) {
	buffer := make([]byte, 32<<10)
	end := time.Now().Add(2 * time.Second)
	for left := 8 << 20; left > 0 && time.Now().Before(end); {
		if conn.SetReadDeadline(time.Now().Add(200*time.Millisecond)) != nil {
			return
		}
		n, err := conn.Read(buffer)
		if err != nil {
			return
		}
		left -= n
	}
}

// callerAddress returns the address that a request comes from. counts reports whether bounds per
// address apply to it; proxied, that a proxy named it and shares its connection with other
// callers.
func (r *request) callerAddress() (address netip.Addr, counts, proxied bool) {
	proxies := r.server.config.Proxies
	peer := connections.AddressOf(r.ctx.Context().RemoteAddr())
	var lines []string
	if proxied = proxies.Trusts(peer); proxied {
		for _, line := range r.ctx.Request().Header.PeekAll(proxies.Header()) {
			lines = append(lines, string(line))
		}
	}
	address, named := proxies.Caller(peer, lines)
	return address, named && !connections.Spared(address), proxied
}

// registerConnections registers the bounds and their use.
func (m *metrics) registerConnections(s *Server) {
	gauge := func(name, help string, value func(connections.Stats) int) {
		s.config.Metrics.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: name, Help: help},
			func() float64 { return float64(value(s.pool.Stats())) }))
	}
	refused := func(reason connections.Reason) {
		s.config.Metrics.MustRegister(prometheus.NewCounterFunc(prometheus.CounterOpts{
			Name: "admitone_connections_refused_total", Help: "Connections that were too many, by the bound.",
			ConstLabels: prometheus.Labels{"bound": string(reason)},
		}, func() float64 { return float64(s.pool.Stats().Refused[reason]) }))
	}
	gauge(
		"admitone_connections",
		"Open connections, sockets among them.",
		func(n connections.Stats) int { return n.Open + n.SpareOpen },
	)
	gauge(
		"admitone_connections_limit",
		"Connections that may be open, sockets among them.",
		func(n connections.Stats) int { return n.Total },
	)
	gauge(
		"admitone_connections_requests_limit",
		"Connections that may be open without being sockets.",
		func(n connections.Stats) int { return n.Requests },
	)
	gauge(
		"admitone_connections_address_limit",
		"Connections that one address may have open, and sockets behind a proxy; 0 is any number.",
		func(n connections.Stats) int { return n.PerAddress },
	)
	gauge(
		"admitone_connections_spare",
		"Open connections beyond the limit, for questions about the server.",
		func(n connections.Stats) int { return n.SpareOpen },
	)
	gauge(
		"admitone_connections_spare_limit",
		"Connections that may be open beyond the limit.",
		func(n connections.Stats) int { return n.Spare },
	)
	gauge(
		"admitone_sockets_limit",
		"WebSockets that may be open.",
		func(connections.Stats) int { return int(s.config.MaxSockets) },
	)
	refused(connections.TooMany)
	refused(connections.TooManyOfAddress)
}
