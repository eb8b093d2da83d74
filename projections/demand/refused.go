package demand

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"admitone/events"
)

// Refused reads the refusals that were recorded between two positions, both included.
// Each has the position of the fact that it was decided on; it was written down later
// than that. Errors: the store's; events.ErrDamaged.
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

// refusals are told where they were decided: at their time, but behind the fact that
// each was decided on and before the next one in that fact's stream.
type refusals struct {
	byTime   []*Wish
	byStream map[events.StreamID][]*Wish
	told     map[*Wish]bool
}

func newRefusals(refused []Wish) *refusals {
	r := &refusals{byStream: map[events.StreamID][]*Wish{}, told: map[*Wish]bool{}}
	for i := range refused {
		w := &refused[i]
		r.byTime = append(r.byTime, w)
		if f, ok := w.Fact.(*events.RefusalRecorded); ok && f.BeatenStream != "" {
			stream := events.StreamID(f.BeatenStream)
			r.byStream[stream] = append(r.byStream[stream], w)
		}
	}
	slices.SortStableFunc(r.byTime, func(a, b *Wish) int { return a.At.Compare(b.At) })
	for _, of := range r.byStream {
		slices.SortStableFunc(of, func(a, b *Wish) int {
			return cmp.Or(cmp.Compare(a.Position, b.Position), a.At.Compare(b.At))
		})
	}
	return r
}

// before tells what was refused before an event.
func (r *refusals) before(e *events.Recorded, q *queue) error {
	if len(r.byTime) == 0 {
		return nil
	}
	meta, err := events.ParseMetadata(e.Metadata)
	if err != nil {
		return fmt.Errorf("%w: position %d: %w", events.ErrDamaged, e.Position, err)
	}
	for len(r.byTime) > 0 {
		w := r.byTime[0]
		if !r.told[w] && (!w.At.Before(meta.At) || w.Position >= e.Position) {
			break
		}
		r.byTime = r.byTime[1:]
		r.tell(w, q)
	}
	of := r.byStream[e.Stream]
	for len(of) > 0 && of[0].Position < e.Position {
		r.tell(of[0], q)
		of = of[1:]
	}
	if r.byStream[e.Stream] = of; len(of) == 0 {
		delete(r.byStream, e.Stream)
	}
	return nil
}

func (r *refusals) tell(w *Wish, q *queue) {
	if !r.told[w] {
		r.told[w] = true
		q.wishes = append(q.wishes, *w)
	}
}

// rest tells what was refused behind the last event.
func (r *refusals) rest(q *queue) {
	for _, w := range r.byTime {
		r.tell(w, q)
	}
}
