package esdb

import (
	"context"
	"sync"

	"admitone/events"
)

// maxInbox and maxInboxBytes bound what a follower has received and not handled. A
// node holds back what there is no room for.
const (
	maxInbox      = 4096
	maxInboxBytes = 16 << 20
)

// inbox stands between the goroutine that receives and the one that handles, so
// that a handler gets all that has come while it was busy.
type inbox struct {
	mu      sync.Mutex
	page    []events.Recorded // guarded by mu
	bytes   int               // guarded by mu
	at      place             // how far the node has come; guarded by mu
	filled  chan struct{}     // of 1
	emptied chan struct{}     // of 1
}

func newInbox(at place) *inbox {
	return &inbox{at: at, filled: make(chan struct{}, 1), emptied: make(chan struct{}, 1)}
}

// put adds an event when there is room. Error: ctx.Err().
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
	b.at = place{uint64(r.Position), uint64(r.Position)}
	b.mu.Unlock()
	signal(b.filled)
	return nil
}

// pass says that the node has come as far as at.
func (b *inbox) pass(at place) {
	b.mu.Lock()
	b.at = at
	b.mu.Unlock()
	signal(b.filled)
}

// take returns all there is, and how far the node had come then. spare, which is
// overwritten, takes what comes next.
func (b *inbox) take(spare []events.Recorded) ([]events.Recorded, place) {
	b.mu.Lock()
	page := b.page
	b.page, b.bytes = spare[:0], 0
	at := b.at
	b.mu.Unlock()
	signal(b.emptied)
	return page, at
}

// signal wakes whoever waits on a channel of 1.
func signal(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}
