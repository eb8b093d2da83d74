package actors

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"runtime"

	"admitone/events"
)

// frozen is a copy of a state and the function that writes it.
type frozen struct {
	head  events.Snapshot
	write func(io.Writer) error
}

// snapshotDone reports that a snapshot was written or failed, and its size in bytes.
type snapshotDone struct{ size int64 }

// snapshotBytesPerEvent bytes in the last snapshot postpone the next one by one event, so that writing a
// snapshot costs about as much as the events between two of them.
const snapshotBytesPerEvent = 128

// freezeIfDue freezes the current state, which is the one after b, if a snapshot is due. The snapshot
// is written once b is durable.
func (e *entity) freezeIfDue(b *batch) {
	due := max(e.desk.config.SnapshotEvery, e.saved/snapshotBytesPerEvent)
	if e.desk.config.Snapshots == nil || e.saving || e.unsaved+int64(len(b.events)) < due {
		return
	}
	if b.frozen = e.freeze(); b.frozen == nil {
		return
	}
	// Counted as in flight, the snapshot keeps the entity in memory until it is written. The shard's
	// lock is not needed: b has an unanswered command, so inFlight is above zero.
	e.saving = true
	e.desk.inFlight.Add(1)
	e.entry.inFlight.Add(1)
}

// discard drops a frozen state whose batch has failed.
func (e *entity) discard(f *frozen) {
	if f != nil {
		e.saving = false
		e.desk.release(e.entry)
	}
}

// freeze copies the state. If the core panics it returns nil, and the entity continues without a
// snapshot until the next one is due.
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
			defer func() { // runs outside the actor: guard can't recover it
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

// save writes f, the state that was frozen with a batch that is now durable; nil if there is none.
func (e *entity) save(f *frozen) {
	if f == nil {
		return
	}
	e.writeSnapshot(f, func() { e.desk.release(e.entry) })
}

// saveNow writes a snapshot before the desk evicts the entity.
func (e *entity) saveNow(p *envelope) {
	p.outcome = outcome{revision: e.revision}
	if e.saving || e.writing != nil || e.next != nil || e.revision == events.NoStream {
		e.settle(p) // no longer idle, or nothing to save
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

// writeSnapshot saves f as the state at the durable revision, on a goroutine of its own, and calls
// done at the end.
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
		e.desk.noteSnapshot(e.entry.stream, err)
		e.entry.post(snapshotDone{size: size})
	}()
}

// noteSnapshot counts a snapshot, or logs why it could not be written. Of several consecutive failures, as
// without the log, the first is a warning.
func (d *Desk) noteSnapshot(stream events.StreamID, err error) {
	if err == nil {
		d.stats.snapshots.Add(1)
		d.unsnapshotted.Store(false)
		return
	}
	level := slog.LevelWarn
	if d.unsnapshotted.Swap(true) {
		level = slog.LevelDebug
	}
	d.config.Logger.Log(context.Background(), level, "a snapshot could not be written; loading will take longer",
		"stream", stream, "error", err)
}

type countingWriter struct {
	w io.Writer
	n int64
}

// Write yields the processor first. Otherwise a core that writes a million entries would keep it for
// the scheduler's whole 10 ms while commands wait.
func (c *countingWriter) Write(p []byte) (int, error) {
	runtime.Gosched()
	n, err := c.w.Write(p)
	c.n += int64(n)
	return n, err
}
