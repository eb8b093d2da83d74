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
	// rateWindow is the period of the limit. Its whole allowance may be used as a burst.
	rateWindow = time.Second
	// rateShards is the number of shards, each with a lock of its own.
	rateShards = 16
	// rateCallers bounds the callers of a shard with an individual allowance in one window; all others
	// share one allowance.
	rateCallers = 1 << 13
)

// rateCaller identifies a caller of the limit: by the token's sub or, without a token, by network.
type rateCaller struct {
	sub     events.Holder
	network netip.Prefix
}

// rateLimit limits the commands of each caller with the generic cell rate algorithm. After a window
// without commands a caller has the whole allowance again and is dropped, so memory is bounded by the
// callers of two windows.
type rateLimit struct {
	perSecond int64
	every     time.Duration // the average interval of commands
	policy    string        // the RateLimit-Policy header
	seed      maphash.Seed
	began     time.Time
	shards    [rateShards]rateShard
}

// rateShard has some of the callers. The values are theoretical arrival times, relative to began.
type rateShard struct {
	mu                sync.Mutex
	current, previous map[rateCaller]time.Duration // of this and the previous window; guarded by mu
	begun             time.Duration                // start of this window; guarded by mu
}

// newRateLimit returns a limit of perSecond commands per second, nil for 0.
func newRateLimit(perSecond int64) *rateLimit {
	if perSecond < 1 {
		return nil
	}
	return &rateLimit{perSecond: perSecond, every: rateWindow / time.Duration(perSecond), seed: maphash.MakeSeed(),
		began:  time.Now(),
		policy: fmt.Sprintf(`"commands";q=%d;w=%d`, perSecond, int(rateWindow/time.Second))}
}

// allow counts a command. It returns the number of commands that the caller may still send at once
// or, if this one exceeds the limit, the time to wait.
func (l *rateLimit) allow(from rateCaller, now time.Time) (remaining int64, wait time.Duration) {
	shard, at := &l.shards[maphash.Comparable(l.seed, from)%rateShards], now.Sub(l.began)
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

// find returns the key under which a caller is counted, and its theoretical arrival time. The caller holds
// mu.
func (s *rateShard) find(from rateCaller, at time.Duration) (rateCaller, time.Duration) {
	if s.current == nil || at-s.begun >= rateWindow {
		if s.previous = s.current; at-s.begun >= 2*rateWindow {
			s.previous = nil
		}
		s.current, s.begun = map[rateCaller]time.Duration{}, at
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

// rateLimited applies the rate limit to a command, and to each command of a batch.
func (s *Server) rateLimited(method, path string, h handler) handler {
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

// sender returns the HTTP request of a command: its batch, or itself.
func (r *request) sender() *request {
	switch {
	case r.command != nil:
		return r.command.request
	case r.batch != nil:
		return r.batch
	}
	return r
}

// rateCaller returns the caller under which a command is counted. counts is false for an exempt address.
func (r *request) rateCaller() (from rateCaller, counts bool) {
	if !r.caller.open && r.caller.sub != "" {
		return rateCaller{sub: r.caller.sub}, true
	}
	address, counts, _ := r.callerAddress()
	return rateCaller{network: connections.NetworkOf(address)}, counts
}
