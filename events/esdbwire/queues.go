package esdbwire

import (
	"context"
	"sync"

	"admitone/events"
)

// queues serialize the writes to each stream in order of arrival. The zero value is ready to use.
type queues struct {
	mu   sync.Mutex
	last map[events.StreamID]chan struct{} // closed when the last in that queue is done
}

// ticket is a position in a queue.
type ticket struct {
	queues *queues
	stream events.StreamID
	before <-chan struct{} // nil for the first
	done   chan struct{}
}

// join joins the queue of stream, or of the origin of a metadata stream. The caller must call
// leave, even if wait failed.
func (l *queues) join(stream events.StreamID) *ticket {
	if origin, ok := originOf(stream); ok {
		stream = origin
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.last == nil {
		l.last = make(map[events.StreamID]chan struct{})
	}
	p := &ticket{queues: l, stream: stream, before: l.last[stream], done: make(chan struct{})}
	l.last[stream] = p.done
	return p
}

// wait returns when it is p's turn, or ctx's error.
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

// leave lets the next ticket proceed once those before p are done too.
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
