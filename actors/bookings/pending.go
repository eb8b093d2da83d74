package bookings

import (
	"sync"

	"admitone/actors/performance"
	"admitone/events"
)

// pendingSeats tracks the seats that requests of this process are about to take, or have taken since the
// seat map was read. Without it, all requests for the best available seats would choose the same seats. It
// only affects which seats are chosen; the seats decide whether they can be held. The zero value is ready
// for use.
type pendingSeats struct {
	mu            sync.Mutex
	byPerformance map[events.PerformanceID]*pendingOfPerformance // guarded by mu
	// idle are the performances without users, whose claims a map may not have seen yet. The value is the
	// position from which on a map has seen all of them; guarded by mu.
	idle map[events.PerformanceID]events.Position
	// swept is the position up to which idle performances were dropped; guarded by mu.
	swept events.Position
}

// pendingOfPerformance has the claims on one performance.
type pendingOfPerformance struct {
	users int // number of requests that have entered
	seats map[performance.Seat]pendingSeat
	// seen is the latest position of a map that was chosen from. Claims that a map of this position has
	// seen are dropped, so earlier maps must not be used.
	seen events.Position
}

// pendingSeat is the claims on one seat.
type pendingSeat struct {
	running int           // number of requests that are about to take the seat
	ended   chan struct{} // closed when the latest of these requests has ended
	// until is the position at which the log shows the seat taken. The claim is dropped when a map has
	// seen that position.
	until events.Position
}

// enter lets a request claim seats of a performance until it calls leave. The request must not choose from
// a map that it has read before enter.
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

// retire drops the claims on a performance without users, or keeps them until a map has seen all of them,
// so that the next request does not choose the same seats. The caller must hold c.mu.
func (c *pendingSeats) retire(performanceID events.PerformanceID, of *pendingOfPerformance) {
	until := events.Position(0)
	for _, seat := range of.seats { // no request is running
		until = max(until, seat.until)
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

// sweep drops the idle performances whose claims are shown by every map of position at or later. The caller
// must hold c.mu.
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

// begin claims seats for a request that has entered, regardless of other claims. end ends the claim, or, if
// until is not 0, keeps it until a seat map has seen that position.
func (c *pendingSeats) begin(
	performanceID events.PerformanceID,
	seats []performance.Seat,
) (end func(until events.Position)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.claim(c.byPerformance[performanceID], seats)
}

// claim adds a claim on each seat. The caller must hold c.mu.
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

// drop deletes a seat that no request is about to take, if a map has seen that it is taken. The caller must
// hold the mutex of pendingSeats.
func (of *pendingOfPerformance) drop(seat performance.Seat) {
	if mine := of.seats[seat]; mine.running == 0 && mine.until <= of.seen {
		delete(of.seats, seat)
	}
}

// choice is the result of choosing: seats, or a reason to choose again, or nothing if too few seats are
// left.
type choice struct {
	seats []performance.Seat
	end   func(until events.Position) // ends the claim on seats; see begin
	// stale: the map is older than one that was chosen from before.
	stale bool
	// wait, if set, is closed when the caller should choose again: requests that are about to take the
	// seats that remain may fail.
	wait <-chan struct{}
}

// choose finds the best unclaimed seats, and claims them for a request that has entered. m has seen the log
// up to at; claimed seats are marked as taken in it.
//
// Seats that other requests are about to take are not chosen: two requests whose groups share a seat could
// each prevent the other from getting its group.
func (c *pendingSeats) choose(
	performanceID events.PerformanceID,
	m *performance.Map,
	at events.Position,
	wanted performance.Criteria,
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
