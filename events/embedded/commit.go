package embedded

import (
	"fmt"
	"runtime"
	"time"

	"github.com/cockroachdb/pebble/v2"

	"admitone/events"
)

const (
	// maxGroup bounds the appends to one stream that are committed together, maxGroupBytes their size. The append
	// that reaches a bound is the last of its group.
	maxGroup      = 4096
	maxGroupBytes = 16 << 20
	// yields is the number of times that the committer yields to other goroutines before it gathers a group, because
	// callers that have been answered append again. With 256 callers on two cores, a group had 180 instead of 134
	// appends, and an append took 0.8 of the CPU time. With four yields a group had 204 appends, without saving more
	// time.
	yields = 2
)

// committer is the state of the only goroutine that writes. Other goroutines must not use it.
type committer struct {
	*Store
	batch   *pebble.Batch
	heads   *heads
	lookup  *pebble.Iterator // iterates over the index as it was before this group; nil until it is needed
	group   []*request
	errs    []error        // one for each of group
	placed  []placedAppend // the appends of group that are written
	last    events.Position
	created int64 // the time of the last event, in ticks

	importing bool // an import is unfinished; see Importer
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
		// Another write by Pebble has failed, and the process is about to end. It is unknown whether this group
		// is durable.
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

// place adds the events of r to the batch. It adds all of them, or none if it returns an error.
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

// put adds the events of an append to the batch. The expected revision must be the stream's last.
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

// putIndex adds the index entries of the group to the batch. They come after the events, because inserting a key into
// a memtable is fastest next to the previous one, and the keys of the events are adjacent.
func (c *committer) putIndex() {
	for i := range c.placed {
		a := &c.placed[i]
		op := c.batch.SetDeferred(indexKeySize(a.stream), indexValueSize)
		putIndexKey(op.Key, a.stream, a.first)
		putIndexValue(op.Value, a.position, len(a.batch))
		_ = op.Finish() // fails for indexed batches only
	}
}

// headOf returns the stream's last revision, including appends of this group.
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

// setHead records a new last revision of a stream.
func (c *committer) setHead(stream events.StreamID, from, to events.Revision) {
	if from == events.NoStream {
		c.streams.add(string(stream))
	}
	c.heads.set(stream, to)
}
