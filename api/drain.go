package api

import (
	"context"
	"time"

	"github.com/valyala/fasthttp"

	"admitone/api/connections"
)

// drainTick is the interval at which drain checks for open connections.
const drainTick = 10 * time.Millisecond

// closeAfterResponse makes a handler close its connection after the response, once the server is draining.
func (s *Server) closeAfterResponse(next fasthttp.RequestHandler) fasthttp.RequestHandler {
	return func(c *fasthttp.RequestCtx) {
		next(c)
		if s.draining.Load() {
			c.SetConnectionClose()
		}
	}
}

// Drain makes /readyz fail and every response close its connection, so that load balancers switch to
// other servers while this one still accepts all requests.
func (s *Server) Drain() { s.draining.Store(true) }

// drain stops accepting connections and serves the open ones, until none remains or Config.Linger has passed.
// A load balancer reuses connections. If it sends a command just when the server closes an idle one, the outcome
// is unknown, so the command can't be sent to another server. Linger should therefore exceed the load balancer's
// idle timeout.
func (s *Server) drain(ctx context.Context) {
	if s.config.Linger <= 0 {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, s.config.Linger)
	defer cancel()
	s.draining.Store(true)
	if listener := s.stopListening(); listener != nil {
		_ = listener.Drain(ctx) // Fiber's shutdown reports a failure to close it
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

// requesting returns the number of open connections that are not sockets. fasthttp's own count can't be used:
// once its listener is closed, it is too low by one.
func (s *Server) requesting() int {
	n := s.pool.Stats()
	return n.Open - n.Upgraded + n.SpareOpen
}

// stopListening prevents Listen from starting to serve, and returns the listener if it has started.
func (s *Server) stopListening() *connections.Listener {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.stopping = true
	return s.listener
}

// stopAccepting closes the listener, or prevents Listen from starting to serve. Fiber's own shutdown does
// not stop a server that is about to serve.
func (s *Server) stopAccepting() {
	if listener := s.stopListening(); listener != nil {
		_ = listener.Close() // Fiber may have closed it already
	}
}
