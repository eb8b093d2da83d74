package esdbwire

import (
	"context"
	"sync"

	"admitone/events"
)

// queues serialize the writes to each stream in order of arrival. The zero value is ready to use.
type queues struct {
	mu   sync.Mutex
	last map[events.StreamID]chan struct{} // done of the last ticket in each queue; guarded by mu
}

// ticket is a position in a queue.
type ticket struct {
	queues *queues
	stream events.StreamID
	before <-chan struct{} // closed when the previous ticket is done; nil for the first ticket
	done   chan struct{}   // closed when this ticket is done
}

// join joins the queue of stream, or of the origin of a metadata stream. The caller must call
// leave, even if wait failed.
func (q *queues) join(stream events.StreamID) *ticket {
	if origin, ok := originOf(stream); ok {
		stream = origin
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.last == nil {
		q.last = make(map[events.StreamID]chan struct{})
	}
	p := &ticket{queues: q, stream: stream, before: q.last[stream], done: make(chan struct{})}
	q.last[stream] = p.done
	return p
}

// wait waits for p's turn. Error: ctx.Err().
func (p *ticket) wait(ctx context.Context) error {
	if p.before == nil {
		return nil
	}
	select {
	case <-p.before:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// leave lets the next ticket proceed as soon as the tickets before p are done too.
func (p *ticket) leave() {
	select {
	case <-p.before:
	default:
		if p.before != nil { // wait was abandoned
			go func() { <-p.before; p.leave() }()
			return
		}
	}
	p.queues.mu.Lock()
	if p.queues.last[p.stream] == p.done {
		delete(p.queues.last, p.stream)
	}
	p.queues.mu.Unlock()
	close(p.done)
}
