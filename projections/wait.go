package projections

import (
	"container/heap"
	"context"
	"sync"
	"sync/atomic"

	"admitone/events"
)

// waiters has the pending calls of wait, ordered by position, so that a batch wakes only those that it completes.
type waiters struct {
	applied atomic.Uint64 // the position up to which the views contain the log

	mu    sync.Mutex
	queue queue[*waiter] // by position
	err   error          // set once, by fail
}

type waiter struct {
	pos   events.Position
	index int           // in the queue, -1 if not queued
	done  chan struct{} // closed when pos has been applied, or by fail
}

func (w *waiter) before(other *waiter) bool { return w.pos < other.pos }
func (w *waiter) heapIndex() *int           { return &w.index }

// wait returns when pos has been applied. Errors: ctx.Err(), or the argument of fail.
func (w *waiters) wait(ctx context.Context, pos events.Position) error {
	if events.Position(w.applied.Load()) >= pos {
		return nil
	}
	w.mu.Lock()
	if events.Position(w.applied.Load()) >= pos {
		w.mu.Unlock()
		return nil
	}
	if w.err != nil {
		w.mu.Unlock()
		return w.err
	}
	pending := &waiter{pos: pos, done: make(chan struct{})}
	heap.Push(&w.queue, pending)
	w.mu.Unlock()

	select {
	case <-pending.done:
	case <-ctx.Done():
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if pending.index >= 0 {
		heap.Remove(&w.queue, pending.index)
	}
	switch {
	case events.Position(w.applied.Load()) >= pos:
		return nil
	case w.err != nil:
		return w.err
	}
	return ctx.Err()
}

// advance records that everything up to pos has been applied, and wakes the waiters for it.
func (w *waiters) advance(pos events.Position) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.applied.Store(uint64(pos))
	for len(w.queue) > 0 && w.queue[0].pos <= pos {
		close(heap.Pop(&w.queue).(*waiter).done)
	}
}

// fail ends all waits with err.
func (w *waiters) fail(err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.err == nil {
		w.err = err
	}
	for len(w.queue) > 0 {
		close(heap.Pop(&w.queue).(*waiter).done)
	}
}

// queued is an element of a [queue].
type queued[E any] interface {
	before(other E) bool
	// heapIndex returns a pointer to the element's index in the queue, which is -1 if it is not queued.
	heapIndex() *int
}

// queue is a [heap.Interface] whose elements store their index.
type queue[E queued[E]] []E

func (q queue[E]) Len() int           { return len(q) }
func (q queue[E]) Less(i, j int) bool { return q[i].before(q[j]) }
func (q queue[E]) Swap(i, j int) {
	q[i], q[j] = q[j], q[i]
	*q[i].heapIndex(), *q[j].heapIndex() = i, j
}

// Push implements heap.Interface.
func (q *queue[E]) Push(x any) {
	e := x.(E)
	*e.heapIndex() = len(*q)
	*q = append(*q, e)
}

// Pop implements heap.Interface.
func (q *queue[E]) Pop() any {
	last := len(*q) - 1
	e := (*q)[last]
	clear((*q)[last:])
	*q = (*q)[:last]
	*e.heapIndex() = -1
	return e
}
