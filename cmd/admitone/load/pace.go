package load

import (
	"context"
	"sync/atomic"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
)

// pace schedules the requests of a crowd at even intervals, independently of the responses (an open loop). The
// latency of a request counts from its scheduled time, even if no member was free then. Otherwise a server
// that stalls would get fewer requests, and its stall would count only once (coordinated omission). With the
// zero value, requests begin at once.
type pace struct {
	ctx   context.Context // ends every wait
	every time.Duration   // 0 without a pace
	begun time.Time
	count atomic.Int64 // requests scheduled so far
}

// start sets the requests per second; 0 means no schedule.
func (p *pace) start(ctx context.Context, rate float64) {
	if p.ctx, p.every = ctx, 0; rate > 0 {
		p.every = time.Duration(float64(time.Second) / rate)
	}
}

// begin restarts the schedule with a first request now. No call of next may be running.
func (p *pace) begin() {
	p.begun = time.Now()
	p.count.Store(0)
}

// next waits for the scheduled time of the next request and returns it.
func (p *pace) next() time.Time {
	if p.every == 0 {
		return time.Now()
	}
	at := p.begun.Add(time.Duration(p.count.Add(1)-1) * p.every)
	if wait := time.Until(at); wait > 0 {
		timer := time.NewTimer(wait)
		defer timer.Stop()
		select {
		case <-timer.C:
		case <-p.ctx.Done():
			return time.Now()
		}
	}
	return at
}

// maxLatency is the largest latency recorded exactly: no request waits longer for its turn than a run may
// last.
const maxLatency = maxDuration + crowdPatience

// newHistogram returns a histogram of microseconds with three significant digits.
func newHistogram() *hdrhistogram.Histogram { return hdrhistogram.New(1, maxLatency.Microseconds(), 3) }

// took records the latency of a request.
func (c *crowd) took(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	// The only error is a value out of range, which is impossible here.
	_ = c.latency.RecordValue(min(max(d, 0), maxLatency).Microseconds())
}
