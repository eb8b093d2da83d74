package actors

import (
	"sync/atomic"

	"admitone/events"
)

// staleness compares an entity in memory with its stream. They may differ if several desks share a log.
type staleness struct {
	// known is the number of durable events that the entity has applied.
	known atomic.Int64
	// claimed is the number of durable events once the append in flight has succeeded. Events up to it
	// count as this desk's own, even if the follower sees them before the append is answered.
	claimed atomic.Int64
	// seen is the number of events that the follower has seen; written under the shard's lock.
	seen atomic.Int64
}

// behind reports whether the follower has seen events that the entity has not applied.
func (s *staleness) behind() bool { return s.seen.Load() > s.known.Load() }

// outdated reports whether the state lacks events of another process, and no append of this desk is in
// flight whose conflict would reveal that.
func (e *entity) outdated() bool {
	return e.writing == nil && e.next == nil && e.entry.behind()
}

// Observe notifies the desk of an event in the log. An entity in memory that lacks the event reads it
// before the next use. The follower of a shared log calls Observe; without it, an entity would notice
// the appends of other processes only on its own next append, and answer from stale state until then.
func (d *Desk) Observe(stream events.StreamID, revision events.Revision) {
	s := d.shard(stream)
	s.mu.Lock()
	defer s.mu.Unlock()
	e := s.entries[stream]
	if e == nil {
		return
	}
	e.seen.Store(max(e.seen.Load(), int64(revision)+1))
	if !e.behind() {
		return
	}
	if int64(revision)+1 > e.claimed.Load() {
		e.recordRival()
		e.endPause(e.pause.Load())
	}
}
