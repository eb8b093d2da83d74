package actors

import (
	"math/rand/v2"
	"sync/atomic"
	"time"

	"admitone/actors/core"
	"admitone/events"
)

// Several processes may append to one stream. If another process appended first, an append fails, and
// its process must read before it tries again. Without further rules it would rarely win, because the
// other process need not read. Therefore, while another process appends to its stream:
//   - an entity pauses after each batch until the other process has appended, for a few times the
//     duration of an append at most;
//   - it decides nothing during an append or a pause, because the state is about to change;
//   - it keeps a copy of the durable state, so that after a conflict it reads only the missing events.

const (
	// rivalFor is how long these rules hold after another process has appended.
	rivalFor = 5 * time.Second
	// A pause lasts two to four times as long as the append before it, within these limits: the other
	// process needs a read and an append.
	minPause, maxPause = 2 * time.Millisecond, 100 * time.Millisecond
)

// rivals records the appends of other processes to a stream.
type rivals struct {
	// lastAppend is the time of the last of them, in Unix nanoseconds; 0 if there was none.
	lastAppend atomic.Int64
	// pause is the number of the pause in progress, 0 if there is none.
	pause atomic.Int64
}

// recordRival records an append of another process.
func (r *rivals) recordRival() { r.lastAppend.Store(time.Now().UnixNano()) }

// contended reports whether another process has appended within rivalFor.
func (r *rivals) contended() bool {
	last := r.lastAppend.Load()
	return last != 0 && time.Since(time.Unix(0, last)) < rivalFor
}

func (r *rivals) pausing() bool { return r.pause.Load() != 0 }

// pauseEnded is the message at the end of a pause.
type pauseEnded struct{}

// endPause ends the pause with a number, unless it has ended already.
func (e *entry) endPause(number int64) {
	if number != 0 && e.pause.CompareAndSwap(number, 0) {
		e.post(pauseEnded{})
	}
}

// beginPause begins a pause if another process appends to this stream too. took is the duration of the
// last append.
func (e *entity) beginPause(took time.Duration) {
	e.copied = nil
	if !e.entry.contended() {
		return
	}
	e.pauses++
	number := e.pauses
	e.entry.pause.Store(number)
	took = min(max(took, minPause/2), maxPause/4)
	time.AfterFunc(2*took+rand.N(2*took), func() { e.entry.endPause(number) })
}

// resume handles the waiting commands after a pause, on a state that includes the observed appends of
// other processes.
func (e *entity) resume() {
	if e.status != ready {
		return
	}
	if e.joined == nil && len(e.stash) > 0 && e.outdated() {
		e.catchUp()
		e.load()
		return
	}
	e.handleStash()
}

// mustWait reports whether commands wait for the end of an append or of a pause.
func (e *entity) mustWait() bool {
	return e.entry.contended() && (e.writing != nil || e.entry.pausing())
}

// keepCopy copies the state if it is durable and another process appends too.
func (e *entity) keepCopy() {
	if !e.entry.contended() || e.writing != nil || e.next != nil || e.copied != nil && e.copied.revision == e.durable {
		return
	}
	if c, ok := e.core.(core.Cloner); ok {
		e.copied = e.stateWith(c.Clone(), e.window.clone())
	}
}

// restoreCopy makes the next load begin with the copied state, if that has this revision.
func (e *entity) restoreCopy(revision events.Revision) {
	if e.copied != nil && e.copied.revision == revision {
		e.cached = e.copied
	}
	e.copied = nil
}
