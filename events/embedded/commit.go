package embedded

import (
	"fmt"
	"runtime"
	"time"

	"github.com/cockroachdb/pebble/v2"

	"admitone/events"
)

const (
	// maxGroup, in appends to a stream, and maxGroupBytes bound what one sync covers. An append that
	// is larger itself ends its group.
	maxGroup      = 4096
	maxGroupBytes = 16 << 20
	// yields is the number of times that the committer lets other goroutines run before it gathers
	// a group, because answered callers append again. With 256 of them on two cores, a group had
	// 180 appends instead of 134 and an append took 0.8 of the CPU time; with four yields 204, and
	// no less time.
	yields = 2
)

// committer is the state of the only goroutine that writes, and private to it.
type committer struct {
	*Store
	batch   *pebble.Batch
	heads   *heads
	lookup  *pebble.Iterator // over the index as it was before this group, or nil
	group   []*request
	errs    []error        // of group, one each
	placed  []placedAppend // the appends of group that are written
	last    events.Position
	created int64 // of the last event, in ticks

	importing bool // see Importer
}

// placedAppend is an append that the current group writes.
type placedAppend struct {
	stream   events.StreamID
	first    events.Revision
	position events.Position
	batch    []events.Event
}

// run commits requests until the queue is closed.
func (c *committer) run() {
	defer close(c.committed)
	for r := range c.queue {
		for range yields {
			runtime.Gosched()
		}
		c.gather(r)
		if len(c.group) > 0 {
			c.pending.begin(c.Store, c.group)
			c.commit()
		}
	}
	_ = c.batch.Close()
}

// gather collects r and the other waiting requests in a group.
func (c *committer) gather(r *request) {
	appends, size := 0, 0
	for {
		if r.state.CompareAndSwap(waiting, claimed) {
			c.group = append(c.group, r)
			appends += len(r.appends)
			size += r.size
		}
		if appends >= maxGroup || size >= maxGroupBytes {
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

// commit writes the group with one sync and answers its requests.
func (c *committer) commit() {
	before := c.last
	c.created = max(c.created, ticksOf(c.now()))
	for _, r := range c.group {
		c.errs = append(c.errs, c.place(r))
	}
	if c.lookup != nil {
		_ = c.lookup.Close()
		c.lookup = nil
	}
	var took time.Duration
	if c.last > before {
		c.putIndex()
		began := time.Now()
		c.writing.Lock()
		err := c.batch.Commit(pebble.Sync)
		c.writing.Unlock()
		if err != nil {
			c.terminate(fmt.Errorf("commit: %w", err))
		}
		took = time.Since(began)
	}
	if !c.pending.end(c.Store) {
		// Another write of Pebble's failed meanwhile, and the process is about to end. Whether this
		// group is durable is unknown.
		c.park()
	}
	if c.last > before {
		c.counters.committed(len(c.placed), c.last-before, c.batch.Len(), took)
		c.writeEnd(c.last)
		c.head.Store(uint64(c.last))
		c.batch.Reset()
	}
	for i, r := range c.group {
		r.answer(c.errs[i])
	}
	c.tail.publish(c.placed, c.created)
	clear(c.group)
	clear(c.placed)
	c.group, c.errs, c.placed = c.group[:0], c.errs[:0], c.placed[:0]
}

// place adds r's events to the batch, or returns why it cannot.
func (c *committer) place(r *request) error {
	for i := range r.appends {
		a := &r.appends[i]
		head, err := c.headOf(a.Stream)
		if err != nil {
			return c.noteDamage(err)
		}
		if head != a.Expected {
			return &events.ConflictError{Stream: a.Stream, Last: head, Expected: a.Expected}
		}
	}
	for i := range r.appends {
		r.results[i] = c.put(&r.appends[i])
	}
	return nil
}

// put adds events to the batch; the expected revision is the stream's last.
func (c *committer) put(a *events.StreamAppend) events.Appended {
	first, position := a.Expected+1, c.last+1
	for i := range a.Batch {
		e := &a.Batch[i]
		op := c.batch.SetDeferred(eventKeySize, recordSize(a.Stream, e))
		putEventKey(op.Key, position+events.Position(i))
		putRecord(op.Value, a.Stream, first+events.Revision(i), c.created, e)
		_ = op.Finish() // fails for indexed batches only
	}
	head := a.Expected + events.Revision(len(a.Batch))
	c.last += events.Position(len(a.Batch))
	c.setHead(a.Stream, a.Expected, head)
	c.placed = append(c.placed, placedAppend{a.Stream, first, position, a.Batch})
	return events.Appended{Revision: head, Position: c.last, Consecutive: true}
}

// putIndex adds the index entries of the group to the batch. They follow its events, because a
// memtable finds the place of a key faster next to the one before it, and events are adjacent.
func (c *committer) putIndex() {
	for i := range c.placed {
		a := &c.placed[i]
		op := c.batch.SetDeferred(indexKeySize(a.stream), indexValueSize)
		putIndexKey(op.Key, a.stream, a.first)
		putIndexValue(op.Value, a.position, len(a.batch))
		_ = op.Finish() // fails for indexed batches only
	}
}

// headOf returns the stream's last revision, including this group's appends.
func (c *committer) headOf(stream events.StreamID) (events.Revision, error) {
	if head, ok := c.heads.get(stream); ok {
		return head, nil
	}
	if c.streams.absent(stream) {
		return events.NoStream, nil
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

// setHead notes that the group moves a stream's last revision.
func (c *committer) setHead(stream events.StreamID, from, to events.Revision) {
	if from == events.NoStream {
		c.streams.add(string(stream))
	}
	c.heads.set(stream, to)
}
