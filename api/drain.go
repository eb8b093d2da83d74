package api

import (
	"context"
	"time"

	"github.com/valyala/fasthttp"

	"admitone/api/connections"
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

// Drain makes /readyz fail and every response close its connection, so that load balancers go to
// other servers while this one still does everything.
func (s *Server) Drain() { s.leaving.Store(true) }

// drain answers on the open connections, and accepts no new ones, until none is open or
// Config.Linger has passed. A load balancer reuses connections: a command that it sends just when
// the server closes an idle one has an unknown outcome and can't be sent to another server. So
// Linger is longer than a load balancer keeps an idle connection.
func (s *Server) drain(ctx context.Context) {
	if s.config.Linger <= 0 {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, s.config.Linger)
	defer cancel()
	s.leaving.Store(true)
	if listener := s.stopListening(); listener != nil {
		_ = listener.Drain(ctx) // a failure to close it is that of Fiber's shutdown
	}
	tick := time.NewTicker(drainTick)
	defer tick.Stop()
	for s.requesting() > 0 {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// requesting returns how many connections are open that are no sockets. Fasthttp's own count
// leaves one out once its listener is closed.
func (s *Server) requesting() int {
	n := s.pool.Stats()
	return n.Open - n.Upgraded + n.SpareOpen
}

// stopListening keeps Listen from serving, and returns the listener if it does already.
func (s *Server) stopListening() *connections.Listener {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.stopping = true
	return s.listener
}

// stopAccepting closes the listener, or keeps Listen from serving. Fiber's own shutdown overlooks
// a server that is only about to serve, which would then never end.
func (s *Server) stopAccepting() {
	if listener := s.stopListening(); listener != nil {
		_ = listener.Close() // Fiber may have closed it already
	}
}
