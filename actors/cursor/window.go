package cursor

import (
	"slices"
	"strings"
	"time"

	"admitone/actors/core"
	"admitone/events"
)

// maxHeld bounds the bytes of events that a window keeps; the others are read again when they are
// started.
const maxHeld = 1 << 20

// item is an event with work.
type item struct {
	// before is the place up to which the log had been read before it.
	before   place
	position events.Position
	stream   events.StreamID
	revision events.Revision
	event    *events.Recorded // nil if it must be read again
	size     int              // of event

	next *item // the next of its stream in the window, if any
	done bool
	// due is the time of the next attempt, or since when it has waited for its turn.
	due      time.Time
	failures int64
	since    time.Time // time of the first failure
	fault    string    // error of the last attempt
}

// sooner orders by due time and then by position.
func (it *item) sooner(other *item) bool {
	if !it.due.Equal(other.due) {
		return it.due.Before(other.due)
	}
	return it.position < other.position
}

// place is a place in the log: a position, and the last event of this system up to there.
type place struct {
	position events.Position
	mark     events.CursorMark
}

// beyond returns the place after an event.
func (p place) beyond(e *events.Recorded) place {
	p.position = e.Position
	if mark, ok := markOf(e); ok {
		p.mark = mark
	}
	return p
}

// markOf returns the mark of an event that every copy of the log has.
func markOf(e *events.Recorded) (mark events.CursorMark, ok bool) {
	if e.Stream.Internal() || !events.Sealed(e.Metadata) {
		return mark, false
	}
	return events.CursorMark{Stream: e.Stream, Revision: e.Revision}, true
}

// window is the part of the log from the first event whose work is not done to the last one read.
// It schedules the work.
type window struct {
	schedule []time.Duration
	// items are in the order of the log; the first is not done.
	items []*item
	// done counts the items that are, which are removed from the middle if forgets.
	done    int
	forgets bool
	// last is the last item of each stream that has items which are not done.
	last map[events.StreamID]*item
	// ready has the first unfinished item of each stream, unless it is in progress.
	ready   core.Heap[*item]
	read    place // up to which the log was read
	running int
	held    int // bytes of events
	// failed is the failure in the cursor, until the event that it concerns is read.
	failed events.CursorFailure
}

// newWindow returns an empty window after the position that the cursor has reached. An event that
// had failed keeps its number of failures, but is retried at once.
func newWindow(schedule []time.Duration, at events.CursorMoved) *window {
	return &window{schedule: schedule, last: map[events.StreamID]*item{}, read: place{at.Reached, at.CursorMark},
		failed: at.CursorFailure}
}

// add adds the next event of the log that has work.
func (w *window) add(e *events.Recorded, now time.Time) {
	// The clone does not retain the page from which it was read.
	stream := events.StreamID(strings.Clone(string(e.Stream)))
	w.read.mark.Stream = events.StreamID(strings.Clone(string(w.read.mark.Stream)))
	it := &item{before: w.read, position: e.Position, stream: stream, revision: e.Revision, due: now}
	if size := len(e.Data) + len(e.Metadata); w.held+size <= maxHeld {
		event := *e
		event.Fact = nil // the encoded data are enough
		it.event, it.size = &event, size
		w.held += size
	}
	if w.failed.Failing == e.Position {
		it.failures, it.since, it.fault = w.failed.Failures, w.failed.Since, w.failed.Error
	}
	w.read = w.read.beyond(e)
	w.items = append(w.items, it)
	if before := w.last[stream]; before != nil {
		before.next = it
	} else {
		w.ready.Push(it, (*item).sooner)
	}
	w.last[stream] = it
}

// skip passes the next event of the log, which has no work.
func (w *window) skip(e *events.Recorded) { w.read = w.read.beyond(e) }

// start returns the next item to work on, nil if none is due.
func (w *window) start(now time.Time) *item {
	if len(w.ready) == 0 || w.ready[0].due.After(now) {
		return nil
	}
	w.running++
	return w.ready.Pop((*item).sooner)
}

// finish records that the work of a started item is done.
func (w *window) finish(it *item) {
	w.running--
	w.release(it)
	it.done = true
	if it.next != nil {
		w.ready.Push(it.next, (*item).sooner)
		it.next = nil
	} else {
		delete(w.last, it.stream)
	}
	w.done++
	for len(w.items) > 0 && w.items[0].done {
		w.items[0] = nil
		w.items, w.done = w.items[1:], w.done-1
	}
	if w.done > len(w.items)/2 {
		w.compact()
	}
}

// compact removes the items that are done, if the window forgets them.
func (w *window) compact() {
	if w.forgets && w.done > 0 {
		w.items = slices.DeleteFunc(w.items, func(it *item) bool { return it.done })
		w.done = 0
	}
}

// fail records that the work of a started item has failed.
func (w *window) fail(it *item, now time.Time, fault string) {
	w.release(it) // the retry may be hours away
	if it.failures == 0 {
		it.since = now
	}
	it.failures++
	it.fault = fault
	w.putBack(it, now.Add(w.schedule[min(int(it.failures), len(w.schedule))-1]))
}

// putBack makes a started item due again at a time.
func (w *window) putBack(it *item, due time.Time) {
	w.running--
	it.due = due
	w.ready.Push(it, (*item).sooner)
}

// release drops the bytes of an item's event.
func (w *window) release(it *item) {
	w.held -= it.size
	it.event, it.size = nil, 0
}

// reached is the place up to which all work is done.
func (w *window) reached() place {
	if len(w.items) > 0 {
		return w.items[0].before
	}
	return w.read
}

// failure is the failure of the item that has failed longest, zero if none fails.
func (w *window) failure() (longest events.CursorFailure) {
	for _, it := range w.items {
		if it.done || it.failures == 0 || longest.Failing != 0 && !it.since.Before(longest.Since) {
			continue
		}
		longest = events.CursorFailure{Failing: it.position, Failures: it.failures, Since: it.since, Error: it.fault}
	}
	return longest
}

// due is the time at which the next item may be started; ok is false without one.
func (w *window) due() (at time.Time, ok bool) {
	if len(w.ready) == 0 {
		return time.Time{}, false
	}
	return w.ready[0].due, true
}
