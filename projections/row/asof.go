package row

import (
	"context"

	"admitone/events"
)

// foldAt folds the row of a stream up to a position; nil if the stream had no event by then.
func foldAt[R any](ctx context.Context, store events.Store, stream events.StreamID, position events.Position,
	apply func(*R, *events.Recorded) error) (*R, error) {
	return FoldFrom(ctx, store, stream, nil, 0, position, apply)
}

// FoldFrom folds the row of a stream up to a position. It starts from row, which contains all events before revision
// from and may be nil. FoldFrom may modify row, and returns nil if there is neither a row nor an event. Errors:
// apply's; the store's.
func FoldFrom[R any](ctx context.Context, store events.Store, stream events.StreamID, row *R, from events.Revision,
	position events.Position, apply func(*R, *events.Recorded) error) (*R, error) {
	err := readUpTo(ctx, store, stream, from, position, func(e *events.Recorded) error {
		if row == nil {
			row = new(R)
		}
		return apply(row, e)
	})
	if err != nil {
		return nil, err
	}
	return row, nil
}

// ReadUpTo calls visit with the events of a stream up to a position. It reads several pages of a long stream ahead.
// Errors: visit's; the store's.
func ReadUpTo(ctx context.Context, store events.Store, stream events.StreamID, position events.Position,
	visit func(*events.Recorded) error) error {
	return readUpTo(ctx, store, stream, 0, position, visit)
}

// readUpTo is ReadUpTo without the events before revision from.
func readUpTo(ctx context.Context, store events.Store, stream events.StreamID, from events.Revision,
	position events.Position, visit func(*events.Recorded) error) error {
	type page struct {
		events []events.Recorded
		err    error
	}
	read := func(from events.Revision) <-chan page {
		next := make(chan page, 1)
		go func() {
			found, err := store.Read(ctx, stream, from, events.Forward, readPageSize)
			next <- page{found, err}
		}()
		return next
	}
	var inFlight []<-chan page
	for ahead := 1; ; ahead = min(ahead+1, maxPagesAhead) {
		for ; len(inFlight) < ahead; from += readPageSize {
			inFlight = append(inFlight, read(from))
		}
		p := <-inFlight[0]
		if inFlight = inFlight[1:]; p.err != nil {
			return p.err
		}
		for i := range p.events {
			if p.events[i].Position > position {
				return nil
			}
			if err := visit(&p.events[i]); err != nil {
				return err
			}
		}
		if len(p.events) < readPageSize {
			return nil
		}
	}
}

const (
	// readPageSize is the number of events that are read at a time.
	readPageSize = 256
	// maxPagesAhead bounds the pages read at the same time; most streams have only one page.
	maxPagesAhead = 3
)
