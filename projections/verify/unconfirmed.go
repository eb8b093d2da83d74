package verify

import (
	"container/list"
	"time"

	"admitone/events"
)

// RuleUnconfirmed is the rule of unconfirmed holds, as it is printed.
const RuleUnconfirmed Rule = "seats and places held for an attempt that its booking never records, or abandons, are free within 60 s"

const (
	// unconfirmedLimit bounds the duration of an unconfirmed hold, which a server releases after half of that time.
	unconfirmedLimit = 60 * time.Second
	// maxCountedGap bounds the time that a gap between two events counts: in a longer gap the server may have been down
	// and unable to release holds.
	maxCountedGap = 5 * time.Second
)

// unconfirmedHolds has the holds of seats and places that no booking confirms, oldest first. Holds from
// before attempts had numbers are not included.
type unconfirmedHolds struct {
	now   time.Duration // the log's time
	holds *list.List    // of begunHold
	byKey map[unconfirmedKey]*list.Element
}

// unconfirmedKey is the held seat or area, and the hold.
type unconfirmedKey struct {
	check check
	hold  events.HoldID
}

// unconfirmedHold is a hold in unconfirmedHolds.
type unconfirmedHold struct {
	key   unconfirmedKey
	since time.Duration
	at    location
}

func newUnconfirmedHolds() unconfirmedHolds {
	return unconfirmedHolds{holds: list.New(), byKey: map[unconfirmedKey]*list.Element{}}
}

// advance advances the log's time by the gap before an event.
func (b *unconfirmedHolds) advance(gap time.Duration) { b.now += min(gap, maxCountedGap) }

// overdue returns a fault for the oldest hold if it should have ended, else nil.
func (b *unconfirmedHolds) overdue() *fault {
	first := b.holds.Front()
	if first == nil {
		return nil
	}
	h := first.Value.(unconfirmedHold)
	if b.now-h.since <= unconfirmedLimit {
		return nil
	}
	f := faultf(RuleUnconfirmed, "%q holds seats or places, and has not become a booking", h.key.hold)
	f.at = &h.at
	return f
}

// addUnconfirmed records a hold, unless its booking confirms it already.
func (l *ledger) addUnconfirmed(e *events.Recorded, key unconfirmedKey) {
	b := &l.unconfirmed
	id, attempt, _ := events.CutHoldID(key.hold)
	known := (*booking)(nil)
	if check := l.bookings[id]; check != nil {
		known = &check.row
	}
	if !known.owns(attempt, e.Stream) {
		b.byKey[key] = b.holds.PushBack(unconfirmedHold{key, b.now, locate(e)})
	}
}

// remove removes a hold that was booked, released or expired.
func (b *unconfirmedHolds) remove(key unconfirmedKey) {
	if e := b.byKey[key]; e != nil {
		b.holds.Remove(e)
		delete(b.byKey, key)
	}
}

// confirm removes the holds that a new booking confirms.
func (b *unconfirmedHolds) confirm(c *bookingCheck) {
	c.seat(func(s *seatCheck) bool {
		if s != nil && s.hold == c.row.holdID() {
			b.remove(unconfirmedKey{s, s.hold})
		}
		return false
	})
	c.findArea(func(a *areaCheck, _ int64) bool {
		b.remove(unconfirmedKey{a, c.row.holdID()})
		return false
	})
}
