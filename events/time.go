package events

import (
	"context"
	"time"
)

// PositionAt returns the position of the last event that the store had taken at t,
// 0 if it had none. It searches by halves: about forty short reads in a log of any
// size. Errors: as [Store.ReadAll].
func PositionAt(ctx context.Context, store Store, t time.Time) (Position, error) {
	head, err := store.Head(ctx)
	if err != nil {
		return 0, err
	}
	// The event behind low was taken at or before t, the one behind high was not.
	found, low, high := Position(0), Position(0), head
	for low < high {
		middle := low + (high-low)/2
		page, err := store.ReadAll(ctx, middle, Forward, 1)
		if err != nil {
			return 0, err
		}
		if len(page) == 0 || page[0].Position > head || page[0].Created.After(t) {
			high = middle
			continue
		}
		found, low = page[0].Position, page[0].Position
	}
	return found, nil
}

// TimeOf returns when the store took the event at position, or the last one
// before it; the zero time if there is none. Errors: as [Store.ReadAll].
func TimeOf(ctx context.Context, store Store, position Position) (time.Time, error) {
	page, err := store.ReadAll(ctx, min(position, EndPosition-1)+1, Backward, 1)
	if err != nil || len(page) == 0 {
		return time.Time{}, err
	}
	return page[0].Created, nil
}
