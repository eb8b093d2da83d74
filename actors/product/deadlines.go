package product

import (
	"bytes"
	"time"

	"admitone/events"
)

// deadline of one hold, in UnixNano.
type deadline struct {
	at int64
	id events.ID
}

// before orders deadlines by time, and those of one moment by id, so that what
// falls due does not depend on how the heap came about.
func (d deadline) before(other deadline) bool {
	if d.at != other.at {
		return d.at < other.at
	}
	return bytes.Compare(d.id[:], other.id[:]) < 0
}

// slack is how many entries of ended holds are kept whatever the size.
const slack = 1024

// deadlines is a heap of holds by deadline. The entry of a hold that ends early
// stays until it comes up, or until more than half are like that: finding it at
// once would cost every hold more than keeping it.
type deadlines struct {
	heap []deadline
}

func (d *deadlines) add(id events.ID, at int64) {
	d.heap = push(d.heap, deadline{at: at, id: id}, deadline.before)
}

func (d *deadlines) next() time.Time {
	if len(d.heap) == 0 {
		return time.Time{}
	}
	return time.Unix(0, d.heap[0].at).UTC()
}

// tidy drops entries at the top that are not current, so that next tells the
// truth, and all of them when they outnumber the open holds.
func (d *deadlines) tidy(open int, current func(deadline) bool) {
	if len(d.heap) > 2*open+slack {
		kept := make([]deadline, 0, open+slack) // the old array may be that of a million
		for _, entry := range d.heap {
			if current(entry) {
				kept = append(kept, entry)
			}
		}
		d.heap = kept
		d.order()
	}
	for len(d.heap) > 0 && !current(d.heap[0]) {
		d.heap = pop(d.heap, deadline.before)
	}
}

// order makes a heap of entries in any order.
func (d *deadlines) order() {
	for i := len(d.heap)/2 - 1; i >= 0; i-- {
		sink(d.heap, i, deadline.before)
	}
}

// due returns the first current entries that lie before now, at most so many and
// in order, without changing anything: it walks down from the top, always to the
// earliest entry it can see.
func (d *deadlines) due(now time.Time, most int, current func(deadline) bool) []deadline {
	var due []deadline
	var seen []int // a heap of places in d.heap
	earlier := func(a, b int) bool { return d.heap[a].before(d.heap[b]) }
	see := func(i int) {
		if i < len(d.heap) && d.heap[i].at < now.UnixNano() {
			seen = push(seen, i, earlier)
		}
	}
	for see(0); len(seen) > 0 && len(due) < most; {
		i := seen[0]
		seen = pop(seen, earlier)
		see(2*i + 1)
		see(2*i + 2)
		entry := d.heap[i]
		twice := len(due) > 0 && due[len(due)-1] == entry // an id held, released and held again at one moment
		if !twice && current(entry) {
			due = append(due, entry)
		}
	}
	return due
}

// push adds an entry to a binary heap and returns it.
func push[T any](heap []T, entry T, before func(a, b T) bool) []T {
	heap = append(heap, entry)
	for i := len(heap) - 1; i > 0; {
		parent := (i - 1) / 2
		if !before(heap[i], heap[parent]) {
			break
		}
		heap[i], heap[parent] = heap[parent], heap[i]
		i = parent
	}
	return heap
}

// pop takes the first entry away and returns the heap.
func pop[T any](heap []T, before func(a, b T) bool) []T {
	last := len(heap) - 1
	heap[0] = heap[last]
	sink(heap[:last], 0, before)
	return heap[:last]
}

// sink moves entry i down to where it belongs.
func sink[T any](heap []T, i int, before func(a, b T) bool) {
	for {
		child := 2*i + 1
		if child+1 < len(heap) && before(heap[child+1], heap[child]) {
			child++
		}
		if child >= len(heap) || !before(heap[child], heap[i]) {
			return
		}
		heap[i], heap[child] = heap[child], heap[i]
		i = child
	}
}
