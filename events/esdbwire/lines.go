package esdbwire

import (
	"context"
	"sync"

	"admitone/events"
)

// lines make writes to one stream wait for each other, first come first served.
// The zero value is ready.
type lines struct {
	mu   sync.Mutex
	last map[events.StreamID]chan struct{} // closed when the last in that line is done
}

// place is one in a line.
type place struct {
	lines  *lines
	stream events.StreamID
	before <-chan struct{} // nil for the first
	done   chan struct{}
}

// join takes a place in the line of stream, or of the stream that it is the
// metadata of. Its owner must leave it, also when it gives up.
func (l *lines) join(stream events.StreamID) *place {
	if origin, ok := originOf(stream); ok {
		stream = origin
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.last == nil {
		l.last = make(map[events.StreamID]chan struct{})
	}
	p := &place{lines: l, stream: stream, before: l.last[stream], done: make(chan struct{})}
	l.last[stream] = p.done
	return p
}

// wait returns when it is p's turn, or ctx's error.
func (p *place) wait(ctx context.Context) error {
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

// leave lets the next one go, once those before p are done too.
func (p *place) leave() {
	select {
	case <-p.before:
	default:
		if p.before != nil { // given up
			go func() { <-p.before; p.leave() }()
			return
		}
	}
	p.lines.mu.Lock()
	if p.lines.last[p.stream] == p.done {
		delete(p.lines.last, p.stream)
	}
	p.lines.mu.Unlock()
	close(p.done)
}
