package esdb

import (
	"context"
	"errors"
	"sort"
	"sync"
	"time"

	"admitone/events"
)

const (
	// maxTail and maxTailBytes bound the events that a tail retains for its followers.
	maxTail      = 2 * maxInbox
	maxTailBytes = maxInboxBytes
	// A follower counts as being at the end of the log if the last event that it received is younger
	// than tailAge, or if it has received nothing for tailIdle.
	tailAge, tailIdle = 2 * time.Second, time.Second
)

// errJoinsTail ends the separate subscription of a follower that joins the tail.
var errJoinsTail = errors.New("the follower joins others")

// errBehind means that the tail no longer has the next events of a follower.
var errBehind = errors.New("the tail no longer has the next events")

// tails holds the tail of a store.
type tails struct {
	mu      sync.Mutex
	current *tail // nil without followers; guarded by mu
}

// tail is one subscription for all followers at the end of the log. Otherwise each of them would make
// the node encode, and this process decode, every event once more. A tail retains the newest events,
// so that a follower with a slow handler does not delay the others. If such a follower falls behind
// the retained events, it subscribes separately until it has caught up.
type tail struct {
	cancel context.CancelFunc

	mu        sync.Mutex
	page      []events.Recorded // events after floor; guarded by mu
	bytes     int               // of page; guarded by mu
	floor     events.Position   // guarded by mu
	followers int               // number of followers; guarded by tails.mu
	changed   chan struct{}     // closed at the next change; guarded by mu
	ended     error             // guarded by mu
}

// joinTail makes the follower join the tail if there are other followers, and reports whether it did. It
// starts a tail if there is none.
func (f *follower) joinTail() bool {
	if f.unshared || f.followers.Load() < 2 {
		return false
	}
	f.tails.mu.Lock()
	defer f.tails.mu.Unlock()
	t := f.tails.current
	if t == nil {
		if !f.gate.enter() {
			return false
		}
		ctx, cancel := context.WithCancel(context.Background())
		t = &tail{cancel: cancel, floor: f.last, changed: make(chan struct{})}
		f.tails.current = t
		own := &follower{Store: f.Store, at: f.at, last: f.last, handle: t.add, unshared: true}
		go func() {
			defer f.gate.leave()
			defer cancel()
			f.leave(t, own.follow(ctx))
		}()
	} else if !t.covers(f.last) {
		return false
	}
	t.followers++
	f.tail = t
	return true
}

// covers reports whether the tail has reached a position and retains all events after it.
func (t *tail) covers(last events.Position) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	end := t.floor
	if len(t.page) > 0 {
		end = t.page[len(t.page)-1].Position
	}
	return t.ended == nil && t.floor <= last && last <= end
}

// leave removes a follower from a tail. With an error, it ends the tail.
func (s *Store) leave(t *tail, ended error) {
	s.tails.mu.Lock()
	defer s.tails.mu.Unlock()
	if ended == nil {
		if t.followers--; t.followers > 0 {
			return
		}
		t.cancel()
	}
	if s.tails.current == t {
		s.tails.current = nil
	}
	if ended != nil {
		t.mu.Lock()
		defer t.mu.Unlock()
		t.ended = ended
		close(t.changed)
		t.changed = make(chan struct{})
	}
}

// add retains a page of events for the followers.
func (t *tail) add(page []events.Recorded) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.page = append(t.page, page...)
	for i := range page {
		t.bytes += len(page[i].Data) + len(page[i].Metadata)
	}
	if len(t.page) > maxTail || t.bytes > maxTailBytes {
		t.shorten()
	}
	close(t.changed)
	t.changed = make(chan struct{})
	return nil
}

// shorten drops the older half of the events, and more if the rest is large. The caller holds mu.
func (t *tail) shorten() {
	drop := 0
	for ; drop < len(t.page) && (drop < len(t.page)/2 || t.bytes > maxTailBytes/2); drop++ {
		t.bytes -= len(t.page[drop].Data) + len(t.page[drop].Metadata)
	}
	t.floor = t.page[drop-1].Position
	retained := copy(t.page, t.page[drop:])
	clear(t.page[retained:])
	t.page = t.page[:retained]
}

// eventsAfter returns a copy of at most maxInbox events after a position, and a channel that is closed
// when there are more. Errors: errBehind; the error that has ended the tail.
func (t *tail) eventsAfter(last events.Position, spare []events.Recorded) ([]events.Recorded, <-chan struct{}, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.ended != nil {
		return nil, nil, t.ended
	}
	if last < t.floor {
		return nil, nil, errBehind
	}
	from := sort.Search(len(t.page), func(i int) bool { return t.page[i].Position > last })
	return append(spare[:0], t.page[from:min(len(t.page), from+maxInbox)]...), t.changed, nil
}

// followTail follows the tail until the follower has fallen behind it. Errors: errBehind; the handler's;
// ctx.Err(); the error that has ended the tail.
func (f *follower) followTail(ctx context.Context) error {
	t := f.tail
	f.tail = nil
	defer f.leave(t, nil)
	var page []events.Recorded
	for {
		clear(page) // so that delivered events can be garbage-collected
		var changed <-chan struct{}
		var err error
		if page, changed, err = t.eventsAfter(f.last, page); err != nil {
			return err
		}
		if len(page) == 0 {
			select {
			case <-changed:
				continue
			case <-ctx.Done():
				return ctx.Err()
			}
		}
		if f.failed = f.handle(page); f.failed != nil {
			return f.failed
		}
		f.last = page[len(page)-1].Position
		f.at = logPosition{uint64(f.last), uint64(f.last)}
	}
}

// atEnd reports whether the last event of a page shows that the follower is at the end of the log.
func atEnd(page []events.Recorded) bool {
	return len(page) > 0 && time.Since(page[len(page)-1].Created).Abs() < tailAge
}
