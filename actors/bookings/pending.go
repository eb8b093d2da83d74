package bookings

import (
	"sync"

	"admitone/actors/performance"
	"admitone/events"
)

// pendingSeats are seats that requests of this process are about to take, or have taken but that
// the seat map does not show yet. Without them all requests for the best available seats would
// choose the same ones. They only steer the choice: the seats decide. The zero value is ready for
// use.
type pendingSeats struct {
	mu            sync.Mutex
	byPerformance map[events.PerformanceID]*pendingOfPerformance // guarded by mu
	// idle are the performances without users whose claims a map may not have seen yet, with the
	// position at which a map has seen them all; guarded by mu.
	idle map[events.PerformanceID]events.Position
	// swept is the latest position up to which idle ones were dropped; guarded by mu.
	swept events.Position
}

// pendingOfPerformance has the claims on one performance.
type pendingOfPerformance struct {
	users int // requests that are choosing, or have claims
	seats map[performance.Seat]pendingSeat
	// seen is the latest position of a map that was chosen from: claims ended with it are unknown
	// to earlier maps.
	seen events.Position
}

// pendingSeat is the claims on one seat.
type pendingSeat struct {
	running int           // requests
	ended   chan struct{} // closed when the last of them has ended
	// waitUntil is the position of the log at which the seat is taken; the claim ends when the map has
	// seen it.
	until events.Position
}

// enter lets a request claim seats of a performance until it leaves. It must read the map that it
// chooses from in between.
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
			c.retire(performanceID, of)
		}
	}
}

// retire drops the claims on a performance without users, or retains them until a map has seen all of
// them, so that the next request is not sent to the same seats. The caller holds the lock.
func (c *pendingSeats) retire(performanceID events.PerformanceID, of *pendingOfPerformance) {
	until := events.Position(0)
	for _, mine := range of.seats { // no request is running
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

// sweep drops the idle performances whose claims are in all maps that have seen the log up to at.
// The caller holds the lock.
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

// begin claims seats regardless of other claims, for a request that has entered. end ends the
// claim; with a position, the claim remains until the seat map has seen that position.
func (c *pendingSeats) begin(
	performanceID events.PerformanceID,
	seats []performance.Seat,
) (end func(until events.Position)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.claim(c.byPerformance[performanceID], seats)
}

// claim adds a claim on each seat. The caller holds the lock.
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

// drop ends a claim on a seat that no request is about to take, if the map has seen it. The caller
// holds the lock.
func (of *pendingOfPerformance) drop(seat performance.Seat) {
	if mine := of.seats[seat]; mine.running == 0 && mine.until <= of.seen {
		delete(of.seats, seat)
	}
}

// choice is the result of choosing.
type choice struct {
	seats []performance.Seat
	end   func(until events.Position)
	// stale: the map is older than one chosen from before.
	stale bool
	// wait, if set, is closed when the caller should choose again: the remaining seats are about to
	// be taken, which may fail.
	wait <-chan struct{}
}

// choose finds the best unclaimed seats, and claims them for a request that has entered. The map
// has seen the log up to at, and is updated with the seats taken since. If no seats are returned,
// none are left, or choice has the reason.
//
// Seats that others are about to take are not chosen: two requests with the same seats as parts of
// different groups could each prevent the other from getting its group.
func (c *pendingSeats) choose(
	performanceID events.PerformanceID,
	m *performance.Map,
	at events.Position,
	wanted performance.Wanted,
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
	if seats, ok := m.Choose(wanted); ok {
		return choice{seats: seats, end: c.claim(of, seats)}
	}
	m.Release(contested...)
	seats, _ := m.Choose(wanted)
	for _, seat := range seats { // at least one of them is claimed
		if mine := of.seats[seat]; mine.running > 0 {
			return choice{wait: mine.ended}
		}
	}
	return choice{}
}
