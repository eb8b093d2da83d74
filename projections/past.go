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
var ErrBadMoment = errors.New("projections: a moment is a position, 1 or more, or an RFC 3339 time")

// MomentOf reads a position or an RFC 3339 time. A moment that has not come yet is
// the present, and is returned as such. Errors: [ErrBadMoment]; the store's.
func MomentOf(ctx context.Context, store events.Store, text string) (Moment, error) {
	if position, err := strconv.ParseUint(text, 10, 63); err == nil && position > 0 {
		last, err := store.ReadAll(ctx, min(events.Position(position), events.EndPosition-1)+1, events.Backward, 1)
		if err != nil || len(last) == 0 {
			return Moment{}, err
		}
		return Moment{last[0].Position, last[0].Created}, nil
	}
	t, err := time.Parse(time.RFC3339Nano, text)
	if err != nil || t.UTC().Year() < 1 { // earlier times can't be written down again
		return Moment{}, fmt.Errorf("%w, not %q", ErrBadMoment, text)
	}
	if now := time.Now(); t.After(now) {
		t = now
	}
	position, err := events.PositionAt(ctx, store, t)
	return Moment{position, t}, err
}

// ProductAt folds a product up to a position; nil if it did not exist by then.
// Errors: those of [Product.Apply]; the store's.
func ProductAt(ctx context.Context, store events.Store, id string, position events.Position) (*Product, error) {
	return rowAt(ctx, store, events.NewStreamID(productCategory, id), position, (*Product).Apply)
}

// rowAt folds the row of a stream up to a position; nil if the stream had no event
// by then.
func rowAt[R any](ctx context.Context, store events.Store, stream events.StreamID, position events.Position, apply func(*R, *events.Recorded) error) (*R, error) {
	var row *R
	err := UpTo(ctx, store, stream, position, func(e *events.Recorded) error {
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
	for from, ahead := events.Revision(0), 1; ; ahead = min(ahead+1, upToAhead) {
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
