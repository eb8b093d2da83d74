package api

import (
	"fmt"
	"hash/maphash"
	"net/netip"
	"strconv"
	"sync"
	"time"

	"github.com/gofiber/fiber/v2"

	"admitone/api/codes"
	"admitone/api/connections"
	"admitone/events"
)

const (
	// rateWindow is the period of the limit. The allowance for a whole period may be used as one burst.
	rateWindow = time.Second
	// rateShards is the number of shards. Each has its own lock.
	rateShards = 16
	// rateCallers bounds the callers in a shard and window that have an allowance of their own. All others
	// share one.
	rateCallers = 1 << 13
)

// rateCaller identifies a caller for the rate limit: by the sub of the token or, without a token, by the network.
type rateCaller struct {
	sub     events.Holder
	network netip.Prefix
}

// rateLimit limits the commands of each caller with the generic cell rate algorithm. A caller who has sent no
// command for a window has the whole allowance again and is forgotten, so the memory is bounded by the callers of
// two windows.
type rateLimit struct {
	perSecond int64
	every     time.Duration // the average time between commands
	policy    string        // the RateLimit-Policy header
	seed      maphash.Seed
	start     time.Time
	shards    [rateShards]rateShard
}

// rateShard has some of the callers. The values of its maps are theoretical arrival times, as durations since
// rateLimit.start.
type rateShard struct {
	mu                sync.Mutex
	current, previous map[rateCaller]time.Duration // of this and the previous window; guarded by mu
	windowStart       time.Duration                // start of this window; guarded by mu
}

// newRateLimit returns a limit of perSecond commands per second for each caller, nil if perSecond is 0.
func newRateLimit(perSecond int64) *rateLimit {
	if perSecond < 1 {
		return nil
	}
	return &rateLimit{perSecond: perSecond, every: rateWindow / time.Duration(perSecond), seed: maphash.MakeSeed(),
		start:  time.Now(),
		policy: fmt.Sprintf(`"commands";q=%d;w=%d`, perSecond, int(rateWindow/time.Second))}
}

// allow counts a command. It returns the number of commands that the caller may send immediately afterwards or, if this
// one exceeds the limit and does not count, the time to wait.
func (l *rateLimit) allow(from rateCaller, now time.Time) (remaining int64, wait time.Duration) {
	shard, at := &l.shards[maphash.Comparable(l.seed, from)%rateShards], now.Sub(l.start)
	shard.mu.Lock()
	defer shard.mu.Unlock()
	from, arrival := shard.find(from, at)
	next := max(arrival, at) + l.every
	if wait := next - at - rateWindow; wait > 0 {
		return 0, wait
	}
	shard.current[from] = next
	return int64((rateWindow - (next - at)) / l.every), 0
}

// find returns the key of a caller in the shard, which may be shared, and its theoretical arrival time. It must be
// called with mu held.
func (s *rateShard) find(from rateCaller, at time.Duration) (rateCaller, time.Duration) {
	if s.current == nil || at-s.windowStart >= rateWindow {
		if s.previous = s.current; at-s.windowStart >= 2*rateWindow {
			s.previous = nil
		}
		s.current, s.windowStart = map[rateCaller]time.Duration{}, at
	}
	arrival, known := s.current[from]
	if !known && len(s.current) >= rateCallers {
		from = rateCaller{}
		arrival, known = s.current[from]
	}
	if !known {
		arrival = s.previous[from]
	}
	return from, arrival
}

// withRateLimit returns a handler that applies the rate limit to a command, and to each command of a batch.
func (s *Server) withRateLimit(method, path string, h handler) handler {
	if s.rate == nil || method == fiber.MethodGet || path == batchPath {
		return h
	}
	return func(r *request) error {
		from, counts := r.sender().rateCaller()
		if !counts {
			return h(r)
		}
		remaining, wait := s.rate.allow(from, time.Now())
		r.set(headerRateLimitPolicy, s.rate.policy)
		r.set(headerRateLimit, `"commands";r=`+strconv.FormatInt(remaining, 10)+`;t=1`)
		if wait > 0 {
			return &problem{code: codes.RateLimited, detail: fmt.Sprintf(
				"you may send %d commands a second; nothing was done, try again", s.rate.perSecond), after: wait}
		}
		return h(r)
	}
}

// sender returns the HTTP request with which a command was sent: its batch, or the request itself.
func (r *request) sender() *request {
	switch {
	case r.command != nil:
		return r.command.request
	case r.batch != nil:
		return r.batch
	}
	return r
}

// rateCaller returns the caller for whom a command counts. counts is false for an exempt address.
func (r *request) rateCaller() (from rateCaller, counts bool) {
	if !r.caller.open && r.caller.sub != "" {
		return rateCaller{sub: r.caller.sub}, true
	}
	address, counts, _ := r.callerAddress()
	return rateCaller{network: connections.NetworkOf(address)}, counts
}
