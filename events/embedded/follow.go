package embedded

import (
	"context"
	"sync"

	"admitone/events"
)

const (
	// tailEvents and tailBytes bound the tail.
	tailEvents = 16384
	tailBytes  = 32 << 20
	// tailCopy is the largest number of events that a follower copies from the tail while it holds the lock.
	tailCopy = 512
	// followPage is the largest number of events that a follower reads from disk per page.
	followPage = 1024
	// followBytes bounds both kinds of pages: the event with which a page reaches it is the last. A stalled follower
	// holds one page in memory.
	followBytes = 256 << 10
)

// tail has the newest events, which the committer adds and followers copy.
type tail struct {
	mu      sync.Mutex        // guards the fields below
	ring    []events.Recorded // the event at position p is in ring[p%tailEvents]
	from    events.Position   // the oldest position in the ring; next if it is empty
	next    events.Position   // the position after the newest durable event
	bytes   int               // the size of data and metadata in the ring
	changed chan struct{}     // closed when next changes; nil if nobody waits
	active  int               // the number of followers
}

func newTail(head events.Position) *tail {
	return &tail{ring: make([]events.Recorded, tailEvents), from: head + 1, next: head + 1}
}

// publish adds events that have become durable. It does not wait for followers, which hold the lock only to copy.
func (t *tail) publish(appends []placedAppend, created int64) {
	if len(appends) == 0 {
		return
	}
	at := timeOf(created)
	for i := range appends {
		t.mu.Lock()
		a := &appends[i]
		for j := range a.batch {
			e := &a.batch[j]
			if t.next-t.from == tailEvents {
				t.drop()
			}
			slot := &t.ring[t.next%tailEvents]
			slot.Event = *e
			t.bytes += weight(slot)
			slot.Stream = a.stream
			slot.Revision = a.first + events.Revision(j)
			slot.Position = t.next
			slot.Created = at
			t.next++
			for t.bytes > tailBytes {
				t.drop()
			}
		}
		if t.changed != nil {
			close(t.changed)
			t.changed = nil
		}
		t.mu.Unlock()
	}
}

// drop removes the oldest event. t.mu must be held.
func (t *tail) drop() {
	slot := &t.ring[t.from%tailEvents]
	t.bytes -= weight(slot)
	*slot = events.Recorded{}
	t.from++
}

// read appends events at positions above after to page. If there are none yet, it returns a channel that is closed
// when there are. If it does neither, the tail no longer has them.
func (t *tail) read(after events.Position, page []events.Recorded) ([]events.Recorded, <-chan struct{}) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if after+1 >= t.next {
		if t.changed == nil {
			t.changed = make(chan struct{})
		}
		return page, t.changed
	}
	if after+1 < t.from {
		return page, nil
	}
	bytes := 0
	for p := after + 1; p < t.next && len(page) < tailCopy && bytes < followBytes; p++ {
		page = append(page, t.ring[p%tailEvents])
		bytes += weight(&page[len(page)-1])
	}
	return page, nil
}

// weight returns the size of an event in bytes, for the bounds of pages and the tail.
func weight(e *events.Recorded) int { return len(e.Data) + len(e.Metadata) }

func (t *tail) addFollowers(n int) {
	t.mu.Lock()
	t.active += n
	t.mu.Unlock()
}

func (t *tail) followers() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.active
}

// Follow implements events.Store. Pages have at most 1,024 events, and little more than 256 KiB unless a single event
// is larger.
func (s *Store) Follow(ctx context.Context, after events.Position, handle func([]events.Recorded) error) error {
	if !s.gate.enter() {
		return events.ErrClosed
	}
	defer s.gate.leave()
	s.tail.addFollowers(1)
	defer s.tail.addFollowers(-1)
	var page []events.Recorded
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		select {
		case <-s.closing:
			return events.ErrClosed
		default:
		}
		clear(page) // do not keep delivered events alive
		var changed <-chan struct{}
		page, changed = s.tail.read(after, page[:0])
		if changed != nil {
			select {
			case <-changed:
			case <-ctx.Done():
			case <-s.closing:
			}
			continue
		}
		if len(page) == 0 {
			var err error
			if page, err = s.readAll(ctx, page, after, events.Forward, followPage, followBytes); err != nil {
				return err
			}
		}
		after = page[len(page)-1].Position
		if err := handle(page); err != nil {
			return err
		}
	}
}
