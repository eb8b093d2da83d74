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
// the present. Errors: [ErrBadMoment]; the store's.
func MomentOf(ctx context.Context, store events.Store, text string) (m Moment, err error) {
	if position, err := strconv.ParseUint(text, 10, 63); err == nil && position > 0 {
		m.Position = events.Position(position)
		m.Time, err = events.TimeOf(ctx, store, m.Position)
		return m, err
	}
	if m.Time, err = time.Parse(time.RFC3339Nano, text); err != nil {
		return m, fmt.Errorf("%w, not %q", ErrBadMoment, text)
	}
	m.Position, err = events.PositionAt(ctx, store, m.Time)
	return m, err
}

// ProductAt folds a product up to a position; nil if it did not exist by then.
// Errors: those of [Product.Apply]; the store's.
func ProductAt(ctx context.Context, store events.Store, id string, upTo events.Position) (*Product, error) {
	var p Product
	for e, err := range events.Stream(ctx, store, events.NewStreamID(productCategory, id), 0) {
		if err != nil {
			return nil, err
		}
		if e.Position > upTo {
			break
		}
		if err := p.Apply(&e); err != nil {
			return nil, err
		}
	}
	if p.ID == "" {
		return nil, nil
	}
	return &p, nil
}
