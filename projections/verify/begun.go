package verify

import (
	"container/list"
	"time"

	"admitone/events"
)

// RuleBegun as it is printed.
const RuleBegun Rule = "a seat that is held for an attempt which its booking's stream has neither held nor announced, or has closed, is free within 60 s"

const (
	// begunLimit is how long such a hold may last: it is given up after half of that.
	begunLimit = 60 * time.Second
	// begunGap is what two neighbouring events are apart at most: a server may have been
	// down in between, and nobody there to give anything up.
	begunGap = 5 * time.Second
)

// begunHolds are the holds of seats that are no booking's, in the order in which they
// began. Holds of before attempts had numbers are none of them.
type begunHolds struct {
	now   time.Duration // the log's time
	holds *list.List    // of begunHold
	of    map[*seatCheck]*list.Element
}

// begunHold is one of them.
type begunHold struct {
	seat  *seatCheck
	since time.Duration
	at    location
}

func newBegunHolds() begunHolds {
	return begunHolds{holds: list.New(), of: map[*seatCheck]*list.Element{}}
}

// pass moves the log's time on.
func (b *begunHolds) pass(gap time.Duration) { b.now += min(gap, begunGap) }

// overdue finds a hold that should have ended.
func (b *begunHolds) overdue() *fault {
	first := b.holds.Front()
	if first == nil {
		return nil
	}
	h := first.Value.(begunHold)
	if b.now-h.since <= begunLimit {
		return nil
	}
	f := faultf(RuleBegun, "%q has the seat, and has not become a booking", h.seat.hold)
	f.at = &h.at
	return f
}

// begin notes a hold that is no booking's yet.
func (c *seatCheck) begin(e *events.Recorded, f *events.SeatHeld) {
	b := &c.ledger.begun
	known := (*booking)(nil)
	if check := c.ledger.bookings[f.BookingID]; check != nil {
		known = &check.row
	}
	if f.Attempt != 0 && !known.owns(f.Attempt, e.Stream) {
		b.of[c] = b.holds.PushBack(begunHold{c, b.now, locate(e)})
	}
}

// end takes a hold out: the seat is free again, or somebody's.
func (b *begunHolds) end(c *seatCheck) {
	if e := b.of[c]; e != nil {
		b.holds.Remove(e)
		delete(b.of, c)
	}
}

// become takes out what an attempt has that has become a booking.
func (b *begunHolds) become(c *bookingCheck) {
	c.seat(func(s *seatCheck) bool {
		if s != nil && s.hold == c.row.holdID() {
			b.end(s)
		}
		return false
	})
}
