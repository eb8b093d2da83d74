package actors

import (
	"math/rand/v2"
	"sync/atomic"
	"time"

	"admitone/actors/core"
	"admitone/events"
)

// Several processes may append to one stream. Every append can fail then because another one was
// first, and the loser has to read before it can try again, so that without any rule the winner wins
// on. While another process is about, therefore:
//   - after each of its batches an entity pauses until the other has appended, for a few times the
//     duration of an append at most;
//   - it decides nothing during an append or a pause: that would rest on a state about to change;
//   - it keeps a copy of the durable state, so that it reads only what it has missed after a conflict.

const (
	// rivalFor is how long an entity behaves like that after another process was seen appending to its
	// stream.
	rivalFor = 5 * time.Second
	// A pause lasts from two to four times as long as the append before it, and at least and at most so
	// long. The other process needs a read and an append.
	leastPause, mostPause = 2 * time.Millisecond, 100 * time.Millisecond
)

// rivals records the appends of another process to a stream.
type rivals struct {
	// metAt is when the last one was seen, in Unix nanoseconds; 0 if never.
	metAt atomic.Int64
	// pause is the number of the pause in progress, 0 if there is none.
	pause atomic.Int64
}

func (r *rivals) saw() { r.metAt.Store(time.Now().UnixNano()) }

func (r *rivals) active() bool {
	met := r.metAt.Load()
	return met != 0 && time.Since(time.Unix(0, met)) < rivalFor
}

func (r *rivals) pausing() bool { return r.pause.Load() != 0 }

// rested ends the pause of an entity.
type rested struct{}

// endPause ends a pause, unless it has ended.
func (e *entry) endPause(number int64) {
	if number != 0 && e.pause.CompareAndSwap(number, 0) {
		e.post(rested{})
	}
}

// makeRoom begins a pause if another process appends to this stream too. took is the duration of the
// append before.
func (e *entity) makeRoom(took time.Duration) {
	e.copied = nil
	if !e.entry.active() {
		return
	}
	e.pauses++
	number := e.pauses
	e.entry.pause.Store(number)
	took = min(max(took, leastPause/2), mostPause/4)
	time.AfterFunc(2*took+rand.N(2*took), func() { e.entry.endPause(number) })
}

// goOn continues after a pause, on what the other process has appended meanwhile.
func (e *entity) goOn() {
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

// yields reports whether commands wait for the end of an append or of a pause.
func (e *entity) yields() bool {
	return e.entry.active() && (e.writing != nil || e.entry.pausing())
}

// keepCopy copies the state if it is durable and another process is about.
func (e *entity) keepCopy() {
	if !e.entry.active() || e.writing != nil || e.next != nil || e.copied != nil && e.copied.revision == e.durable {
		return
	}
	if c, ok := e.core.(core.Cloner); ok {
		e.copied = e.stateWith(c.Clone(), e.window.clone())
	}
}

// restoreCopy makes the next load begin with the copy, if that is of a revision.
func (e *entity) restoreCopy(revision events.Revision) {
	if e.copied != nil && e.copied.revision == revision {
		e.kept = e.copied
	}
	e.copied = nil
}
