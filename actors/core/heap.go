package core

// Heap is a binary heap, with its least entry first. Every call must pass the same order as before.
// The zero value is empty.
type Heap[T any] []T

// Push adds an entry.
func (h *Heap[T]) Push(entry T, before func(a, b T) bool) {
	heap := append(*h, entry)
	*h = heap
	for i := len(heap) - 1; i > 0; {
		parent := (i - 1) / 2
		if !before(heap[i], heap[parent]) {
			return
		}
		heap[i], heap[parent] = heap[parent], heap[i]
		i = parent
	}
}

// Pop removes and returns the first entry. The heap must not be empty.
func (h *Heap[T]) Pop(before func(a, b T) bool) T {
	heap := *h
	first, last := heap[0], len(heap)-1
	heap[0] = heap[last]
	clear(heap[last:]) // so that the array does not retain the entry
	*h = heap[:last]
	h.sink(0, before)
	return first
}

// Init restores the order of a heap that was filled by append, in O(n).
func (h *Heap[T]) Init(before func(a, b T) bool) {
	for i := len(*h)/2 - 1; i >= 0; i-- {
		h.sink(i, before)
	}
}

// sink moves entry i down to its place.
func (h *Heap[T]) sink(i int, before func(a, b T) bool) {
	heap := *h
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
