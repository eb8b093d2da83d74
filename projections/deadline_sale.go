package projections

import (
	"fmt"
	"time"

	"admitone/events"
)

// foldSale takes in a fact that states the bounds of a sale, or records that one was reached.
func (d *deadlines) foldSale(e *events.Recorded, fact events.Scheduled) error {
	times, reached := fact.Schedule()
	d.mu.Lock()
	defer d.mu.Unlock()
	entry := d.streams[e.Stream]
	if entry == nil && (reached || times.IsZero()) {
		return nil
	}
	if !reached && !times.IsZero() {
		decided, err := events.DecidedAt(e.Metadata)
		if err != nil {
			return fmt.Errorf("position %d, %s@%d: %w", e.Position, e.Stream, e.Revision, err)
		}
		if times = times.After(decided); entry == nil && times.IsZero() {
			return nil
		}
	}
	if entry == nil {
		entry = d.add(e.Stream)
	}
	switch {
	case !reached:
		entry.ahead = times
	case !times.OpensAt.IsZero():
		entry.ahead.OpensAt = time.Time{}
	default:
		entry.ahead.ClosesAt = time.Time{}
	}
	if d.changed(entry); !entry.idle() {
		d.expect(entry, entry.bound())
	}
	return nil
}

// lastTime is the last moment that Unix nanoseconds can tell.
var lastTime = time.Unix(0, never)

// bound is the deadline that the next bound of the sale comes to: the last moment before it, since
// a stream is woken behind its deadline.
func (e *deadline) bound() int64 {
	next := e.ahead.Next()
	if next.IsZero() || !next.Before(lastTime) {
		return never
	}
	return next.UnixNano() - 1
}
