package whatif

import (
	"container/heap"
	"time"
)

// agenda is a heap of planned items, ordered by time and then by number.
type agenda[T any] struct{ heap agendaHeap[T] }

// planned is an item planned for a time.
type planned[T any] struct {
	at     time.Time
	number uint64
	what   T
}

func (a *agenda[T]) len() int { return len(a.heap) }

func (a *agenda[T]) add(at time.Time, number uint64, what T) {
	heap.Push(&a.heap, planned[T]{at, number, what})
}

// hasBefore reports whether something is to happen before a time.
func (a *agenda[T]) hasBefore(at time.Time) bool { return len(a.heap) > 0 && a.heap[0].at.Before(at) }

// take removes the next item. The agenda must not be empty.
func (a *agenda[T]) take() planned[T] { return heap.Pop(&a.heap).(planned[T]) }

// agendaHeap implements [heap.Interface].
type agendaHeap[T any] []planned[T]

func (h agendaHeap[T]) Len() int { return len(h) }
func (h agendaHeap[T]) Less(i, j int) bool {
	if !h[i].at.Equal(h[j].at) {
		return h[i].at.Before(h[j].at)
	}
	return h[i].number < h[j].number
}
func (h agendaHeap[T]) Swap(i, j int) { h[i], h[j] = h[j], h[i] }
func (h *agendaHeap[T]) Push(x any)   { *h = append(*h, x.(planned[T])) }
func (h *agendaHeap[T]) Pop() any {
	last := len(*h) - 1
	x := (*h)[last]
	*h = (*h)[:last]
	return x
}
