package bookings

import (
	"sync"

	"admitone/actors/performance"
	"admitone/events"
)

// pendingSeats are the seats that requests of this process are about to take, or have
// taken and the seat map has not seen yet. Without them all requests for the best
// available seats would be sent to the same ones. They decide nothing: the seats do. The zero value is ready.
type pendingSeats struct {
	mu            sync.Mutex
	byPerformance map[events.PerformanceID]*pendingOfPerformance // guarded by mu
	// idle are the performances that nobody uses whose claims a map may not have seen yet,
	// with the position where it has seen them all; guarded by mu.
	idle map[events.PerformanceID]events.Position
	// swept is the latest position up to which idle ones have been dropped; guarded by mu.
	swept events.Position
}

// pendingOfPerformance is what is claimed of one performance.
type pendingOfPerformance struct {
	users int // requests that choose, or have claims
	seats map[performance.Seat]pendingSeat
	// seen is the latest position of a map that was chosen from: what claims ended
	// with it, an earlier map does not know.
	seen events.Position
}

// pendingSeat on one seat.
type pendingSeat struct {
	running int           // requests
	ended   chan struct{} // closed when the last of them to begin has ended
	// until is where the log has the seat as taken; the claim ends when the map has
	// seen that.
	until events.Position
}

// enter lets a request claim seats of a performance, until it leaves. What it
// chooses from must be read in between.
func (c *pendingSeats) enter(performanceID events.PerformanceID) (leave func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	of := c.byPerformance[performanceID]
	if of == nil {
		of = &pendingOfPerformance{seats: map[performance.Seat]pendingSeat{}}
		if c.byPerformance == nil {
			c.byPerformance = map[events.PerformanceID]*pendingOfPerformance{}
		}
		c.byPerformance[performanceID] = of
	}
	of.users++
	delete(c.idle, performanceID)
	return func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		if of.users--; of.users == 0 {
			c.rest(performanceID, of)
		}
	}
}

// rest drops what is claimed of a performance that nobody uses any more, or keeps it until
// some map has seen all of it: whoever chooses next is not sent to the same seats. It needs
// the lock.
func (c *pendingSeats) rest(performanceID events.PerformanceID, of *pendingOfPerformance) {
	until := events.Position(0)
	for _, mine := range of.seats { // none of them is running
		until = max(until, mine.until)
	}
	if until <= c.swept {
		delete(c.byPerformance, performanceID)
		return
	}
	if c.idle == nil {
		c.idle = map[events.PerformanceID]events.Position{}
	}
	c.idle[performanceID] = until
}

// sweep drops the idle performances whose claims have been seen by the maps, which have all
// seen the log up to at. It needs the lock.
func (c *pendingSeats) sweep(at events.Position) {
	if at <= c.swept {
		return
	}
	c.swept = at
	for performanceID, until := range c.idle {
		if until <= at {
			delete(c.idle, performanceID)
			delete(c.byPerformance, performanceID)
		}
	}
}

// begin claims seats whatever others claim, for a request that has entered. end ends
// the claim; with a position it stays until the seat map has seen that.
func (c *pendingSeats) begin(
	performanceID events.PerformanceID,
	seats []performance.Seat,
) (end func(until events.Position)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.claim(c.byPerformance[performanceID], seats)
}

// claim needs the lock.
func (c *pendingSeats) claim(of *pendingOfPerformance, seats []performance.Seat) (end func(until events.Position)) {
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

// drop ends a claim on a seat that no request is about to take, if the map knows all
// about it. It needs the lock of the claims.
func (of *pendingOfPerformance) drop(seat performance.Seat) {
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

// choose finds the best seats that are not claimed, and claims them for a request that
// has entered. The map has seen the log up to at; it learns which of its seats are
// taken since. No seats: there are none, or see choice.
//
// Seats that others are about to take are not contended for: two requests that chose the
// same seats as parts of different groups would keep each other from both.
func (c *pendingSeats) choose(
	performanceID events.PerformanceID,
	m *performance.Map,
	at events.Position,
	section, quantity int,
) choice {
	c.mu.Lock()
	defer c.mu.Unlock()
	of := c.byPerformance[performanceID]
	if at < of.seen {
		return choice{stale: true}
	}
	of.seen = at
	c.sweep(at)
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
