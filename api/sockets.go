package api

import (
	"context"
	"net/netip"

	"github.com/gofiber/fiber/v2"

	"admitone/actors/core"
	"admitone/api/codes"
	"admitone/api/connections"
	"admitone/api/sockets"
	"admitone/events"
)

// newSockets returns the Hub of this server's sockets.
func (s *Server) newSockets() *sockets.Hub {
	c := &s.config
	config := sockets.Config{
		Views: c.Views, WaitForViews: func() error { return s.awaitViews(s.answeredPosition()) },
		MaxSockets: c.MaxSockets, PerNetwork: c.ConnectionsPerAddress, MaxWatches: c.MaxWatches,
		PingEvery: c.PingEvery, StallAfter: c.StallAfter, Metrics: c.Metrics, Logger: c.Logger,
	}
	if c.Rooms != nil {
		config.Poll = s.pollForSocket
	}
	return sockets.New(config)
}

// pollForSocket polls for the visitor of a socket. It answers a poll that comes too soon, too, so that a visitor
// who has just joined over HTTP sees the place immediately, but such a poll does not count as a heartbeat.
func (s *Server) pollForSocket(ctx context.Context, room events.RoomID, visitor string) (sockets.Visit, error) {
	visit, err := s.config.Rooms.Poll(ctx, room, visitor)
	if err != nil {
		return sockets.Visit{}, err
	}
	o := events.OpenObject(make([]byte, 0, 256))
	o.String("room", string(room))
	appendVisitMembers(&o, &visit)
	return sockets.Visit{
		Data: o.Close(), Waiting: visit.Status == events.VisitorWaiting, PollAfter: visit.PollAfter,
	}, nil
}

func (s *Server) socketRoutes() {
	s.handle(fiber.MethodGet, "/ws", s.openSocket)
	s.handle(fiber.MethodGet, "/ws/reservations", s.openSocket)
}

// openSocket upgrades a request to a WebSocket.
func (s *Server) openSocket(r *request) error {
	if !sockets.IsUpgrade(r.ctx) {
		return refuse(codes.UpgradeRequired, "this path accepts only WebSocket upgrades")
	}
	if !s.allowedOrigin(r.ctx) {
		return refuse(core.CodeForbidden, "pages of this origin may not open sockets; see --allow-origin")
	}
	return s.sockets.Open(r.ctx, r.id, r.namedNetwork())
}

// allowedOrigin reports whether the origin of a request may open a socket. Programs other than browsers send no Origin.
func (s *Server) allowedOrigin(c *fiber.Ctx) bool {
	origin := c.Get(fiber.HeaderOrigin)
	return origin == "" || knownOrigin(origin, string(c.Request().Host()), s.config.AllowOrigins)
}

// namedNetwork returns the network for which a socket behind a trusted proxy counts. It returns zero without a proxy,
// because the connection itself counts then.
func (r *request) namedNetwork() netip.Prefix {
	address, counts, proxied := r.callerAddress()
	if !counts || !proxied || r.server.config.ConnectionsPerAddress == 0 {
		return netip.Prefix{}
	}
	return connections.NetworkOf(address)
}
