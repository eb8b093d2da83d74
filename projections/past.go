package projections

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"admitone/events"
)

// Moment is a place in the log that somebody asks about, and its time.
type Moment struct {
	Position events.Position
	Time     time.Time
}

// ErrBadMoment: the text is neither a position nor a time.
var ErrBadMoment = errors.New("projections: a moment is a position in the log, or an RFC 3339 time such as 2031-05-01T20:00:00Z")

// MomentOf reads a position or an RFC 3339 time. Position 0 is before everything. A
// moment that has not come yet is the present, and is returned as such. At the time of
// an event, as histories tell it, the event has happened: it was decided then, and
// stored right after. Errors: [ErrBadMoment]; the store's.
func MomentOf(ctx context.Context, store events.Store, text string) (Moment, error) {
	position, err := strconv.ParseUint(text, 10, 64)
	if err == nil || errors.Is(err, strconv.ErrRange) {
		return momentAt(ctx, store, min(events.Position(position), events.EndPosition-1))
	}
	t, err := time.Parse(time.RFC3339Nano, text)
	if err != nil || t.UTC().Year() < 1 { // earlier times can't be written down again
		return Moment{}, fmt.Errorf("%w, not %q", ErrBadMoment, text)
	}
	if now := time.Now(); t.After(now) {
		t = now
	}
	taken, err := events.PositionAt(ctx, store, t)
	if err != nil {
		return Moment{}, err
	}
	decided, err := decidedBy(ctx, store, taken, t)
	return Moment{decided, t}, err
}

// momentAt is the moment right behind a position, or behind the last one before it.
func momentAt(ctx context.Context, store events.Store, position events.Position) (Moment, error) {
	if position > 0 {
		last, err := store.ReadAll(ctx, position+1, events.Backward, 1)
		if err != nil {
			return Moment{}, err
		}
		if len(last) > 0 {
			return Moment{last[0].Position, last[0].Created}, nil
		}
	}
	first, err := store.ReadAll(ctx, 0, events.Forward, 1)
	if err != nil || len(first) == 0 {
		return Moment{0, time.Now()}, err
	}
	return Moment{0, first[0].Created.Add(-1)}, nil
}

const (
	// storedWithin is how long after its decision an event is looked for, and
	// storedAmong how many events at most are looked at.
	storedWithin = time.Second
	storedAmong  = 500
)

// decidedBy is the last position whose event was decided by t, though the store took it
// later; taken is the last one that it had taken by then. Refusals are written down in
// batches, long after they were said, and move nothing.
func decidedBy(ctx context.Context, store events.Store, taken events.Position, t time.Time) (events.Position, error) {
	next, err := store.ReadAll(ctx, taken, events.Forward, storedAmong)
	if err != nil {
		return 0, err
	}
	by := taken
	for i := range next {
		e := &next[i]
		if e.Created.After(t.Add(storedWithin)) {
			break
		}
		if e.Stream.Internal() || e.Stream.Category() == events.RefusalsCategory {
			continue
		}
		m, err := events.ParseMetadata(e.Metadata)
		if err != nil {
			return 0, fmt.Errorf("%w: position %d: %w", events.ErrDamaged, e.Position, err)
		}
		if !m.At.After(t) {
			by = e.Position
		}
	}
	return by, nil
}

// ProductAt folds a product up to a position; nil if it did not exist by then.
// Errors: those of [Product.Apply]; the store's.
func ProductAt(ctx context.Context, store events.Store, id string, position events.Position) (*Product, error) {
	return rowAt(ctx, store, events.NewStreamID(productCategory, id), position, (*Product).Apply)
}

// ProductAt is [ProductAt] of the log that the views follow, and reads but a few
// hundred events of it. Errors: those of [ProductAt]; the disk's.
func (p *Projections) ProductAt(ctx context.Context, id string, position events.Position) (*Product, error) {
	return pastOf(ctx, p, (*products).milestones, events.NewStreamID(productCategory, id), position, (*Product).Apply)
}

// rowAt folds the row of a stream up to a position; nil if the stream had no event
// by then.
func rowAt[R any](ctx context.Context, store events.Store, stream events.StreamID, position events.Position, apply func(*R, *events.Recorded) error) (*R, error) {
	return rowFrom(ctx, store, stream, nil, 0, position, apply)
}

// rowFrom is rowAt for a row, nil for none, that contains all before revision from.
func rowFrom[R any](ctx context.Context, store events.Store, stream events.StreamID, row *R, from events.Revision,
	position events.Position, apply func(*R, *events.Recorded) error) (*R, error) {
	err := upTo(ctx, store, stream, from, position, func(e *events.Recorded) error {
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

// UpTo calls take with the events of a stream up to a position. Of a long stream it
// reads several pages at once. Errors: take's; the store's.
func UpTo(ctx context.Context, store events.Store, stream events.StreamID, position events.Position, take func(*events.Recorded) error) error {
	return upTo(ctx, store, stream, 0, position, take)
}

// upTo is UpTo without the events before revision from.
func upTo(ctx context.Context, store events.Store, stream events.StreamID, from events.Revision,
	position events.Position, take func(*events.Recorded) error) error {
	type page struct {
		events []events.Recorded
		err    error
	}
	read := func(from events.Revision) <-chan page {
		next := make(chan page, 1)
		go func() {
			found, err := store.Read(ctx, stream, from, events.Forward, upToPage)
			next <- page{found, err}
		}()
		return next
	}
	var under []<-chan page // way
	for ahead := 1; ; ahead = min(ahead+1, upToAhead) {
		for ; len(under) < ahead; from += upToPage {
			under = append(under, read(from))
		}
		p := <-under[0]
		if under = under[1:]; p.err != nil {
			return p.err
		}
		for i := range p.events {
			if p.events[i].Position > position {
				return nil
			}
			if err := take(&p.events[i]); err != nil {
				return err
			}
		}
		if len(p.events) < upToPage {
			return nil
		}
	}
}

const (
	// upToPage is how many events are read at once.
	upToPage = 256
	// upToAhead is how many pages may be under way: most streams have but one.
	upToAhead = 3
)
