package bookings

import (
	"sync"

	"admitone/actors/performance"
	"admitone/events"
)

// claims are the seats that requests of this process are about to take, or have
// taken and the seat map has not seen yet. Without them a crowd that leaves the
// choice to the house would all be sent to the same seats. They decide nothing: the
// seats do. The zero value is ready.
type claims struct {
	mu            sync.Mutex
	byPerformance map[string]map[performance.Seat]claim // guarded by mu
}

// claim on one seat.
type claim struct {
	running int // requests
	// until is where the log has the seat as taken; the claim ends when the map has
	// seen that.
	until events.Position
}

// begin claims seats whatever others claim. end ends the claim; with a position it
// stays until the seat map has seen that.
func (c *claims) begin(performanceID string, seats []performance.Seat) (end func(events.Position)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.claim(performanceID, seats)
}

// claim needs the lock.
func (c *claims) claim(performanceID string, seats []performance.Seat) (end func(events.Position)) {
	if c.byPerformance == nil {
		c.byPerformance = map[string]map[performance.Seat]claim{}
	}
	if c.byPerformance[performanceID] == nil {
		c.byPerformance[performanceID] = map[performance.Seat]claim{}
	}
	of := c.byPerformance[performanceID]
	for _, seat := range seats {
		mine := of[seat]
		mine.running++
		of[seat] = mine
	}
	return func(until events.Position) {
		c.mu.Lock()
		defer c.mu.Unlock()
		for _, seat := range seats {
			mine := of[seat]
			mine.running--
			mine.until = max(mine.until, until)
			of[seat] = mine
		}
		c.tidy(performanceID, 0)
	}
}

// tidy drops the claims that a map which has seen the log up to at makes needless.
// It needs the lock.
func (c *claims) tidy(performanceID string, at events.Position) {
	of := c.byPerformance[performanceID]
	for seat, mine := range of {
		if mine.running == 0 && mine.until <= at {
			delete(of, seat)
		}
	}
	if len(of) == 0 {
		delete(c.byPerformance, performanceID)
	}
}

// choose finds the best seats that nobody claims, or else the best of those that
// only requests under way do, which may yet fail; and claims them.
func (c *claims) choose(performanceID string, m *performance.Map, at events.Position, section, quantity int) (seats []performance.Seat, end func(events.Position), ok bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.tidy(performanceID, at)
	contested := m.Clone()
	for seat, mine := range c.byPerformance[performanceID] {
		m.Take(seat)
		if mine.until <= at {
			continue
		}
		contested.Take(seat)
	}
	if seats, ok = m.Best(section, quantity); !ok {
		seats, ok = contested.Best(section, quantity)
	}
	if !ok {
		return nil, nil, false
	}
	return seats, c.claim(performanceID, seats), true
}
