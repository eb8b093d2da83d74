package actors

import (
	"time"

	"admitone/actors/core"
	"admitone/events"
)

// now is the time of the next decision. It never decreases along a stream, even if the clocks of
// its writers differ.
func (e *entity) now() time.Time { return later(e.desk.now(), e.latest) }

func later(a, b time.Time) time.Time {
	if a.Before(b) {
		return b
	}
	return a
}

// stale reports whether a request depends on a revision that is no longer current.
func (e *entity) stale(r *Request) bool {
	switch {
	case e.revision == events.NoStream:
		return false
	case r.IfRevision != nil:
		return *r.IfRevision != e.revision
	case r.IfEdited != nil:
		edited, ok := e.core.(core.Edited)
		return !ok || edited.EditRevision() != *r.IfEdited
	}
	return false
}
