package projections

import (
	"fmt"
	"time"

	"admitone/events"
)

// foldSale applies a fact that sets the opening and closing times of a sale, or records that one was reached.
func (d *deadlines) foldSale(e *events.Recorded, fact events.Scheduled) error {
	times, reached := fact.Schedule()
	d.mu.Lock()
	defer d.mu.Unlock()
	entry := d.streams[e.Stream]
	switch {
	case reached && entry == nil:
		return nil
	case reached:
		future := entry.times()
		if times.OpensAt.IsZero() {
			future.ClosesAt = time.Time{}
		} else {
			future.OpensAt = time.Time{}
		}
		entry.setTimes(future)
	default:
		future, err := futureTimes(e, times)
		if err != nil {
			return err
		}
		if entry == nil && future.IsZero() {
			return nil
		}
		if entry == nil {
			entry = d.add(e.Stream)
		}
		entry.setTimes(future)
	}
	d.changed(entry)
	if entry.idle() {
		return nil
	}
	d.expect(entry, entry.bound())
	return nil
}

// futureTimes returns the sale times of a fact that are after the time at which it was decided.
func futureTimes(e *events.Recorded, times events.SaleTimes) (events.SaleTimes, error) {
	if times.IsZero() {
		return times, nil
	}
	decided, err := events.DecidedAt(e.Metadata)
	if err != nil {
		return times, fmt.Errorf("position %d, %s@%d: %w", e.Position, e.Stream, e.Revision, err)
	}
	return times.After(decided), nil
}

// lastTime is the latest time that an int64 of Unix nanoseconds can represent.
var lastTime = time.Unix(0, never)

// bound returns the deadline for the next opening or closing, in Unix nanoseconds. It is one nanosecond earlier,
// because a stream is woken strictly after its deadline.
func (e *deadline) bound() int64 {
	times := e.times()
	next := times.Next()
	if next.IsZero() || !next.Before(lastTime) {
		return never
	}
	return next.UnixNano() - 1
}

// times returns the future opening and closing times.
func (e *deadline) times() events.SaleTimes {
	if e.saleTimes == nil {
		return events.SaleTimes{}
	}
	return *e.saleTimes
}

func (e *deadline) setTimes(times events.SaleTimes) {
	if e.saleTimes = nil; !times.IsZero() {
		e.saleTimes = &times
	}
}
