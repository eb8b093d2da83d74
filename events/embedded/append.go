package embedded

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"

	"admitone/events"
)

// maxQueue bounds the requests that wait for the committer. If the queue is full, callers wait until their contexts
// end.
const maxQueue = 1024

// request is an append, to one stream or several, passed to the committer.
type request struct {
	store   *Store
	appends []events.StreamAppend
	size    int
	state   atomic.Int32

	results []events.Appended // one for each of appends; written by the committer before it answers
	err     error             // written by answer

	then func(events.Appended, error) // the callback of AppendThen, nil for other appends
	done chan struct{}                // of capacity 1; has a token when the request is answered, unless then is set

	// The backing arrays of appends and results for an append to one stream.
	oneAppend [1]events.StreamAppend
	oneResult [1]events.Appended
}

// The states of a request. The transition from waiting decides whether the request is written.
const (
	waiting int32 = iota
	claimed
	withdrawn
)

func newRequest() any { return &request{done: make(chan struct{}, 1)} }

// newRequest returns a request to append to one stream.
func (s *Store) newRequest(stream events.StreamID, expected events.Revision, batch []events.Event) *request {
	r := s.requests.Get().(*request)
	r.store = s
	r.oneAppend[0] = events.StreamAppend{Stream: stream, Expected: expected, Batch: batch}
	r.appends, r.results = r.oneAppend[:], r.oneResult[:]
	r.state.Store(waiting)
	return r
}

// release returns a request to the pool. A request that was submitted and has failed must not be released, because the
// committer may still use it.
func (r *request) release() {
	r.oneAppend[0], r.oneResult[0] = events.StreamAppend{}, events.Appended{}
	r.appends, r.results, r.then, r.err = nil, nil, nil, nil
	r.store.requests.Put(r)
}

// answer answers the request with err or, if it is nil, the results. It must be called once.
func (r *request) answer(err error) {
	if r.then == nil {
		r.err = err
		r.done <- struct{}{}
		return
	}
	then, gate := r.then, r.store.gate
	var appended events.Appended
	if err == nil {
		appended = r.results[0]
		r.release()
	}
	then(appended, err)
	gate.leave()
}

// Append implements events.Store. Further error: [ErrBadAppend].
func (s *Store) Append(ctx context.Context, stream events.StreamID, expected events.Revision,
	batch []events.Event) (events.Appended, error) {
	r := s.newRequest(stream, expected, batch)
	if err := s.submit(ctx, r); err != nil {
		r.release()
		return events.Appended{}, err
	}
	defer s.gate.leave()
	if err := r.wait(ctx); err != nil {
		return events.Appended{}, err
	}
	appended := r.results[0]
	r.release()
	return appended, nil
}

// AppendAll implements events.MultiAppender, for at most [MaxStreams] streams.
// Further error: [ErrBadAppend].
func (s *Store) AppendAll(ctx context.Context, appends []events.StreamAppend) ([]events.Appended, error) {
	r := s.newRequest("", 0, nil)
	r.appends, r.results = appends, make([]events.Appended, len(appends))
	if err := s.submit(ctx, r); err != nil {
		r.release()
		return nil, err
	}
	defer s.gate.leave()
	if err := r.wait(ctx); err != nil {
		return nil, err
	}
	results := r.results
	r.release()
	return results, nil
}

// AppendThen implements events.AsyncAppender. Further error: [ErrBadAppend]. The committer calls then, so nothing is
// written while then runs.
func (s *Store) AppendThen(ctx context.Context, stream events.StreamID, expected events.Revision,
	batch []events.Event, then func(events.Appended, error)) error {
	r := s.newRequest(stream, expected, batch)
	r.then = then
	err := s.submit(ctx, r)
	if err != nil {
		r.release()
	}
	return err
}

// submit enters the gate and passes a request to the committer, which will answer it. The caller must leave the gate
// once the request is answered. If submit returns an error, it has left the gate and the committer does not have the
// request.
func (s *Store) submit(ctx context.Context, r *request) error {
	size, err := checkAppends(r.appends)
	if err == nil {
		err = s.writable()
	}
	if err != nil {
		return err
	}
	r.size = size
	if !s.gate.enter() {
		return events.ErrClosed
	}
	if err := ctx.Err(); err != nil {
		s.gate.leave()
		return notWritten(err)
	}
	if s.failed.Load() {
		s.gate.leave()
		return notWritten(errWriteFailed)
	}
	select {
	case s.queue <- r:
		return nil
	case <-ctx.Done():
		s.gate.leave()
		return notWritten(ctx.Err())
	}
}

// wait waits until the request is answered or ctx ends. It returns the error of the answer.
func (r *request) wait(ctx context.Context) error {
	select {
	case <-r.done:
		return r.err
	case <-ctx.Done():
	}
	if r.state.CompareAndSwap(waiting, withdrawn) {
		return notWritten(ctx.Err())
	}
	return fmt.Errorf("%w: %w", events.ErrUnknown, ctx.Err())
}

// errWriteFailed is the cause of all errors of appends after a failed write or sync.
var errWriteFailed = errors.New("a write or a sync has failed")

func notWritten(cause error) error { return fmt.Errorf("%w: %w", events.ErrUnavailable, cause) }

// pendingGroup has the group that is being committed. If a write fails meanwhile, either the committer or abandon
// answers the group.
type pendingGroup struct {
	mu    sync.Mutex
	group []*request // guarded by mu
}

// begin is called by the committer before it writes a group. After a failed write it answers the group and does not
// return.
func (p *pendingGroup) begin(s *Store, group []*request) {
	p.mu.Lock()
	p.group = group
	failed := s.failed.Load()
	if failed {
		p.group = nil
	}
	p.mu.Unlock()
	if !failed {
		return
	}
	for _, r := range group {
		r.answer(notWritten(errWriteFailed))
	}
	s.park()
}

// end reports whether the committer must answer the group; otherwise abandon does.
func (p *pendingGroup) end(s *Store) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if s.failed.Load() {
		return false
	}
	p.group = nil
	return true
}

// abandon answers the requests that the committer can no longer answer after a failed write.
func (s *Store) abandon() {
	s.pending.mu.Lock()
	group := s.pending.group
	s.pending.group = nil
	s.pending.mu.Unlock()
	for _, r := range group {
		r.answer(fmt.Errorf("%w: %w", events.ErrUnknown, errWriteFailed))
	}
	for r := range s.queue {
		if r.state.CompareAndSwap(waiting, claimed) {
			r.answer(notWritten(errWriteFailed))
		}
	}
}
