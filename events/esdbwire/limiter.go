package esdbwire

import (
	"fmt"
	"log/slog"
	"sync"
	"time"

	"google.golang.org/grpc/codes"
)

// limiter bounds the concurrent calls of one kind, because each stalled subscription retains a page of
// events and gRPC's buffers.
type limiter struct {
	name   string
	limit  int
	logger *slog.Logger

	mu      sync.Mutex
	count   int       // guarded by mu
	lastLog time.Time // time of the last logged refusal; guarded by mu
}

// enter counts a call, or returns an error if there are too many. After a successful enter, leave
// must be called.
func (c *limiter) enter() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.count < c.limit {
		c.count++
		return nil
	}
	if now := time.Now(); now.Sub(c.lastLog) >= time.Minute {
		c.lastLog = now
		c.logger.Warn("too many "+c.name+" are open; close unused ones", "bound", c.limit)
	}
	return &fault{code: codes.ResourceExhausted, message: fmt.Sprintf("Too many %s: at limit %d at once", c.name, c.limit)}
}

func (c *limiter) leave() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.count--
}

func (c *limiter) inUse() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.count
}

// Stats has the used amounts of a server's bounded resources.
type Stats struct {
	// Subscriptions is the number of open subscriptions, and MaxSubscriptions its limit.
	Subscriptions, MaxSubscriptions int
	// Calls is the number of open streaming calls, including subscriptions, and MaxCalls its limit.
	Calls, MaxCalls int
}

// Stats returns the current figures.
func (s *Server) Stats() Stats {
	return Stats{s.subscriptions.inUse(), s.subscriptions.limit, s.calls.inUse(), s.calls.limit}
}
