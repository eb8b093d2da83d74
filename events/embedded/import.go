package embedded

import (
	"context"
	"errors"
	"fmt"

	"github.com/cockroachdb/pebble/v2"

	"admitone/events"
)

// ErrUnfinished is returned by [Open] for a log with an unfinished import, which must not be appended to. [OpenImport]
// can continue the import.
var ErrUnfinished = errors.New("an import into this log was not finished")

// ErrBadImport is returned for an event that cannot follow the previous ones. No event of its page was written.
var ErrBadImport = errors.New("the event does not follow the previous ones")

// Importer writes the events of another log with their positions, revisions and times. It is not safe for concurrent
// use. After an error, only Close may be called.
type Importer struct {
	c      *committer
	failed error
}

// OpenImport opens the log in dir for an import, and creates it if there is none. The events that the log already has
// must be the beginning of the import, which the caller must ensure. From the first append, or immediately if the log
// is empty, until [Importer.Finish], [Open] refuses the log. The caller must close the importer. Errors: those of
// [Open] except ErrUnfinished.
func OpenImport(dir string, options Options) (*Importer, error) {
	c, err := open(dir, options)
	if err != nil {
		return nil, err
	}
	close(c.committed) // no committer runs
	go c.keepStreams()
	i := &Importer{c: c}
	if c.last == 0 && !c.importing {
		i.markUnfinished()
		if err := i.commit(); err != nil {
			return nil, errors.Join(err, i.Close())
		}
	}
	return i, nil
}

// Head returns the position of the last event.
func (i *Importer) Head() events.Position { return i.c.last }

// ReadAll is events.Store.ReadAll for the events imported so far.
func (i *Importer) ReadAll(ctx context.Context, from events.Position, dir events.Direction,
	limit int) ([]events.Recorded, error) {
	return i.c.ReadAll(ctx, from, dir, limit)
}

// LastHash returns the hash of the last event of a stream, zero if it has no events. Errors: events.ErrBadMetadata;
// those of events.Store.Read.
func (i *Importer) LastHash(ctx context.Context, stream events.StreamID) (events.Hash, error) {
	last, err := i.c.Read(ctx, stream, events.EndRevision, events.Backward, 1)
	if err != nil || len(last) == 0 {
		return events.Hash{}, err
	}
	return events.RecordedHash(last[0].Metadata)
}

// Append writes a page of events, all or none, and returns when they are on stable storage. Positions and the
// revisions of each stream must continue without gaps, and times must not decrease.
//
// Errors: [ErrBadImport], [ErrBadAppend], events.ErrTooLarge, events.ErrDamaged.
func (i *Importer) Append(page []events.Recorded) error {
	if i.failed != nil || len(page) == 0 {
		return i.failed
	}
	if !i.c.importing {
		i.markUnfinished()
	}
	run := entry{}
	for n := range page {
		e := &page[n]
		if err := i.put(e); err != nil {
			i.failed = fmt.Errorf("position %d, %.60s@%d: %w", e.Position, e.Stream, e.Revision, err)
			return i.failed
		}
		if run.count > 0 && page[n-1].Stream != e.Stream {
			i.index(page[n-1].Stream, run)
			run.count = 0
		}
		if run.count == 0 {
			run.first, run.position = e.Revision, e.Position
		}
		run.count++
	}
	i.index(page[len(page)-1].Stream, run)
	return i.commit()
}

// put adds an event to the batch. Errors: as Append.
func (i *Importer) put(e *events.Recorded) error {
	c := i.c
	if _, err := checkAppend(e.Stream, events.NoStream, []events.Event{e.Event}); err != nil {
		return err
	}
	head, err := c.headOf(e.Stream)
	if err != nil {
		return err
	}
	created := ticksOf(e.Created)
	switch {
	case e.Position != c.last+1:
		return fmt.Errorf("%w: the last position is %d", ErrBadImport, c.last)
	case e.Revision != head+1:
		return fmt.Errorf("%w: the last revision of its stream is %d", ErrBadImport, head)
	case created < c.created:
		return fmt.Errorf("%w: it was recorded at %v, and the previous event at %v", ErrBadImport, e.Created,
			timeOf(c.created))
	case !timeOf(created).Equal(e.Created):
		return fmt.Errorf("%w: it was recorded at %v, which is not a multiple of %v", ErrBadImport, e.Created, tick)
	}
	op := c.batch.SetDeferred(eventKeySize, recordSize(e.Stream, &e.Event))
	putEventKey(op.Key, e.Position)
	putRecord(op.Value, e.Stream, e.Revision, created, &e.Event)
	_ = op.Finish() // fails for indexed batches only
	c.setHead(e.Stream, head, e.Revision)
	c.last, c.created = e.Position, created
	return nil
}

// index adds an index entry for consecutive events of a stream.
func (i *Importer) index(stream events.StreamID, run entry) {
	op := i.c.batch.SetDeferred(indexKeySize(stream), indexValueSize)
	putIndexKey(op.Key, stream, run.first)
	putIndexValue(op.Value, run.position, int(run.count))
	_ = op.Finish() // fails for indexed batches only
}

// markUnfinished adds the key for an unfinished import to the batch.
func (i *Importer) markUnfinished() {
	_ = i.c.batch.Set(importKey, []byte("1"), nil) // fails for indexed batches only
	i.c.importing = true
}

// commit writes the batch. A failed write ends the process.
func (i *Importer) commit() error {
	c := i.c
	if c.lookup != nil {
		_ = c.lookup.Close()
		c.lookup = nil
	}
	if err := c.batch.Commit(pebble.Sync); err != nil {
		c.terminate(fmt.Errorf("import: %w", err))
	}
	c.batch.Reset()
	c.head.Store(uint64(c.last))
	return nil
}

// Finish completes the import, so that [Open] accepts the log.
func (i *Importer) Finish() error {
	if i.failed != nil {
		return i.failed
	}
	_ = i.c.batch.Delete(importKey, nil) // fails for indexed batches only
	i.c.importing = false
	if err := i.commit(); err != nil {
		return err
	}
	i.c.RecordEnd()
	return nil
}

// Close releases the log. Errors: those of the file system.
func (i *Importer) Close() error {
	if i.c.lookup != nil {
		_ = i.c.lookup.Close()
	}
	return i.c.Close()
}
