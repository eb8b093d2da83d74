package refusals

import (
	"context"
	"errors"

	"admitone/actors"
	"admitone/events"
)

// record is a fact to be appended, with its metadata.
type record struct {
	fact     events.Fact
	metadata events.Metadata
}

// tail is the end of the stream that was written last.
type tail struct {
	stream   events.StreamID
	revision events.Revision
	hash     events.Hash
	last     events.ID
}

// maxAttempts bounds the appends of a batch while other servers write to the same stream.
const maxAttempts = 5

// append writes entries at the end of a stream. Errors: the store's.
func (r *Recorder) append(ctx context.Context, stream events.StreamID, entries []record) error {
	command := string(actors.NewCommandID())
	err := error(nil)
	for range maxAttempts {
		if r.tail.stream != stream {
			if err := r.load(ctx, stream); err != nil {
				return err
			}
		}
		if r.tail.last == events.EventID(command, len(entries)-1) {
			return nil // written, but the answer was lost
		}
		batch, newTail := r.seal(stream, command, entries)
		if _, err = r.config.Store.Append(ctx, stream, r.tail.revision, batch); err == nil {
			r.tail = newTail
			return nil
		}
		r.tail = tail{}
		if errors.Is(err, events.ErrTooLarge) && len(entries) > 1 {
			half := len(entries) / 2
			if err := r.append(ctx, stream, entries[:half]); err != nil {
				return err
			}
			return r.append(ctx, stream, entries[half:])
		}
		if !errors.Is(err, events.ErrConflict) && !errors.Is(err, events.ErrUnknown) {
			return err
		}
	}
	return err
}

// load reads the end of a stream.
func (r *Recorder) load(ctx context.Context, stream events.StreamID) error {
	loaded := tail{stream: stream, revision: events.NoStream}
	page, err := r.config.Store.Read(ctx, stream, events.EndRevision, events.Backward, 1)
	if err != nil {
		return err
	}
	if len(page) == 1 {
		if loaded.hash, err = events.RecordedHash(page[0].Metadata); err != nil {
			return err
		}
		loaded.revision, loaded.last = page[0].Revision, page[0].ID
	}
	r.tail = loaded
	return nil
}

// seal returns the events of a batch, and the end of the stream after it.
func (r *Recorder) seal(stream events.StreamID, command string, entries []record) ([]events.Event, tail) {
	batch, newTail := make([]events.Event, len(entries)), r.tail
	for i, entry := range entries {
		newTail.revision++
		newTail.last = events.EventID(command, i)
		e := events.Event{ID: newTail.last, Type: entry.fact.Name(), Data: events.AppendFact(nil, entry.fact),
			Fact: entry.fact}
		entry.metadata.CommandID = command
		e.Metadata, newTail.hash = events.Seal(nil, newTail.hash, stream, newTail.revision, &e, &entry.metadata)
		batch[i] = e
	}
	return batch, newTail
}

// findCause completes a refusal that names only the stream that beat it with the newest fact there at
// the time of the decision. Its read delays nobody, since the caller has its answer already.
func (r *Recorder) findCause(ctx context.Context, refusal *Refusal) {
	if refusal.BeatenPosition > 0 || refusal.BeatenStream == "" {
		return
	}
	stream := events.StreamID(refusal.BeatenStream)
	refusal.BeatenStream, refusal.BeatenRevision = "", int64(events.NoStream)
	page, err := r.config.Store.Read(ctx, stream, events.EndRevision, events.Backward, 16)
	if err != nil {
		return // unknown
	}
	for i := range page {
		if at, err := events.DecidedAt(page[i].Metadata); err == nil && !at.After(refusal.At) {
			refusal.BeatenStream = string(stream)
			refusal.BeatenRevision, refusal.BeatenPosition = int64(page[i].Revision), int64(page[i].Position)
			return
		}
	}
}
