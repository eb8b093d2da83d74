package verify

import (
	"container/list"
	"time"

	"admitone/events"
)

// RuleBegun as it is printed.
const RuleBegun Rule = "seats and places held for an attempt that its booking's stream has neither held nor announced, or " +
	"has closed, are free within 60 s"

const (
	// begunLimit bounds the time of such a hold: it is given up after half of that.
	begunLimit = 60 * time.Second
	// begunGap is the longest gap between neighbouring events that counts: in a longer one the server may have been down,
	// unable to abandon anything.
	begunGap = 5 * time.Second
)

// begunHolds has the holds of seats and places without a booking, in the order of their beginning,
// except holds from before attempts had numbers.
type begunHolds struct {
	now   time.Duration // the log's time
	holds *list.List    // of begunHold
	of    map[begunKey]*list.Element
}

// begunKey is the held seat or area, and the hold.
type begunKey struct {
	check check
	hold  events.HoldID
}

// begunHold is one of them.
type begunHold struct {
	key   begunKey
	since time.Duration
	at    location
}

func newBegunHolds() begunHolds {
	return begunHolds{holds: list.New(), of: map[begunKey]*list.Element{}}
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
	f := faultf(RuleBegun, "%q holds seats or places, and has not become a booking", h.key.hold)
	f.at = &h.at
	return f
}

// begin records a hold that does not belong to a booking yet.
func (l *ledger) begin(e *events.Recorded, key begunKey) {
	b := &l.begun
	id, attempt, _ := events.CutHoldID(key.hold)
	known := (*booking)(nil)
	if check := l.bookings[id]; check != nil {
		known = &check.row
	}
	if !known.owns(attempt, e.Stream) {
		b.of[key] = b.holds.PushBack(begunHold{key, b.now, locate(e)})
	}
}

// end removes a hold: its seats and places are free again, or taken by another.
func (b *begunHolds) end(key begunKey) {
	if e := b.of[key]; e != nil {
		b.holds.Remove(e)
		delete(b.of, key)
	}
}

// become removes the holds of an attempt that has become a booking.
func (b *begunHolds) become(c *bookingCheck) {
	c.seat(func(s *seatCheck) bool {
		if s != nil && s.hold == c.row.holdID() {
			b.end(begunKey{s, s.hold})
		}
		return false
	})
	c.findArea(func(a *areaCheck, _ int64) bool {
		b.end(begunKey{a, c.row.holdID()})
		return false
	})
}
