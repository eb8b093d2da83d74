package core

import (
	"bytes"
	"slices"
	"time"

	"admitone/events"
)

// Deadline is the deadline of one hold.
type Deadline struct {
	At int64 // Unix nanoseconds
	ID events.ID
}

// before orders deadlines by time and then by id, so that the order in which they expire does not
// depend on how the heap was built.
func (d Deadline) before(other Deadline) bool {
	if d.At != other.At {
		return d.At < other.At
	}
	return bytes.Compare(d.ID[:], other.ID[:]) < 0
}

// slack is the number of stale entries that are always tolerated, so that small heaps are never
// rebuilt.
const slack = 1024

// Deadlines is a heap of holds by deadline. Deletion is lazy: the entry of a hold that ends early is
// dropped when it reaches the top, or when stale entries outnumber open holds. The zero value is
// empty.
type Deadlines struct {
	heap Heap[Deadline]
}

// Add adds the deadline of a hold.
func (d *Deadlines) Add(id events.ID, at int64) {
	d.heap.Push(Deadline{At: at, ID: id}, Deadline.before)
}

// Next is the earliest deadline, zero for none. It may be stale unless Tidy was called after the
// last change.
func (d *Deadlines) Next() time.Time {
	if len(d.heap) == 0 {
		return time.Time{}
	}
	return time.Unix(0, d.heap[0].At).UTC()
}

// Tidy drops stale entries at the top, so that Next is current, and all stale entries when they
// outnumber the open holds. current reports whether an entry belongs to an open hold.
func (d *Deadlines) Tidy(open int, current func(Deadline) bool) {
	if len(d.heap) > 2*open+slack {
		kept := make([]Deadline, 0, open+slack) // a new array, because the old one may be much larger
		for _, entry := range d.heap {
			if current(entry) {
				kept = append(kept, entry)
			}
		}
		d.heap = kept
		d.Heapify()
	}
	for len(d.heap) > 0 && !current(d.heap[0]) {
		d.heap.Pop(Deadline.before)
	}
}

// Entries returns a copy of all entries, stale ones included, in no order.
func (d *Deadlines) Entries() []Deadline { return slices.Clone(d.heap) }

// Clone returns an independent copy.
func (d *Deadlines) Clone() Deadlines { return Deadlines{heap: slices.Clone(d.heap)} }

// AppendUnordered adds a deadline without restoring the heap order. Call Heapify after the last one.
func (d *Deadlines) AppendUnordered(id events.ID, at int64) {
	d.heap = append(d.heap, Deadline{At: at, ID: id})
}

// Heapify restores the heap order in O(n).
func (d *Deadlines) Heapify() { d.heap.Init(Deadline.before) }

// Due returns up to limit current entries before now, in order, without changing d. It is a
// best-first walk of the heap: O(k log k) for k results and the stale entries among them.
func (d *Deadlines) Due(now time.Time, limit int, current func(Deadline) bool) []Deadline {
	var due []Deadline
	var seen Heap[int] // indexes of d.heap
	earlier := func(a, b int) bool { return d.heap[a].before(d.heap[b]) }
	visit := func(i int) {
		if i < len(d.heap) && d.heap[i].At < now.UnixNano() {
			seen.Push(i, earlier)
		}
	}
	for visit(0); len(seen) > 0 && len(due) < limit; {
		i := seen.Pop(earlier)
		visit(2*i + 1)
		visit(2*i + 2)
		entry := d.heap[i]
		// A hold that was released and made again with the same id and deadline has two equal entries.
		duplicate := len(due) > 0 && due[len(due)-1] == entry
		if !duplicate && current(entry) {
			due = append(due, entry)
		}
	}
	return due
}
