package actors

import (
	"sync/atomic"

	"admitone/events"
)

// staleness is how far an entity in memory and its stream have come. They differ where
// several desks share a log.
type staleness struct {
	// known is how many events the entity has taken in that are durable.
	known atomic.Int64
	// seen is how many the desk was told of; written under the shard's lock.
	seen atomic.Int64
}

// behind reports whether another process has appended.
func (o *staleness) behind() bool { return o.seen.Load() > o.known.Load() }

// Observe tells the desk of an event in the log. An entity in memory that does not know of
// it is dropped as soon as nothing is in flight there, and the next to come loads it
// anew. Where several desks share a log, its follower calls this: an entity learns
// of what others have appended when it appends itself, and would until then refuse, and
// show, by what was.
func (d *Desk) Observe(stream events.StreamID, revision events.Revision) {
	s := d.shard(stream)
	s.mu.Lock()
	defer s.mu.Unlock()
	e := s.entries[stream]
	if e == nil {
		return
	}
	e.seen.Store(max(e.seen.Load(), int64(revision)+1))
	if e.behind() && e.inFlight.Load() == 0 {
		d.forget(s, e)
	}
}
