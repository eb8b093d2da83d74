package esdb

import (
	"context"
	"sync"

	"admitone/events"
)

// headReads lets concurrent callers of Head share a read. A read in progress may have been answered
// before an event that the caller has observed, so callers wait for the next one.
type headReads struct {
	mu      sync.Mutex
	running bool      // guarded by mu
	next    *headRead // the next read, nil if no caller waits for it; guarded by mu
}

// headRead is a read for all callers that joined before its start.
type headRead struct {
	done chan struct{} // closed at its end
	head events.Position
	err  error
}

// join returns the read to wait for. If lead is true, the caller must call run.
func (h *headReads) join() (r *headRead, lead bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.next == nil {
		h.next = &headRead{done: make(chan struct{})}
	}
	lead, h.running = !h.running, true
	return h.next, lead
}

// run reads until no caller waits for a read.
func (h *headReads) run(read func() (events.Position, error)) {
	for {
		h.mu.Lock()
		r := h.next
		h.next = nil
		h.running = r != nil
		h.mu.Unlock()
		if r == nil {
			return
		}
		r.head, r.err = read()
		close(r.done)
	}
}

// Head implements events.Store.
func (s *Store) Head(ctx context.Context) (events.Position, error) {
	if err := ctx.Err(); err != nil {
		return 0, err
	}
	if !s.gate.enter() {
		return 0, events.ErrClosed
	}
	defer s.gate.leave()
	r, lead := s.heads.join()
	if lead && s.gate.enter() {
		go func() {
			defer s.gate.leave()
			s.heads.run(func() (events.Position, error) { return s.head(context.Background()) })
		}()
	} else if lead {
		go s.heads.run(func() (events.Position, error) { return 0, events.ErrClosed })
	}
	select {
	case <-r.done:
		s.noteFailure(r.err)
		return r.head, r.err
	case <-ctx.Done():
		return 0, ctx.Err()
	}
}
