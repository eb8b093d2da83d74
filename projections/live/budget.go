package live

import (
	"sync"
	"time"
)

const (
	// frameShare is the share of the processors that delivering frames may take while
	// other goroutines wait for one.
	frameShare = 0.25
	// contention is the time after a wait for a processor during which other goroutines are assumed to wait.
	contention = 100 * time.Millisecond
	// smoothing is the number of frames over which the cost of a frame is averaged.
	smoothing = 8 * turnSize
)

// budget bounds the share of the processors that the topics of a hub use for their frames while other goroutines wait
// for a processor: each turn is followed by a pause in proportion to its cost. Otherwise there are no pauses.
type budget struct {
	pause float64 // pause per unit of time spent

	mu        sync.Mutex
	frameCost time.Duration // average cost of a frame; guarded by mu
	paidUntil time.Time     // end of the pauses for all turns so far; guarded by mu
	contended time.Time     // end of the time during which other goroutines are assumed to wait; guarded by mu
}

func newBudget(processors int) *budget {
	return &budget{pause: max(0, 1/(frameShare*float64(processors))-1)}
}

// spend records a turn that ended now and delivered a number of frames. The turn took cost, plus waited, the time that
// it waited for a processor. spend returns the time at which the next turn may begin.
func (b *budget) spend(now time.Time, frames int, cost, waited time.Duration) time.Time {
	b.mu.Lock()
	defer b.mu.Unlock()
	if waited > cost/8 {
		b.contended = now.Add(contention)
	}
	b.average(frames, cost)
	if !now.Before(b.contended) {
		b.paidUntil = now
		return now
	}
	if b.paidUntil.Before(now) {
		b.paidUntil = now
	}
	b.paidUntil = b.paidUntil.Add(time.Duration(float64(frames) * float64(b.frameCost) * b.pause))
	return b.paidUntil
}

// average updates the average cost of a frame. A cost counts as at most twice the average, because the operating
// system may have interrupted the turn.
func (b *budget) average(frames int, cost time.Duration) {
	if frames == 0 {
		return
	}
	costPerFrame := cost / time.Duration(frames)
	if b.frameCost == 0 {
		b.frameCost = costPerFrame
	}
	weight := min(1, float64(frames)/smoothing)
	b.frameCost += time.Duration(float64(min(costPerFrame, 2*b.frameCost)-b.frameCost) * weight)
}

// freeAt returns the end of the pauses for all turns so far.
func (b *budget) freeAt() time.Time {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.paidUntil
}
