package demand

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"admitone/events"
)

// Refused reads the refusals that were recorded between two positions, both included,
// in the order in which they were decided: each behind the fact that it was decided on,
// whose position it has. They are written down later than that. Errors: the store's;
// events.ErrDamaged.
func Refused(ctx context.Context, store events.Store, from, to events.Position) ([]Wish, error) {
	first, err := store.ReadAll(ctx, max(from, 1)-1, events.Forward, 1)
	if err != nil || len(first) == 0 {
		return nil, err
	}
	last, err := store.ReadAll(ctx, min(to, events.EndPosition-1)+1, events.Backward, 1)
	if err != nil || len(last) == 0 {
		return nil, err
	}
	var all []Wish
	const day = 24 * time.Hour
	for at := first[0].Created.Truncate(day); !at.After(last[0].Created); at = at.Add(day) {
		for e, err := range events.Stream(ctx, store, events.RefusalsOf(at), 0) {
			if err != nil {
				return nil, err
			}
			if e.Position < from || e.Position > to {
				continue
			}
			w, ok, err := refusal(&e)
			if err != nil {
				return nil, fmt.Errorf("%w: position %d: %w", events.ErrDamaged, e.Position, err)
			}
			if ok {
				all = append(all, w)
			}
		}
	}
	slices.SortStableFunc(all, func(a, b Wish) int { return cmp.Compare(a.Position, b.Position) })
	return all, nil
}

func refusal(e *events.Recorded) (w Wish, ok bool, err error) {
	fact, err := e.Decode()
	if err != nil {
		return w, false, err
	}
	f, ok := fact.(*events.RefusalRecorded)
	if !ok {
		return w, false, nil // so many were not kept
	}
	meta, err := events.ParseMetadata(e.Metadata)
	w = Wish{Fact: f, Stream: events.StreamID(f.Stream), Position: events.Position(f.BeatenPosition), At: meta.At,
		Actor: meta.Actor, RequestID: meta.CorrelationID, Refused: f.Code}
	if w.Position == 0 { // it was decided on nothing
		w.Position = e.Position
	}
	return w, true, err
}
