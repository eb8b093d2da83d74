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
func Refused(ctx context.Context, store events.Store, from, to events.Position) ([]Intent, error) {
	first, err := store.ReadAll(ctx, max(from, 1)-1, events.Forward, 1)
	if err != nil || len(first) == 0 {
		return nil, err
	}
	last, err := store.ReadAll(ctx, min(to, events.EndPosition-1)+1, events.Backward, 1)
	if err != nil || len(last) == 0 {
		return nil, err
	}
	var all []Intent
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
	return all, behindBookings(ctx, store, all, to)
}

// behindBookings moves refusals for the sake of a booking that was just being made
// behind that booking, whose wish is told when it has all its seats; those for one that
// never had them are marked.
func behindBookings(ctx context.Context, store events.Store, refused []Intent, to events.Position) error {
	beaten := map[events.Position][]*Intent{}
	from := to
	for i := range refused {
		f := refused[i].Fact.(*events.RefusalRecorded)
		if kind := events.StreamID(f.BeatenStream).Category(); kind == events.SeatCategory ||
			kind == events.AllowanceCategory {
			at := events.Position(f.BeatenPosition)
			beaten[at], from = append(beaten[at], &refused[i]), min(from, at)
		}
	}
	if len(beaten) == 0 {
		return nil
	}
	waiting := map[events.BookingID][]*Intent{} // by bookings that are being made
	made := map[events.BookingID]bool{}
	for e, err := range events.All(ctx, store, from-1) {
		if err != nil {
			return err
		}
		if e.Position > to {
			break
		}
		if e.Stream.Category() == events.BookingCategory && e.Revision == 0 {
			id := events.BookingID(e.Stream.Entity())
			meta, err := events.ParseMetadata(e.Metadata)
			if err != nil {
				return fmt.Errorf("%w: position %d: %w", events.ErrDamaged, e.Position, err)
			}
			for _, w := range waiting[id] {
				w.Position = e.Position
				if w.At.Before(meta.At) {
					w.At = meta.At
				}
			}
			delete(waiting, id)
			made[id] = true
		}
		for _, w := range beaten[e.Position] {
			id, attempt, err := w.beatenBy(&e)
			if err != nil {
				return fmt.Errorf("%w: position %d: %w", events.ErrDamaged, e.Position, err)
			}
			if id != "" { // its next step is decided before it shows in the seat's stream
				w.behind = append(w.behind, events.NewStreamID(events.BookingCategory, string(id)))
			}
			if attempt == 1 && !made[id] {
				waiting[id] = append(waiting[id], w)
			}
		}
	}
	for _, of := range waiting {
		for _, w := range of {
			w.Moment = true
		}
	}
	return nil
}

// beatenBy is the booking, and its attempt, that took something with the event that a
// wish was refused for. If what that event is about was free after it, the wish was
// refused for something before, that was gone when the refusal was written down.
func (w *Intent) beatenBy(e *events.Recorded) (bookingID events.BookingID, attempt int64, err error) {
	fact, err := e.Decode()
	switch f := fact.(type) {
	case *events.SeatHeld:
		bookingID, attempt, _ = events.CutHoldID(f.HoldID)
	case *events.SeatBooked:
		bookingID = f.BookingID
	case *events.AllowanceTaken:
		bookingID, attempt, _ = events.CutHoldID(f.HoldID)
	case *events.AllowanceKept:
		bookingID, _, _ = events.CutHoldID(f.HoldID)
	case *events.SeatReleased, *events.SeatExpired, *events.SeatUnblocked:
		w.Moment = w.Refused == "seat_taken"
	case *events.AllowanceReleased:
		w.Moment = f.Taken == 0
	case *events.AllowanceExpired:
		w.Moment = f.Taken == 0
	}
	return bookingID, attempt, err
}

func refusal(e *events.Recorded) (w Intent, ok bool, err error) {
	fact, err := e.Decode()
	if err != nil {
		return w, false, err
	}
	f, ok := fact.(*events.RefusalRecorded)
	if !ok {
		return w, false, nil // so many were not kept
	}
	meta, err := events.ParseMetadata(e.Metadata)
	w = Intent{Fact: f, Stream: events.StreamID(f.Stream), Position: events.Position(f.BeatenPosition), At: meta.At,
		Actor: meta.Actor, RequestID: meta.CorrelationID, Refused: f.Code,
		behind: []events.StreamID{events.StreamID(f.BeatenStream)}}
	if w.Position == 0 { // it was decided on nothing
		w.Position = e.Position
	}
	return w, true, err
}

// refusals are told where they were decided: at their time, but behind the fact that
// each was decided on and before the next one in that fact's stream.
type refusals struct {
	byTime   []*Intent
	byStream map[events.StreamID][]*Intent
	emitted  map[*Intent]bool
}

func newRefusals(refused []Intent) *refusals {
	r := &refusals{byStream: map[events.StreamID][]*Intent{}, emitted: map[*Intent]bool{}}
	for i := range refused {
		w := &refused[i]
		r.byTime = append(r.byTime, w)
		for _, stream := range w.behind {
			r.byStream[stream] = append(r.byStream[stream], w)
		}
	}
	slices.SortStableFunc(r.byTime, func(a, b *Intent) int { return a.At.Compare(b.At) })
	for _, of := range r.byStream {
		slices.SortStableFunc(of, func(a, b *Intent) int {
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
		if !r.emitted[w] && (!w.At.Before(meta.At) || w.Position >= e.Position) {
			break
		}
		r.byTime = r.byTime[1:]
		r.emit(w, q)
	}
	of := r.byStream[e.Stream]
	for len(of) > 0 && of[0].Position < e.Position {
		// Of a booking that has what was wanted, an earlier step changes nothing.
		if w := of[0]; w.behind[0] == e.Stream || !w.At.After(meta.At) {
			r.emit(w, q)
		}
		of = of[1:]
	}
	if r.byStream[e.Stream] = of; len(of) == 0 {
		delete(r.byStream, e.Stream)
	}
	return nil
}

func (r *refusals) emit(w *Intent, q *queue) {
	if !r.emitted[w] {
		r.emitted[w] = true
		q.intents = append(q.intents, *w)
	}
}

// rest tells what was refused after the last event.
func (r *refusals) rest(q *queue) {
	for _, w := range r.byTime {
		r.emit(w, q)
	}
}
