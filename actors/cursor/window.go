package cursor

import (
	"container/heap"
	"strings"
	"time"

	"admitone/events"
)

// maxHeld bounds the bytes of events that a window keeps; the others are read again when it is
// their turn.
const maxHeld = 1 << 20

// item is an event that there is work for.
type item struct {
	// before is the position of the event before it in the log.
	before, position events.Position
	stream           events.StreamID
	revision         events.Revision
	event            *events.Recorded // nil if it is to be read again
	size             int              // of event

	next *item // the one behind it in its stream, if that is in the window
	done bool
	// due is when to try it, or since when it waits for its turn.
	due      time.Time
	failures int64
	since    time.Time // of the first failure
	fault    string    // of the last
}

// window is the part of the log between the first event whose work is not done and the last one
// that was read. It decides what is done when.
type window struct {
	schedule []time.Duration
	// items in the order of the log; the first is not done.
	items []*item
	// last is the last item of each stream that has items which are not done.
	last map[events.StreamID]*item
	// ready has the first such item of each stream, unless it is being worked on.
	ready   queue
	read    events.Position // up to which the log was read
	running int
	held    int // bytes of events
	// failed is what the cursor says of a failure, for the event that it is about.
	failed events.CursorFailure
}

// newWindow returns an empty window behind what the cursor has reached. An event that had failed
// goes on with its number of failures, but is tried at once.
func newWindow(schedule []time.Duration, at events.CursorMoved) *window {
	return &window{schedule: schedule, last: map[events.StreamID]*item{}, read: at.Reached, failed: at.CursorFailure}
}

// add takes in the next event of the log that there is work for.
func (w *window) add(e *events.Recorded, now time.Time) {
	// A clone does not keep what it was read from.
	stream := events.StreamID(strings.Clone(string(e.Stream)))
	it := &item{before: w.read, position: e.Position, stream: stream, revision: e.Revision, due: now}
	if size := len(e.Data) + len(e.Metadata); w.held+size <= maxHeld {
		event := *e
		event.Fact = nil // its data are enough
		it.event, it.size = &event, size
		w.held += size
	}
	if w.failed.Failing == e.Position {
		it.failures, it.since, it.fault = w.failed.Failures, w.failed.Since, w.failed.Error
	}
	w.read = e.Position
	w.items = append(w.items, it)
	if before := w.last[stream]; before != nil {
		before.next = it
	} else {
		heap.Push(&w.ready, it)
	}
	w.last[stream] = it
}

// skip takes in the next event of the log if there is no work for it.
func (w *window) skip(e *events.Recorded) { w.read = e.Position }

// start returns the next item to work on, nil if there is none yet.
func (w *window) start(now time.Time) *item {
	if len(w.ready) == 0 || w.ready[0].due.After(now) {
		return nil
	}
	w.running++
	return heap.Pop(&w.ready).(*item)
}

// finish notes that the work of a started item is done.
func (w *window) finish(it *item) {
	w.running--
	w.release(it)
	it.done = true
	if it.next != nil {
		heap.Push(&w.ready, it.next)
		it.next = nil
	} else {
		delete(w.last, it.stream)
	}
	for len(w.items) > 0 && w.items[0].done {
		w.items[0] = nil
		w.items = w.items[1:]
	}
}

// fail notes that the work of a started item has failed.
func (w *window) fail(it *item, now time.Time, fault string) {
	w.release(it) // it may take hours
	if it.failures == 0 {
		it.since = now
	}
	it.failures++
	it.fault = fault
	w.putBack(it, now.Add(w.schedule[min(int(it.failures), len(w.schedule))-1]))
}

// putBack notes that a started item is to be tried at a time.
func (w *window) putBack(it *item, due time.Time) {
	w.running--
	it.due = due
	heap.Push(&w.ready, it)
}

// release forgets the bytes of an item's event.
func (w *window) release(it *item) {
	w.held -= it.size
	it.event, it.size = nil, 0
}

// reached is the position up to which all work is done.
func (w *window) reached() events.Position {
	if len(w.items) > 0 {
		return w.items[0].before
	}
	return w.read
}

// failure is that of the item that has failed longest, zero if none fails.
func (w *window) failure() (longest events.CursorFailure) {
	for _, it := range w.items {
		if it.done || it.failures == 0 || longest.Failing != 0 && !it.since.Before(longest.Since) {
			continue
		}
		longest = events.CursorFailure{Failing: it.position, Failures: it.failures, Since: it.since, Error: it.fault}
	}
	return longest
}

// due is when the next item may be started; ok is false if there is none.
func (w *window) due() (at time.Time, ok bool) {
	if len(w.ready) == 0 {
		return time.Time{}, false
	}
	return w.ready[0].due, true
}

// queue is a heap of items: those that are due first, and of those the first in the log.
type queue []*item

func (q queue) Len() int { return len(q) }
func (q queue) Less(i, j int) bool {
	if !q[i].due.Equal(q[j].due) {
		return q[i].due.Before(q[j].due)
	}
	return q[i].position < q[j].position
}
func (q queue) Swap(i, j int) { q[i], q[j] = q[j], q[i] }

// Push is for container/heap.
func (q *queue) Push(x any) { *q = append(*q, x.(*item)) }

// Pop is for container/heap.
func (q *queue) Pop() any {
	last := len(*q) - 1
	it := (*q)[last]
	(*q)[last] = nil
	*q = (*q)[:last]
	return it
}
