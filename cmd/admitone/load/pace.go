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
// zero value, requests begin immediately.
type pace struct {
	ctx      context.Context // ends every wait
	interval time.Duration   // 0 without a schedule
	started  time.Time       // scheduled time of the first request
	count    atomic.Int64    // requests scheduled so far
}

// start sets the requests per second; 0 means no schedule.
func (p *pace) start(ctx context.Context, rate float64) {
	if p.ctx, p.interval = ctx, 0; rate > 0 {
		p.interval = time.Duration(float64(time.Second) / rate)
	}
}

// begin restarts the schedule with the first request now. No call of next may be running.
func (p *pace) begin() {
	p.started = time.Now()
	p.count.Store(0)
}

// next waits for the scheduled time of the next request and returns it.
func (p *pace) next() time.Time {
	if p.interval == 0 {
		return time.Now()
	}
	at := p.started.Add(time.Duration(p.count.Add(1)-1) * p.interval)
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

// maxLatency is the largest possible latency: a request waits for its turn for at most the duration of a run.
const maxLatency = maxDuration + requestTimeout

// newHistogram returns a histogram of microseconds with three significant digits.
func newHistogram() *hdrhistogram.Histogram { return hdrhistogram.New(1, maxLatency.Microseconds(), 3) }

// recordLatency records the latency of a request.
func (c *crowd) recordLatency(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	// The only error is a value out of range, which is impossible here.
	_ = c.latency.RecordValue(min(max(d, 0), maxLatency).Microseconds())
}
