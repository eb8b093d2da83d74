package api

import (
	"context"
	"time"

	"github.com/valyala/fasthttp"
)

// drainTick is how often drain looks for open connections.
const drainTick = 10 * time.Millisecond

// closeAfterResponse closes connections after their next response once the server is draining.
func (s *Server) closeAfterResponse(next fasthttp.RequestHandler) fasthttp.RequestHandler {
	return func(c *fasthttp.RequestCtx) {
		next(c)
		if s.leaving.Load() {
			c.SetConnectionClose()
		}
	}
}

// drain answers on the open connections, and accepts no new ones, until none is open or
// Config.Linger has passed. A load balancer reuses connections: a command that it sends just when
// the server closes an idle one has an unknown outcome and can't be sent to another server.
func (s *Server) drain(ctx context.Context) {
	if s.config.Linger <= 0 {
		return
	}
	s.leaving.Store(true)
	s.stopAccepting()
	end, tick := time.NewTimer(s.config.Linger), time.NewTicker(drainTick)
	defer end.Stop()
	defer tick.Stop()
	for s.app.Server().GetOpenConnectionsCount() > 0 {
		select {
		case <-ctx.Done():
			return
		case <-end.C:
			return
		case <-tick.C:
		}
	}
}
