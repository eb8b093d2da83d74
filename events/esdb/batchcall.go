package esdb

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"sync"
	"time"

	"github.com/EventStore/EventStore-Client-Go/v4/protos/shared"
	"github.com/EventStore/EventStore-Client-Go/v4/protos/streams"
	"google.golang.org/genproto/googleapis/rpc/code"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"admitone/events"
)

const (
	// maxBatched is the size of the largest append that shares a call with others, because it is
	// one message.
	maxBatched = 2 << 20
	// batchCallLife is the time during which new appends join a call. It is short because a node
	// that shuts down waits for calls to end, and because the next call may go to a new leader.
	batchCallLife = 25 * time.Millisecond
)

// batchCall is a call of BatchAppend on one connection. The appends of all callers are sent on it
// as they arrive, without waiting for the answers to earlier ones. Each is a separate message, and
// atomic.
type batchCall struct {
	// run distinguishes the correlation ids of this call from those of others.
	run  uint64
	call streams.Streams_BatchAppendClient
	wake chan struct{} // of 1: queue is not empty, or the call has ended

	mu      sync.Mutex
	queue   []*batched          // to be sent, in order; guarded by mu
	waiting map[uint64]*batched // sent, by number; guarded by mu
	last    uint64              // number of the newest append; guarded by mu
	full    bool                // no more appends may join; guarded by mu
	ended   *failure            // why the call has ended, nil before; guarded by mu
}

// batched is an append in progress. It receives one result. If the result is an answer of the node, the
// call does not use the append any more.
type batched struct {
	number   uint64
	proposal *proposal
	result   chan batchedResult // of 1
}

type batchedResult struct {
	appended events.Appended
	err      error // *failure, or one of events.Store's
}

// sharedCall returns the connection's open batch call, or begins a new one.
func (l *nodeConn) sharedCall(headers metadata.MD) *batchCall {
	l.batching.Lock()
	defer l.batching.Unlock()
	if c := l.batch; c != nil && c.isOpen() {
		return c
	}
	id := randomID()
	c := &batchCall{run: most(id), wake: make(chan struct{}, 1), waiting: map[uint64]*batched{}}
	l.batch = c
	time.AfterFunc(batchCallLife, c.close)
	l.running.Go(func() { c.serve(metadata.NewOutgoingContext(context.Background(), headers), l) })
	return c
}

func (c *batchCall) isOpen() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return !c.full && c.ended == nil
}

// close ends the call once all appends on it are answered.
func (c *batchCall) close() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.full = true
	signal(c.wake)
}

// serve opens the call, and receives answers until it has ended.
func (c *batchCall) serve(ctx context.Context, l *nodeConn) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	call, err := l.streams().BatchAppend(ctx) // ends with the connection, at the latest
	if err != nil {
		c.end(nil, err)
		return
	}
	l.running.Go(func() { c.send(call, cancel) })
	c.receive(call, l)
}

// send sends the queued appends until no more can join.
func (c *batchCall) send(call streams.Streams_BatchAppendClient, cancel func()) {
	var messages encoder
	for range c.wake {
		for {
			b, number, last := c.next()
			if last {
				_ = call.CloseSend() // receive gets the outcome
				return
			}
			if b == nil {
				break
			}
			if err := call.SendMsg(messages.batched(c.run, b)); err != nil {
				c.requeue(b, number)
				if !errors.Is(err, io.EOF) { // with EOF, receive gets the reason
					cancel()
				}
				break
			}
		}
	}
}

// next removes and returns the next append of the queue, nil if the queue is empty, and its number.
// last reports that the queue is empty and no more appends will join.
func (c *batchCall) next() (b *batched, number uint64, last bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.ended != nil || len(c.queue) == 0 {
		return nil, 0, c.ended != nil || c.full
	}
	b = c.queue[0]
	c.queue[0] = nil
	if c.queue = c.queue[1:]; len(c.queue) == 0 {
		c.queue = nil
	}
	c.waiting[b.number] = b
	return b, b.number, false
}

// requeue puts an append that could not be sent back into the queue. The call has ended, or will end soon.
func (c *batchCall) requeue(b *batched, number uint64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.waiting[number] == b {
		delete(c.waiting, number)
		c.queue = slices.Insert(c.queue, 0, b)
	}
}

// receive delivers answers to the appends until the call has ended.
func (c *batchCall) receive(call streams.Streams_BatchAppendClient, l *nodeConn) {
	for {
		var answer batchAnswer
		if err := call.RecvMsg(&answer); err != nil {
			c.end(call, err)
			return
		}
		l.messages.Add(1)
		if answer.run != c.run {
			continue
		}
		c.mu.Lock()
		b := c.waiting[answer.number]
		delete(c.waiting, answer.number)
		c.mu.Unlock()
		if b != nil { // otherwise its caller has stopped waiting
			appended, err := answer.result(b.proposal)
			b.result <- batchedResult{appended, err}
		}
	}
}

// end fails all appends of a call that has ended. Those that were not sent were not written.
func (c *batchCall) end(call interface{ Trailer() metadata.MD }, err error) {
	if errors.Is(err, io.EOF) {
		err = errNoAnswer
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.ended = newFailure(unsent, call, err)
	for _, b := range c.queue {
		b.result <- batchedResult{err: c.ended}
	}
	for _, b := range c.waiting {
		b.result <- batchedResult{err: newFailure(sent, call, err)}
	}
	c.queue, c.waiting = nil, nil
	signal(c.wake)
}

// errNoAnswer is the error of appends on a call that the node has ended without an error.
var errNoAnswer = errors.New("the node has ended the call")

// put queues an append. It returns false if no more appends may join the call.
func (c *batchCall) put(b *batched) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.ended != nil || c.full {
		return false
	}
	c.last++
	b.number = c.last
	c.queue = append(c.queue, b)
	signal(c.wake)
	return true
}

// withdraw removes an append whose caller has stopped waiting, and returns its stage.
func (c *batchCall) withdraw(b *batched) stage {
	c.mu.Lock()
	defer c.mu.Unlock()
	for i, queued := range c.queue {
		if queued == b {
			c.queue = append(c.queue[:i:i], c.queue[i+1:]...)
			return unsent
		}
	}
	delete(c.waiting, b.number)
	return sent
}

// sharedAppend is an append on a shared call. It is reused, to save allocations, if it succeeded at the
// first attempt.
type sharedAppend struct {
	proposal proposal
	batched  *batched // of the current attempt
	appended events.Appended
	failed   bool                                   // a call may still use it
	attempt  func(context.Context, *nodeConn) error // sets appended or failed
}

func (s *Store) newSharedAppend() *sharedAppend {
	a := &sharedAppend{}
	a.batched = newBatched(&a.proposal)
	a.attempt = func(ctx context.Context, l *nodeConn) (err error) {
		if a.failed {
			a.batched = newBatched(&a.proposal)
		}
		a.appended, err = a.batched.propose(ctx, s.leaderHeaders, l)
		a.failed = a.failed || err != nil
		return err
	}
	return a
}

func newBatched(p *proposal) *batched {
	return &batched{proposal: p, result: make(chan batchedResult, 1)}
}

// proposeShared makes an append on a shared call. Errors: those of proposeOn.
func (s *Store) proposeShared(ctx context.Context, p *proposal) (events.Appended, error) {
	a, ok := s.sharing.Get().(*sharedAppend)
	if !ok {
		a = s.newSharedAppend()
	}
	a.proposal, a.appended = *p, events.Appended{}
	err := s.call(ctx, batching, unsent, a.attempt)
	appended := a.appended
	if err == nil && !a.failed {
		a.proposal = proposal{}
		s.sharing.Put(a)
	}
	return appended, err
}

// propose makes the append on the connection's shared call. Errors: those of proposeOn.
func (b *batched) propose(ctx context.Context, headers metadata.MD, l *nodeConn) (events.Appended, error) {
	for {
		c := l.sharedCall(headers)
		if !c.put(b) {
			continue // the call was closed in between
		}
		select {
		case r := <-b.result:
			return r.appended, r.err
		case <-ctx.Done():
			return events.Appended{}, newFailure(c.withdraw(b), nil, status.FromContextError(ctx.Err()).Err())
		}
	}
}

// result returns the outcome of an append. Errors: *failure, and events.Store's.
func (a *batchAnswer) result(p *proposal) (events.Appended, error) {
	if a.failed != nil {
		return events.Appended{}, a.failure(p)
	}
	want := p.expected + events.Revision(len(p.batch))
	if !a.hasRevision || a.revision != uint64(want) {
		return events.Appended{}, fmt.Errorf("%w: %s should be at revision %d, the node reports %d",
			events.ErrUnknown, p.stream, want, a.revision)
	}
	appended := events.Appended{Revision: want}
	if a.commit <= math.MaxInt64 {
		appended.Position = events.Position(a.commit)
	}
	return appended, nil
}

// failure returns the error of an append that the node did not make.
func (a *batchAnswer) failure(p *proposal) error {
	status := a.failed
	f := &failure{stage: sent, code: codes.Unknown, trailer: metadata.MD{},
		cause: fmt.Errorf("%s: %s", code.Code(status.GetCode()), status.GetMessage())}
	for _, detail := range status.GetDetails() {
		message, err := detail.UnmarshalNew()
		if err != nil {
			continue
		}
		switch message := message.(type) {
		case *shared.WrongExpectedVersion:
			at := "none"
			if _, ok := message.GetCurrentStreamRevisionOption().(*shared.WrongExpectedVersion_CurrentStreamRevision); ok {
				at = fmt.Sprint(message.GetCurrentStreamRevision())
			}
			return fmt.Errorf("%w: %s is at revision %s, not %d", events.ErrConflict, p.stream, at, p.expected)
		case *shared.StreamDeleted:
			f.code = codes.FailedPrecondition
			f.trailer.Set("exception", "stream-deleted")
		case *shared.AccessDenied:
			f.code = codes.PermissionDenied
			f.trailer.Set("exception", "access-denied")
		case *shared.MaximumAppendSizeExceeded:
			f.code = codes.InvalidArgument
			f.trailer.Set("exception", "maximum-append-size-exceeded")
			f.trailer.Set("maximum-append-size", fmt.Sprint(message.GetMaxAppendSize()))
		case *shared.BadRequest:
			f.code = codes.InvalidArgument
			f.cause = fmt.Errorf("%w: %s", f.cause, message.GetMessage())
		case *shared.Timeout:
			f.code = codes.Aborted
		}
	}
	return f
}
