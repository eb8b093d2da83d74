package esdb

import (
	"context"
	"sync"

	"admitone/events"
)

// maxInbox and maxInboxBytes bound the events that a follower has received but not handled. When they
// are reached, flow control holds back the node.
const (
	maxInbox      = 4096
	maxInboxBytes = 16 << 20
)

// inbox decouples the receiving goroutine from the handling one, so that a handler gets all events that
// arrived while it was busy.
type inbox struct {
	mu      sync.Mutex
	page    []events.Recorded // guarded by mu
	bytes   int               // guarded by mu
	at      logPosition       // the position reached; guarded by mu
	filled  chan struct{}     // of 1
	emptied chan struct{}     // of 1
}

func newInbox(at logPosition) *inbox {
	return &inbox{at: at, filled: make(chan struct{}, 1), emptied: make(chan struct{}, 1)}
}

// put waits until there is room and adds an event. Error: ctx.Err().
func (b *inbox) put(ctx context.Context, r *events.Recorded) error {
	for {
		b.mu.Lock()
		if len(b.page) < maxInbox && b.bytes < maxInboxBytes {
			break
		}
		b.mu.Unlock()
		select {
		case <-b.emptied:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	b.page = append(b.page, *r)
	b.bytes += len(r.Data) + len(r.Metadata)
	b.at = logPosition{uint64(r.Position), uint64(r.Position)}
	b.mu.Unlock()
	signal(b.filled)
	return nil
}

// pass records that the node has reached at.
func (b *inbox) pass(at logPosition) {
	b.mu.Lock()
	b.at = at
	b.mu.Unlock()
	signal(b.filled)
}

// receive returns the contents and the position reached. spare is reused for the next contents.
func (b *inbox) receive(spare []events.Recorded) ([]events.Recorded, logPosition) {
	b.mu.Lock()
	page := b.page
	b.page, b.bytes = spare[:0], 0
	at := b.at
	b.mu.Unlock()
	signal(b.emptied)
	return page, at
}

// signal wakes a waiter on a channel of capacity 1.
func signal(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}
