package embedded

import (
	"context"
	"errors"
	"fmt"

	"github.com/cockroachdb/pebble/v2"

	"admitone/events"
)

// ErrUnfinished is returned by [Open] for a log into which an import has begun and
// not been finished: it has the beginning of another log, and nobody may go on from
// there. [OpenImport] can.
var ErrUnfinished = errors.New("embedded: an import into this log was not finished")

// ErrBadImport is returned for an event that can't stand where it should stand in
// the log. Nothing of its page was written.
var ErrBadImport = errors.New("embedded: the event does not follow the ones before it")

// Importer writes what another log has recorded, as that log has it: with its
// positions, revisions and times. It is not a part of events.Store, where nobody but
// the log says what was when. One goroutine may use it. After an error it is of no
// more use but to be closed.
type Importer struct {
	c      *committer
	failed error
}

// OpenImport opens the log in dir for an import and makes it if there is none. A log
// that is not empty may be gone on with; that its events are the beginning of what
// is imported, the caller has to see to. From the first event on, until
// [Importer.Finish], the log is one that [Open] refuses; a new log is from now on.
// The caller closes it. Errors: as [Open], without ErrUnfinished.
func OpenImport(dir string, options Options) (*Importer, error) {
	c, err := open(dir, options)
	if err != nil {
		return nil, err
	}
	close(c.committed) // nobody else will write
	i := &Importer{c: c}
	if c.last == 0 && !c.importing {
		i.mark()
		if err := i.commit(); err != nil {
			return nil, errors.Join(err, i.Close())
		}
	}
	return i, nil
}

// Head is the position of the last event.
func (i *Importer) Head() events.Position { return i.c.last }

// ReadAll is events.Store's, for the events that are there already.
func (i *Importer) ReadAll(ctx context.Context, from events.Position, dir events.Direction, limit int) ([]events.Recorded, error) {
	return i.c.ReadAll(ctx, from, dir, limit)
}

// LastHash returns the hash of the last event of a stream, zero if it has none.
// Errors: events.ErrBadMetadata; those of events.Store.Read.
func (i *Importer) LastHash(ctx context.Context, stream events.StreamID) (events.Hash, error) {
	last, err := i.c.Read(ctx, stream, events.EndRevision, events.Backward, 1)
	if err != nil || len(last) == 0 {
		return events.Hash{}, err
	}
	return events.RecordedHash(last[0].Metadata)
}

// Append writes a page of events, all or none, and returns when they are on stable
// storage. They follow the last one without gap, in position as in the revisions of
// their streams, and their times don't run backwards.
//
// Errors: [ErrBadImport], [ErrBadAppend], events.ErrTooLarge, events.ErrDamaged.
func (i *Importer) Append(page []events.Recorded) error {
	if i.failed != nil || len(page) == 0 {
		return i.failed
	}
	if !i.c.importing {
		i.mark()
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

// put adds an event to the batch, if it may stand there.
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
		return fmt.Errorf("%w: it follows position %d", ErrBadImport, c.last)
	case e.Revision != head+1:
		return fmt.Errorf("%w: it follows revision %d", ErrBadImport, head)
	case created < c.created:
		return fmt.Errorf("%w: it was recorded at %v, before the one before it", ErrBadImport, e.Created)
	case !timeOf(created).Equal(e.Created):
		return fmt.Errorf("%w: it was recorded at %v, and this log keeps steps of %v", ErrBadImport, e.Created, tick)
	}
	op := c.batch.SetDeferred(eventKeySize, recordSize(e.Stream, &e.Event))
	putEventKey(op.Key, e.Position)
	putRecord(op.Value, e.Stream, e.Revision, created, &e.Event)
	_ = op.Finish() // fails for indexed batches only
	c.heads.set(e.Stream, e.Revision)
	c.last, c.created = e.Position, created
	return nil
}

// index adds the entry of some events of a stream that stand side by side.
func (i *Importer) index(stream events.StreamID, run entry) {
	op := i.c.batch.SetDeferred(indexKeySize(stream), indexValueSize)
	putIndexKey(op.Key, stream, run.first)
	putIndexValue(op.Value, run.position, int(run.count))
	_ = op.Finish() // fails for indexed batches only
}

// mark adds to the batch that an import is under way.
func (i *Importer) mark() {
	_ = i.c.batch.Set(importKey, []byte("1"), nil) // fails for indexed batches only
	i.c.importing = true
}

// commit writes the batch. A write that fails ends the process, as in any log.
func (i *Importer) commit() error {
	c := i.c
	if c.lookup != nil {
		_ = c.lookup.Close()
		c.lookup = nil
	}
	if err := c.batch.Commit(pebble.Sync); err != nil {
		c.die(fmt.Errorf("import: %w", err))
	}
	c.batch.Reset()
	c.head.Store(uint64(c.last))
	return nil
}

// Finish makes the log one like any other, which [Open] opens.
func (i *Importer) Finish() error {
	if i.failed != nil {
		return i.failed
	}
	_ = i.c.batch.Delete(importKey, nil) // fails for indexed batches only
	i.c.importing = false
	return i.commit()
}

// Close releases the log. Error: the disk's.
func (i *Importer) Close() error {
	if i.c.lookup != nil {
		_ = i.c.lookup.Close()
	}
	return i.c.Close()
}
