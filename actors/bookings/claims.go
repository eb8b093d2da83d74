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
	byPerformance map[string]*claimed // guarded by mu
}

// claimed is what is claimed of one performance.
type claimed struct {
	users int // requests that choose, or have claims
	seats map[performance.Seat]claim
	// seen is the latest position of a map that was chosen from: what claims ended
	// with it, an earlier map does not know.
	seen events.Position
}

// claim on one seat.
type claim struct {
	running int           // requests
	ended   chan struct{} // closed when the last of them to begin has ended
	// until is where the log has the seat as taken; the claim ends when the map has
	// seen that.
	until events.Position
}

// enter lets a request claim seats of a performance, until it leaves. What it
// chooses from must be read in between.
func (c *claims) enter(performanceID string) (leave func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	of := c.byPerformance[performanceID]
	if of == nil {
		of = &claimed{seats: map[performance.Seat]claim{}}
		if c.byPerformance == nil {
			c.byPerformance = map[string]*claimed{}
		}
		c.byPerformance[performanceID] = of
	}
	of.users++
	return func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		of.users--
		if of.users == 0 && len(of.seats) == 0 {
			delete(c.byPerformance, performanceID)
		}
	}
}

// begin claims seats whatever others claim, for a request that has entered. end ends
// the claim; with a position it stays until the seat map has seen that.
func (c *claims) begin(performanceID string, seats []performance.Seat) (end func(until events.Position)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.claim(c.byPerformance[performanceID], seats)
}

// claim needs the lock.
func (c *claims) claim(of *claimed, seats []performance.Seat) (end func(until events.Position)) {
	ended := make(chan struct{})
	for _, seat := range seats {
		mine := of.seats[seat]
		mine.running++
		mine.ended = ended
		of.seats[seat] = mine
	}
	return func(until events.Position) {
		c.mu.Lock()
		defer c.mu.Unlock()
		close(ended)
		for _, seat := range seats {
			mine := of.seats[seat]
			mine.running--
			mine.until = max(mine.until, until)
			of.seats[seat] = mine
			of.drop(seat)
		}
	}
}

// drop ends a claim on a seat that nobody is about to take, if the map knows all
// about it. It needs the lock of the claims.
func (of *claimed) drop(seat performance.Seat) {
	if mine := of.seats[seat]; mine.running == 0 && mine.until <= of.seen {
		delete(of.seats, seat)
	}
}

// choice is what came of choosing.
type choice struct {
	seats []performance.Seat
	end   func(until events.Position)
	// stale: the map is older than one that was chosen from before.
	stale bool
	// wait, if set, says when to choose again: what is left is about to be taken, and
	// that may yet fail.
	wait <-chan struct{}
}

// choose finds the best seats that nobody claims, and claims them for a request that
// has entered. The map has seen the log up to at; it learns which of its seats are
// taken since. No seats: there are none, or see choice.
//
// Nobody fights for what others are about to take. Two who choose the same seats as
// parts of different groups would keep each other from both.
func (c *claims) choose(performanceID string, m *performance.Map, at events.Position, section, quantity int) choice {
	c.mu.Lock()
	defer c.mu.Unlock()
	of := c.byPerformance[performanceID]
	if at < of.seen {
		return choice{stale: true}
	}
	of.seen = at
	var contested []performance.Seat
	for seat, mine := range of.seats {
		if mine.until <= at && m.Free(seat) && mine.running > 0 {
			contested = append(contested, seat)
		}
		if mine.running > 0 || mine.until > at {
			m.Take(seat)
		}
		of.drop(seat)
	}
	if seats, ok := m.Best(section, quantity); ok {
		return choice{seats: seats, end: c.claim(of, seats)}
	}
	m.Release(contested...)
	seats, _ := m.Best(section, quantity)
	for _, seat := range seats { // at least one of them is contested
		if mine := of.seats[seat]; mine.running > 0 {
			return choice{wait: mine.ended}
		}
	}
	return choice{}
}
