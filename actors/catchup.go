package actors

import "admitone/actors/core"

// maxMissing limits the events of other processes that a state is taken forward by. Beyond it, a
// snapshot is read.
const maxMissing = 10_000

// catchUp keeps the state for the next load, which reads only the events that another process has
// appended since. The state depends on durable facts only.
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

// stateWith is the durable state, which c and window have, as a load would return it.
func (e *entity) stateWith(c core.Core, window *keyWindow) *loaded {
	return &loaded{core: c, window: window, revision: e.durable, position: e.position, hash: e.hash,
		latest: e.latest, size: e.saved, replayed: e.unsaved, found: map[CommandID]*found{}}
}

// takeCached returns what a load begins with: the state that was cached, or nothing.
func (e *entity) takeCached() *loaded {
	cached := e.cached
	if cached == nil {
		return &loaded{}
	}
	e.cached = nil
	return cached
}
