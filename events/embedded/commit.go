package embedded

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/cockroachdb/pebble/v2"

	"admitone/events"
)

const (
	// maxQueue bounds the appends that wait for the committer; past it, Append
	// waits with its caller's context.
	maxQueue = 1024
	// maxGroup and maxGroupBytes bound what one sync covers. An append larger than
	// that goes alone.
	maxGroup      = 4096
	maxGroupBytes = 16 << 20
)

// request is an append on its way through the committer.
type request struct {
	stream   events.StreamID
	expected events.Revision
	batch    []events.Event
	size     int
	state    atomic.Int32
	done     chan answer // of capacity 1
}

type answer struct {
	appended events.Appended
	err      error
}

// The states of a request. Whoever moves it away from waiting decides whether it
// is written.
const (
	waiting int32 = iota
	taken
	withdrawn
)

func newRequest() any { return &request{done: make(chan answer, 1)} }

// Append implements events.Store. Further error: [ErrBadAppend].
func (s *Store) Append(ctx context.Context, stream events.StreamID, expected events.Revision, batch []events.Event) (events.Appended, error) {
	size, err := checkAppend(stream, expected, batch)
	if err != nil {
		return events.Appended{}, err
	}
	if !s.gate.enter() {
		return events.Appended{}, events.ErrClosed
	}
	defer s.gate.leave()
	if err := ctx.Err(); err != nil {
		return events.Appended{}, notWritten(err)
	}
	if s.failed.Load() {
		return events.Appended{}, notWritten(errDead)
	}
	r := s.requests.Get().(*request)
	r.stream, r.expected, r.batch, r.size = stream, expected, batch, size
	r.state.Store(waiting)
	select {
	case s.queue <- r:
	case <-ctx.Done():
		return events.Appended{}, notWritten(ctx.Err())
	case <-s.dead:
		return events.Appended{}, notWritten(errDead)
	}
	var cause error
	select {
	case a := <-r.done:
		r.batch = nil
		s.requests.Put(r)
		return a.appended, a.err
	case <-ctx.Done():
		cause = ctx.Err()
	case <-s.dead:
		cause = errDead
	}
	if r.state.CompareAndSwap(waiting, withdrawn) {
		return events.Appended{}, notWritten(cause)
	}
	return events.Appended{}, fmt.Errorf("%w: %w", events.ErrUnknown, cause)
}

// errDead is the cause of errors after a failed write or sync, in the moment
// before the process ends.
var errDead = errors.New("embedded: a write or a sync has failed")

func notWritten(cause error) error { return fmt.Errorf("%w: %w", events.ErrUnavailable, cause) }

// committer is the state of the one goroutine that writes. Nobody else touches
// it.
type committer struct {
	*Store
	batch   *pebble.Batch
	heads   *heads
	lookup  *pebble.Iterator // over the index as it was before this group, or nil
	group   []*request
	answers []answer // of group, one each
	landed  []landed // what of group is written
	last    events.Position
	created int64 // of the last event, in ticks

	importing bool // see Importer
}

// landed is an append that this group writes.
type landed struct {
	stream   events.StreamID
	first    events.Revision
	position events.Position
	batch    []events.Event
}

// run takes requests until the queue is closed.
func (c *committer) run() {
	defer close(c.committed)
	for r := range c.queue {
		c.gather(r)
		if len(c.group) > 0 {
			c.commit()
		}
	}
	_ = c.batch.Close()
}

// gather takes r and what else waits.
func (c *committer) gather(r *request) {
	size := 0
	for {
		if r.state.CompareAndSwap(waiting, taken) {
			c.group = append(c.group, r)
			size += r.size
		}
		if len(c.group) >= maxGroup || size >= maxGroupBytes {
			return
		}
		select {
		case next, ok := <-c.queue:
			if !ok {
				return
			}
			r = next
		default:
			return
		}
	}
}

// commit writes the group with one sync and answers it.
func (c *committer) commit() {
	before := c.last
	c.created = max(c.created, ticksOf(c.now()))
	for _, r := range c.group {
		appended, err := c.place(r)
		c.answers = append(c.answers, answer{appended, err})
	}
	if c.lookup != nil {
		_ = c.lookup.Close()
		c.lookup = nil
	}
	if c.last > before {
		bytes := c.batch.Len()
		began := time.Now()
		c.writing.Lock()
		err := c.batch.Commit(pebble.Sync)
		c.writing.Unlock()
		if err != nil {
			c.die(fmt.Errorf("commit: %w", err))
		}
		if c.failed.Load() {
			// Something else of Pebble's failed meanwhile, and the process is about
			// to end. Whether this group holds is not known: nobody is answered.
			c.park()
		}
		c.counters.committed(len(c.landed), c.last-before, bytes, time.Since(began))
		c.head.Store(uint64(c.last))
		c.batch.Reset()
	}
	for i, r := range c.group {
		r.done <- c.answers[i]
	}
	c.tail.publish(c.landed, c.created)
	clear(c.group)
	clear(c.landed)
	c.group, c.answers, c.landed = c.group[:0], c.answers[:0], c.landed[:0]
}

// place puts r's events into the batch, or says why not.
func (c *committer) place(r *request) (events.Appended, error) {
	head, err := c.headOf(r.stream)
	if err != nil {
		return events.Appended{}, err
	}
	if head != r.expected {
		return events.Appended{}, fmt.Errorf("%w: %s is at revision %d, not %d", events.ErrConflict, r.stream, head, r.expected)
	}
	first, position := head+1, c.last+1
	for i := range r.batch {
		e := &r.batch[i]
		op := c.batch.SetDeferred(eventKeySize, recordSize(r.stream, e))
		putEventKey(op.Key, position+events.Position(i))
		putRecord(op.Value, r.stream, first+events.Revision(i), c.created, e)
		_ = op.Finish() // fails for indexed batches only
	}
	op := c.batch.SetDeferred(indexKeySize(r.stream), indexValueSize)
	putIndexKey(op.Key, r.stream, first)
	putIndexValue(op.Value, position, len(r.batch))
	_ = op.Finish()
	head += events.Revision(len(r.batch))
	c.last += events.Position(len(r.batch))
	c.heads.set(r.stream, head)
	c.landed = append(c.landed, landed{r.stream, first, position, r.batch})
	return events.Appended{Revision: head, Position: c.last, Consecutive: true}, nil
}

// headOf returns the stream's last revision, this group's appends included.
func (c *committer) headOf(stream events.StreamID) (events.Revision, error) {
	if head, ok := c.heads.get(stream); ok {
		return head, nil
	}
	if c.lookup == nil {
		lookup, err := c.newIter(indexSpace)
		if err != nil {
			return 0, err
		}
		c.lookup = lookup
	}
	head := events.NoStream
	e, ok, err := lastEntry(c.lookup, stream, c.last)
	if err != nil {
		return 0, err
	}
	if ok {
		head = e.last()
	}
	c.heads.set(stream, head)
	return head, nil
}
