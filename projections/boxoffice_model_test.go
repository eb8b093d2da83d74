package projections

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"pgregory.net/rapid"

	"admitone/events"
)

const (
	clerkHold  = 100 * time.Second
	clerkGrace = 30 * time.Second
	clerkLimit = 4
)

// clerkSections are those of every performance here.
var clerkSections = []events.Section{
	{ID: "A", DisplayName: "Stalls", Rows: 2, SeatsPerRow: 3, Price: 5},
	{ID: "B-x", DisplayName: "Balcony", Rows: 1, SeatsPerRow: 2, Price: 0},
}

var clerkSeats = []string{"A-1-1", "A-1-2", "A-1-3", "A-2-1", "A-2-2", "A-2-3", "B-x-1-1", "B-x-1-2"}

// clerk sells the seats of performances by the plainest rules, one fact after
// another, and may leave at any of them.
type clerk struct {
	now      time.Time
	put      func(events.StreamID, events.Fact)
	shows    map[string]map[string]*clerkSeat
	bookings map[string]*clerkBooking
	order    []string
	wallets  map[string]int64
	money    []string         // every movement, in words
	payments map[string]int64 // what was debited; 0 is closed
	parts    map[string]*clerkPart
	left     int // facts until the clerk goes away, -1 never
	n        int
}

type clerkSeat struct {
	status       events.SeatStatus
	hold, holder string
	until, first time.Time
	freed        time.Time
}

type clerkBooking struct {
	id, show, holder string
	seats            []string
	status           events.BookingStatus
	until            time.Time
	extended         bool
	attempt          int64
	late, retaken    bool
	refunding        bool
	amount           int64
}

type clerkPart struct {
	stream events.StreamID
	seats  int64
	until  time.Time // zero once kept
}

func newClerk(put func(events.StreamID, events.Fact)) *clerk {
	return &clerk{now: time.Date(2031, 5, 1, 20, 0, 0, 0, time.UTC), put: put, shows: map[string]map[string]*clerkSeat{}, left: -1,
		bookings: map[string]*clerkBooking{}, wallets: map[string]int64{}, payments: map[string]int64{}, parts: map[string]*clerkPart{}}
}

// gone is what a clerk panics with who goes away in the middle of something.
type gone struct{}

func (c *clerk) fact(stream events.StreamID, fact events.Fact) {
	if c.left == 0 {
		panic(gone{})
	}
	c.left--
	c.put(stream, fact)
}

// until runs something until the clerk has put down n facts, -1 for all of it.
func (c *clerk) until(n int, do func()) {
	c.left = n
	defer func() {
		c.left = -1
		if r := recover(); r != nil && r != (gone{}) {
			panic(r)
		}
	}()
	do()
}

func hall(id string) events.StreamID { return events.NewStreamID(performanceCategory, id) }

func chair(show, name string) events.StreamID {
	return events.NewStreamID(seatCategory, events.OfPerformance(show, name))
}

func (c *clerk) open(id string) {
	c.fact(hall(id), &events.PerformanceCreated{PerformanceID: id, Title: "T " + id, Venue: "V", StartsAt: time.Date(2031, 6, len(id), 20, 0, 0, 0, time.UTC),
		HoldSeconds: int64(clerkHold / time.Second), LimitPerHolder: clerkLimit, Sections: clerkSections})
	c.shows[id] = map[string]*clerkSeat{}
	for _, name := range clerkSeats {
		c.shows[id][name] = &clerkSeat{status: events.SeatIsFree}
	}
}

func (c *clerk) wallet(holder string) events.StreamID {
	return events.NewStreamID(walletCategory, holder)
}

func (c *clerk) charge(holder string, amount int64) {
	c.n++
	id := fmt.Sprint("charge", c.n)
	c.fact(c.wallet(holder), &events.WalletCharged{ChargeID: id, Amount: amount, Balance: c.wallets[holder] + amount})
	c.wallets[holder] += amount
	c.money = append(c.money, fmt.Sprintf("%s charged %s: %d, %d left", holder, id, amount, c.wallets[holder]))
}

// take takes the allowance and every seat for an attempt; false if it gave up.
func (c *clerk) take(b *clerkBooking) bool {
	hold := events.HoldID(b.id, b.attempt)
	stream, taken := c.allowance(b), int64(0)
	for id, part := range c.parts {
		if other, _, _ := events.CutHoldID(id); part.stream == stream && other != b.id {
			taken += part.seats
		}
	}
	if taken+int64(len(b.seats)) > clerkLimit {
		return false
	}
	if before := events.HoldID(b.id, b.attempt-1); c.parts[before] != nil {
		c.giveAllowance(b, b.attempt-1)
	}
	if c.parts[hold] == nil {
		part := &clerkPart{stream, int64(len(b.seats)), c.now.Add(clerkHold + 2*clerkGrace)}
		c.fact(stream, &events.AllowanceTaken{HoldID: hold, Seats: part.seats, Taken: c.taken(stream) + part.seats, ExpiresAt: part.until})
		c.parts[hold] = part
	}
	for _, name := range b.seats {
		s := c.shows[b.show][name]
		if s.hold == hold {
			continue
		}
		if other, _, _ := events.CutHoldID(s.hold); s.status == events.SeatIsHeld && other == b.id {
			c.release(b, name, events.ReleasedRetaken)
		}
		first := c.now
		if s.holder == b.holder && c.now.Sub(s.freed) < clerkHold {
			first = s.first
		}
		until := c.now.Add(clerkHold)
		if end := first.Add(2 * clerkHold); end.Before(until) {
			until = end
		}
		if b.late {
			until = c.now
		}
		if s.status != events.SeatIsFree || !until.After(c.now) && !b.late {
			return false
		}
		fact := &events.SeatHeld{HoldID: hold, BookingID: b.id, Holder: b.holder, Price: price(name), ExpiresAt: until.Add(clerkGrace), FirstHeldAt: first}
		c.fact(chair(b.show, name), fact)
		*s = clerkSeat{status: events.SeatIsHeld, hold: hold, holder: b.holder, until: fact.ExpiresAt, first: first}
		if !b.late && (b.until.IsZero() || until.Before(b.until)) {
			b.until = until
		}
	}
	return true
}

func price(seat string) int64 {
	if strings.HasPrefix(seat, "A") {
		return 5
	}
	return 0
}

func (c *clerk) allowance(b *clerkBooking) events.StreamID {
	return events.NewStreamID(allowanceCategory, events.OfPerformance(b.show, b.holder))
}

func (c *clerk) taken(stream events.StreamID) (n int64) {
	for _, part := range c.parts {
		if part.stream == stream {
			n += part.seats
		}
	}
	return n
}

func (c *clerk) giveAllowance(b *clerkBooking, attempt int64) {
	hold := events.HoldID(b.id, attempt)
	part := c.parts[hold]
	if part == nil {
		return
	}
	was := events.AllowanceIsHeld
	if part.until.IsZero() {
		was = events.AllowanceIsKept
	}
	c.fact(part.stream, &events.AllowanceReleased{HoldID: hold, Was: was, Seats: part.seats, Taken: c.taken(part.stream) - part.seats})
	delete(c.parts, hold)
}

func (c *clerk) release(b *clerkBooking, name string, reason events.ReleaseReason) {
	s := c.shows[b.show][name]
	c.fact(chair(b.show, name), &events.SeatReleased{HoldID: s.hold, Holder: s.holder, Was: s.status, Reason: reason, ReleasedAt: c.now})
	if s.status == events.SeatIsBooked {
		s.holder = ""
	}
	s.status, s.hold, s.freed = events.SeatIsFree, "", c.now
}

// giveBack gives back whatever a booking has.
func (c *clerk) giveBack(b *clerkBooking, reason events.ReleaseReason) {
	for _, name := range b.seats {
		if other, _, _ := events.CutHoldID(c.shows[b.show][name].hold); other == b.id {
			c.release(b, name, reason)
		}
	}
	for attempt := int64(1); attempt <= b.attempt; attempt++ {
		c.giveAllowance(b, attempt)
	}
}

func (c *clerk) book(show, holder string, seats []string) {
	c.n++
	b := &clerkBooking{id: fmt.Sprint("b.", c.n), show: show, holder: holder, seats: slices.Sorted(slices.Values(seats)), status: events.BookingIsHeld, attempt: 1}
	if !c.take(b) {
		c.giveBack(b, events.ReleasedIncomplete)
		return
	}
	fact := &events.BookingHeld{BookingID: b.id, PerformanceID: show, Holder: holder, ExpiresAt: b.until, ExtendableUntil: c.now.Add(2 * clerkHold), Attempt: 1}
	for _, name := range b.seats {
		fact.Seats = append(fact.Seats, events.BookedSeat{Seat: name, Price: price(name)})
		fact.Amount += price(name)
	}
	c.fact(c.stream(b), fact)
	b.amount = fact.Amount
	c.bookings[b.id] = b
	c.order = append(c.order, b.id)
}

// extend moves the deadline of a booking and all that is with it.
func (c *clerk) extend(b *clerkBooking) {
	to := c.shows[b.show][b.seats[0]].first.Add(2 * clerkHold)
	for _, name := range b.seats {
		if s := c.shows[b.show][name]; s.first.Add(2 * clerkHold).Before(to) {
			to = s.first.Add(2 * clerkHold)
		}
	}
	hold := events.HoldID(b.id, b.attempt)
	if part := c.parts[hold]; !to.After(b.until) || part == nil {
		return
	}
	for _, name := range b.seats {
		if !to.Add(clerkGrace).After(c.shows[b.show][name].until) {
			continue // that far it came the last time
		}
		c.fact(chair(b.show, name), &events.SeatExtended{HoldID: hold, ExpiresAt: to.Add(clerkGrace)})
		c.shows[b.show][name].until = to.Add(clerkGrace)
	}
	if part, until := c.parts[hold], to.Add(2*clerkGrace); until.After(part.until) {
		c.fact(part.stream, &events.AllowanceExtended{HoldID: hold, ExpiresAt: until})
		part.until = until
	}
	c.fact(c.stream(b), &events.BookingExtended{ExpiresAt: to})
	b.until, b.extended = to, true
}

// later lets time pass, and everything expire whose time is up.
func (c *clerk) later(d time.Duration) {
	c.now = c.now.Add(d)
	for _, id := range c.order {
		if b := c.bookings[id]; b.status == events.BookingIsHeld && c.now.After(b.until) {
			c.fact(c.stream(b), &events.BookingExpired{ExpiresAt: b.until})
			b.status = events.BookingIsExpired
		}
	}
	for _, show := range slices.Sorted(maps.Keys(c.shows)) {
		for _, name := range clerkSeats {
			if s := c.shows[show][name]; s.status == events.SeatIsHeld && c.now.After(s.until) {
				c.fact(chair(show, name), &events.SeatExpired{HoldID: s.hold, Holder: s.holder, ExpiresAt: s.until})
				s.status, s.hold, s.freed = events.SeatIsFree, "", s.until
			}
		}
	}
	for _, hold := range slices.Sorted(maps.Keys(c.parts)) {
		if part := c.parts[hold]; !part.until.IsZero() && c.now.After(part.until) {
			c.fact(part.stream, &events.AllowanceExpired{HoldID: hold, Seats: part.seats, Taken: c.taken(part.stream) - part.seats, ExpiresAt: part.until})
			delete(c.parts, hold)
		}
	}
}

// block takes a seat off sale, or puts it back.
func (c *clerk) block(show, name string) {
	switch s := c.shows[show][name]; s.status {
	case events.SeatIsFree:
		c.fact(chair(show, name), &events.SeatBlocked{})
		s.status = events.SeatIsBlocked
	case events.SeatIsBlocked:
		c.fact(chair(show, name), &events.SeatUnblocked{})
		s.status = events.SeatIsFree
	}
}

// something happens.
func (c *clerk) something(t *rapid.T) {
	show := rapid.SampledFrom([]string{"a", "a-b"}).Draw(t, "performance")
	holder := rapid.SampledFrom([]string{"ada", "ada-b"}).Draw(t, "holder")
	steps := rapid.SampledFrom([]int{-1, -1, -1, 0, 1, 2, 3, 4, 5}).Draw(t, "facts")
	seats := rapid.SliceOfNDistinct(rapid.SampledFrom(clerkSeats), 1, 3, rapid.ID).Draw(t, "seats")
	what := rapid.IntRange(0, 9).Draw(t, "what")
	c.until(-1, func() { c.later(0) }) // nobody does anything about what is over
	c.until(steps, func() {
		var b *clerkBooking
		if len(c.order) > 0 {
			b = c.bookings[rapid.SampledFrom(c.order).Draw(t, "booking")]
		}
		switch {
		case c.shows[show] == nil:
			c.open(show)
		case what == 0:
			c.later(time.Duration(rapid.SampledFrom([]int{1, 40, 101, 200}).Draw(t, "seconds")) * time.Second)
		case what == 1:
			c.charge(holder, rapid.Int64Range(1, 20).Draw(t, "amount"))
		case what == 2:
			c.block(show, seats[0])
		case what < 5 || b == nil:
			c.book(show, holder, seats)
		case b.status == events.BookingIsPaying || b.refunding || what == 5:
			c.settle(b)
		case what == 6 && (b.status == events.BookingIsHeld || b.status == events.BookingIsBooked):
			c.cancel(b)
		case what == 7 && b.status == events.BookingIsHeld && !b.extended && !c.now.After(b.until):
			c.extend(b)
		case b.status == events.BookingIsHeld || b.status == events.BookingIsExpired:
			c.pay(b)
		}
	})
}

// unfinished are the bookings with steps left, found by looking everywhere.
func (c *clerk) unfinished() (ids []string) {
	for _, id := range slices.Sorted(maps.Keys(c.bookings)) {
		b, has := c.bookings[id], false
		for _, seats := range c.shows {
			for _, s := range seats {
				booking, _, _ := events.CutHoldID(s.hold)
				has = has || booking == id
			}
		}
		for hold := range c.parts {
			booking, _, _ := events.CutHoldID(hold)
			has = has || booking == id
		}
		over := b.status == events.BookingIsExpired || b.status == events.BookingIsReleased
		if b.status == events.BookingIsPaying || b.refunding || over && has {
			ids = append(ids, id)
		}
	}
	return ids
}
