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
	e.kept = e.stateWith(e.core, e.window)
	if e.kept.window == nil {
		e.kept.window = newKeyWindow()
	}
	e.forget(nil)
	e.status = unloaded
}

// stateWith is the durable state, which c and window have, as a load would return it.
func (e *entity) stateWith(c core.Core, window *keyWindow) *loaded {
	return &loaded{core: c, window: window, revision: e.durable, position: e.position, hash: e.hash,
		latest: e.latest, size: e.saved, replayed: e.unsaved, found: map[CommandID]*found{}}
}

// takeKept returns what a load begins with: the state that was kept, or nothing.
func (e *entity) takeKept() *loaded {
	kept := e.kept
	if kept == nil {
		return &loaded{}
	}
	e.kept = nil
	return kept
}
