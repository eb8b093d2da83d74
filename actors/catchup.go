package actors

import "admitone/actors/core"

// maxMissing is the maximum number of missing events that are read and applied to the state in memory.
// If more are missing, the entity is loaded from a snapshot.
const maxMissing = 10_000

// catchUp keeps the state for the next load, which then reads only the events that another process
// has appended. All facts in the state must be durable.
func (e *entity) catchUp() {
	if e.entry.seen.Load()-e.entry.known.Load() > maxMissing {
		e.startOver(nil)
		return
	}
	e.cached = e.stateWith(e.core, e.window)
	if e.cached.window == nil {
		e.cached.window = newKeyWindow()
	}
	e.forget(nil)
	e.status = unloaded
}

// stateWith returns the durable state, given as c and window, in the form that a load returns.
func (e *entity) stateWith(c core.Core, window *keyWindow) *loaded {
	return &loaded{core: c, window: window, revision: e.durable, position: e.position, hash: e.hash,
		latest: e.latest, size: e.saved, replayed: e.unsaved, found: map[CommandID]*found{}}
}

// takeCached removes and returns the cached state, or an empty result if there is none.
func (e *entity) takeCached() *loaded {
	cached := e.cached
	if cached == nil {
		return &loaded{}
	}
	e.cached = nil
	return cached
}
