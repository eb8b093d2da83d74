package product

import (
	"container/heap"
	"time"

	"admitone/events"
)

// deadline of one hold, in UnixNano.
type deadline struct {
	at int64
	id events.ID
}

// slack is how many entries of ended holds are kept whatever the size.
const slack = 1024

// deadlines is a heap of holds by deadline. The entry of a hold that ends early
// stays until it comes up, or until more than half are like that: finding it at
// once would cost every hold more than keeping it.
type deadlines struct {
	heap deadlineHeap
}

func (d *deadlines) add(id events.ID, at int64) { heap.Push(&d.heap, deadline{at: at, id: id}) }

func (d *deadlines) next() time.Time {
	if len(d.heap) == 0 {
		return time.Time{}
	}
	return time.Unix(0, d.heap[0].at).UTC()
}

// tidy drops entries at the top that are not current, so that next tells the
// truth, and all of them when they outnumber the open holds.
func (d *deadlines) tidy(open int, current func(events.ID, int64) bool) {
	if len(d.heap) > 2*open+slack {
		kept := d.heap[:0]
		for _, entry := range d.heap {
			if current(entry.id, entry.at) {
				kept = append(kept, entry)
			}
		}
		d.heap = kept
		heap.Init(&d.heap)
	}
	for len(d.heap) > 0 && !current(d.heap[0].id, d.heap[0].at) {
		heap.Pop(&d.heap)
	}
}

// due returns up to most current entries that lie before now, without changing
// anything: it walks down from the top as far as entries are due.
func (d *deadlines) due(now time.Time, most int, current func(events.ID, int64) bool) []deadline {
	var due []deadline
	var walk func(i int)
	walk = func(i int) {
		if i >= len(d.heap) || len(due) == most || d.heap[i].at >= now.UnixNano() {
			return
		}
		if current(d.heap[i].id, d.heap[i].at) {
			due = append(due, d.heap[i])
		}
		walk(2*i + 1)
		walk(2*i + 2)
	}
	walk(0)
	return due
}

type deadlineHeap []deadline

func (h deadlineHeap) Len() int           { return len(h) }
func (h deadlineHeap) Less(i, j int) bool { return h[i].at < h[j].at }
func (h deadlineHeap) Swap(i, j int)      { h[i], h[j] = h[j], h[i] }
func (h *deadlineHeap) Push(x any)        { *h = append(*h, x.(deadline)) }
func (h *deadlineHeap) Pop() any {
	old := *h
	last := old[len(old)-1]
	*h = old[:len(old)-1]
	return last
}
