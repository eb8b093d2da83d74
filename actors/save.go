package actors

import (
	"fmt"
	"io"
	"runtime"

	"admitone/events"
)

// frozen is a state as it was, and how to write it down.
type frozen struct {
	head  events.Snapshot
	write func(io.Writer) error
}

// snapshotDone tells the entity that its snapshot was written, or was not.
type snapshotDone struct{ size int64 }

// perSavedEvent is how many bytes of the last snapshot make another event worth
// waiting for: writing a state again should cost about as much as the events that
// changed it.
const perSavedEvent = 128

// freezeIfDue freezes the state behind b, which is the present one, if enough has
// happened since the last snapshot. It is written only once b is durable.
func (e *entity) freezeIfDue(b *batch) {
	due := max(e.desk.config.SnapshotEvery, e.saved/perSavedEvent)
	if e.desk.config.Snapshots == nil || e.saving || e.unsaved+int64(len(b.events)) < due {
		return
	}
	if b.frozen = e.freeze(); b.frozen == nil {
		return
	}
	// A command in b still waits, so this may be counted without the desk's lock; it
	// keeps the entity from being dropped before the snapshot is written.
	e.saving = true
	e.desk.inFlight.Add(1)
	e.entry.inFlight.Add(1)
}

// discard gives up a frozen state whose batch came to nothing.
func (e *entity) discard(f *frozen) {
	if f != nil {
		e.saving = false
		e.desk.answered(e.entry)
	}
}

// freeze returns nil if the core panics: the entity goes on without a snapshot,
// and tries again when as many events have come once more.
func (e *entity) freeze() (f *frozen) {
	defer func() {
		if cause := recover(); cause != nil {
			e.panicked(cause)
			e.unsaved, f = 0, nil
		}
	}()
	window, state := e.window.freeze(), e.core.Freeze()
	return &frozen{
		head: events.Snapshot{Version: e.kind.SnapshotVersion | keyWindowCounted},
		write: func(w io.Writer) (err error) {
			defer func() { // it runs on no actor, so nothing else would catch it
				if cause := recover(); cause != nil {
					e.panicked(cause)
					err = fmt.Errorf("%w: %v", ErrBroken, cause)
				}
			}()
			if err := window(w); err != nil {
				return err
			}
			return state(w)
		},
	}
}

// save writes the state frozen behind a batch, now that the batch is durable.
func (e *entity) save(f *frozen) {
	if f == nil {
		return
	}
	e.writeSnapshot(f, func() { e.desk.answered(e.entry) })
}

// saveNow writes a snapshot because the desk is about to drop the entity.
func (e *entity) saveNow(p *envelope) {
	p.outcome = outcome{revision: e.revision}
	if e.saving || e.writing != nil || e.next != nil || e.revision == events.NoStream {
		e.settle(p) // not idle after all, or nothing to save
		return
	}
	f := e.freeze()
	if f == nil {
		e.settle(p)
		return
	}
	e.saving = true
	e.writeSnapshot(f, func() { e.complete(p, 0) })
}

// writeSnapshot saves f as the state at the durable revision, on a goroutine of
// its own, and calls done at the end.
func (e *entity) writeSnapshot(f *frozen, done func()) {
	e.unsaved = 0
	e.entry.unsaved.Store(0)
	f.head.Revision, f.head.Hash = e.durable, e.hash
	go func() {
		defer done()
		var size int64
		err := e.desk.config.Snapshots.SaveSnapshot(e.entry.stream, f.head, func(w io.Writer) error {
			out := &countingWriter{w: w}
			err := f.write(out)
			size = out.n
			return err
		})
		if err != nil {
			e.desk.config.Logger.Warn("a snapshot could not be written; loading will take longer",
				"stream", e.entry.stream, "error", err)
		} else {
			e.desk.stats.snapshots.Add(1)
		}
		e.entry.tell(snapshotDone{size: size})
	}()
}

type countingWriter struct {
	w io.Writer
	n int64
}

// Write lets others go first: a core that writes a million entries down would keep
// a processor for the scheduler's whole 10 ms, and commands waiting for it.
func (c *countingWriter) Write(p []byte) (int, error) {
	runtime.Gosched()
	n, err := c.w.Write(p)
	c.n += int64(n)
	return n, err
}
