package projections

// queued is an element of a [queue].
type queued[E any] interface {
	before(other E) bool
	// place points to the element's index in the queue, -1 if it is not in it.
	place() *int
}

// queue is a [heap.Interface] whose elements store their index.
type queue[E queued[E]] []E

func (q queue[E]) Len() int           { return len(q) }
func (q queue[E]) Less(i, j int) bool { return q[i].before(q[j]) }
func (q queue[E]) Swap(i, j int) {
	q[i], q[j] = q[j], q[i]
	*q[i].place(), *q[j].place() = i, j
}

// Push implements heap.Interface.
func (q *queue[E]) Push(x any) {
	e := x.(E)
	*e.place() = len(*q)
	*q = append(*q, e)
}

// Pop implements heap.Interface.
func (q *queue[E]) Pop() any {
	last := len(*q) - 1
	e := (*q)[last]
	clear((*q)[last:])
	*q = (*q)[:last]
	*e.place() = -1
	return e
}
