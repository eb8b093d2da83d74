package whatif

import (
	"time"

	"admitone/actors/core"
)

// agenda is a heap of scheduled items, ordered by time and then by number.
type agenda[T any] struct{ heap core.Heap[planned[T]] }

// planned is an item scheduled for a time.
type planned[T any] struct {
	at     time.Time
	number uint64
	what   T
}

// before orders by time and then by number.
func (p planned[T]) before(other planned[T]) bool {
	if !p.at.Equal(other.at) {
		return p.at.Before(other.at)
	}
	return p.number < other.number
}

func (a *agenda[T]) len() int { return len(a.heap) }

func (a *agenda[T]) add(at time.Time, number uint64, what T) {
	a.heap.Push(planned[T]{at, number, what}, planned[T].before)
}

// hasBefore reports whether an item is scheduled before a time.
func (a *agenda[T]) hasBefore(at time.Time) bool { return len(a.heap) > 0 && a.heap[0].at.Before(at) }

// take removes the next item. The agenda must not be empty.
func (a *agenda[T]) take() planned[T] { return a.heap.Pop(planned[T].before) }
