package cursor

import (
	"slices"
	"strings"
	"time"

	"admitone/actors/core"
	"admitone/events"
)

// maxHeldBytes bounds the bytes of events that a window keeps; the others are read again when they are
// started.
const maxHeldBytes = 1 << 20

// item is an event with work.
type item struct {
	// before is the place in the log directly before the event.
	before   place
	position events.Position
	stream   events.StreamID
	revision events.Revision
	event    *events.Recorded // nil if it must be read again
	size     int              // of event

	next *item // the next of its stream in the window, if any
	done bool
	// due is the earliest time of the next attempt.
	due       time.Time
	failures  int64
	since     time.Time // time of the first failure
	lastError string    // message of the last attempt's error
}

// less reports whether the item is attempted before other.
func (it *item) less(other *item) bool {
	if !it.due.Equal(other.due) {
		return it.due.Before(other.due)
	}
	return it.position < other.position
}

// place is a position in the log, with the last event up to it that this system appended.
type place struct {
	position events.Position
	mark     events.CursorMark
}

// after returns the place after an event.
func (p place) after(e *events.Recorded) place {
	p.position = e.Position
	if mark, ok := markOf(e); ok {
		p.mark = mark
	}
	return p
}

// markOf returns the mark of an event; ok is false if copies of the log may lack the event.
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
	// doneCount counts the items that are done. If dropDone, they are removed from the middle, too.
	doneCount int
	dropDone  bool
	// last has the last item of each stream with unfinished items.
	last map[events.StreamID]*item
	// ready has the first unfinished item of each stream, unless it is in progress.
	ready     core.Heap[*item]
	readTo    place // of the last event read
	running   int
	heldBytes int // bytes of events
	// failed is the failure in the cursor, until the event that it concerns is read.
	failed events.CursorFailure
}

// newWindow returns an empty window after the position that the cursor has reached. An event that
// had failed keeps its number of failures, but is retried at once.
func newWindow(schedule []time.Duration, at events.CursorMoved) *window {
	return &window{schedule: schedule, last: map[events.StreamID]*item{}, readTo: place{at.Reached, at.CursorMark},
		failed: at.CursorFailure}
}

// add adds the next event of the log that has work.
func (w *window) add(e *events.Recorded, now time.Time) {
	// The clone does not retain the page from which it was read.
	stream := events.StreamID(strings.Clone(string(e.Stream)))
	w.readTo.mark.Stream = events.StreamID(strings.Clone(string(w.readTo.mark.Stream)))
	it := &item{before: w.readTo, position: e.Position, stream: stream, revision: e.Revision, due: now}
	if size := len(e.Data) + len(e.Metadata); w.heldBytes+size <= maxHeldBytes {
		event := *e
		event.Fact = nil // the encoded data are enough
		it.event, it.size = &event, size
		w.heldBytes += size
	}
	if w.failed.Failing == e.Position {
		it.failures, it.since, it.lastError = w.failed.Failures, w.failed.Since, w.failed.Error
	}
	w.readTo = w.readTo.after(e)
	w.items = append(w.items, it)
	if before := w.last[stream]; before != nil {
		before.next = it
	} else {
		w.ready.Push(it, (*item).less)
	}
	w.last[stream] = it
}

// skip records that the next event of the log has no work.
func (w *window) skip(e *events.Recorded) { w.readTo = w.readTo.after(e) }

// start takes the next item to work on, nil if none is due.
func (w *window) start(now time.Time) *item {
	if len(w.ready) == 0 || w.ready[0].due.After(now) {
		return nil
	}
	w.running++
	return w.ready.Pop((*item).less)
}

// finish records that the work of a started item is done.
func (w *window) finish(it *item) {
	w.running--
	w.release(it)
	it.done = true
	if it.next != nil {
		w.ready.Push(it.next, (*item).less)
		it.next = nil
	} else {
		delete(w.last, it.stream)
	}
	w.doneCount++
	for len(w.items) > 0 && w.items[0].done {
		w.items[0] = nil
		w.items, w.doneCount = w.items[1:], w.doneCount-1
	}
	if w.doneCount > len(w.items)/2 {
		w.compact()
	}
}

// compact removes the items that are done, if dropDone.
func (w *window) compact() {
	if w.dropDone && w.doneCount > 0 {
		w.items = slices.DeleteFunc(w.items, func(it *item) bool { return it.done })
		w.doneCount = 0
	}
}

// fail records that the work of a started item has failed.
func (w *window) fail(it *item, now time.Time, message string) {
	w.release(it) // the retry may be hours later
	if it.failures == 0 {
		it.since = now
	}
	it.failures++
	it.lastError = message
	w.requeue(it, now.Add(w.schedule[min(int(it.failures), len(w.schedule))-1]))
}

// requeue makes a started item due again at a time.
func (w *window) requeue(it *item, due time.Time) {
	w.running--
	it.due = due
	w.ready.Push(it, (*item).less)
}

// release drops the bytes of an item's event.
func (w *window) release(it *item) {
	w.heldBytes -= it.size
	it.event, it.size = nil, 0
}

// reached returns the place up to which all work is done.
func (w *window) reached() place {
	if len(w.items) > 0 {
		return w.items[0].before
	}
	return w.readTo
}

// failure returns the failure of the item that has failed longest, zero if none has failed.
func (w *window) failure() (longest events.CursorFailure) {
	for _, it := range w.items {
		if it.done || it.failures == 0 || longest.Failing != 0 && !it.since.Before(longest.Since) {
			continue
		}
		longest = events.CursorFailure{Failing: it.position, Failures: it.failures, Since: it.since,
			Error: it.lastError}
	}
	return longest
}

// due returns the time at which the next item may be started; ok is false without one.
func (w *window) due() (at time.Time, ok bool) {
	if len(w.ready) == 0 {
		return time.Time{}, false
	}
	return w.ready[0].due, true
}
