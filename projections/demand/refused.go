package demand

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"admitone/events"
)

// Refused returns the refusals recorded from position from to position to, both inclusive. The Position of a refusal is
// that of the fact on which it was decided, which precedes the record. Errors: the store's; events.ErrDamaged.
func Refused(ctx context.Context, store events.Store, from, to events.Position) ([]Request, error) {
	first, err := store.ReadAll(ctx, max(from, 1)-1, events.Forward, 1)
	if err != nil || len(first) == 0 {
		return nil, err
	}
	last, err := store.ReadAll(ctx, min(to, events.EndPosition-1)+1, events.Backward, 1)
	if err != nil || len(last) == 0 {
		return nil, err
	}
	var all []Request
	const day = 24 * time.Hour
	for at := first[0].Created.Truncate(day); !at.After(last[0].Created); at = at.Add(day) {
		for e, err := range events.Stream(ctx, store, events.RefusalsOf(at), 0) {
			if err != nil {
				return nil, err
			}
			if e.Position < from || e.Position > to {
				continue
			}
			request, ok, err := refusal(&e)
			if err != nil {
				return nil, fmt.Errorf("%w: position %d: %w", events.ErrDamaged, e.Position, err)
			}
			if ok {
				all = append(all, request)
			}
		}
	}
	return all, moveAfterBookings(ctx, store, all, to)
}

// moveAfterBookings moves each refusal that was caused by a booking in progress to after that booking, which is
// emitted only when it holds all its seats. It sets Transient of the refusals whose bookings never did.
func moveAfterBookings(ctx context.Context, store events.Store, refused []Request, to events.Position) error {
	beaten := map[events.Position][]*Request{}
	from := to
	for i := range refused {
		f := refused[i].Fact.(*events.RefusalRecorded)
		if kind := events.StreamID(f.BeatenStream).Category(); kind == events.SeatCategory ||
			kind == events.AllowanceCategory || kind == events.AreaCategory {
			at := events.Position(f.BeatenPosition)
			beaten[at], from = append(beaten[at], &refused[i]), min(from, at)
		}
	}
	if len(beaten) == 0 {
		return nil
	}
	waiting := map[events.BookingID][]*Request{} // by booking in progress
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
			for _, request := range waiting[id] {
				request.Position = e.Position
				if request.At.Before(meta.At) {
					request.At = meta.At
				}
			}
			delete(waiting, id)
			made[id] = true
		}
		for _, request := range beaten[e.Position] {
			id, attempt, err := request.beatenBy(&e)
			if err != nil {
				return fmt.Errorf("%w: position %d: %w", events.ErrDamaged, e.Position, err)
			}
			if id != "" { // the booking decides a step before the seat's stream records the effect
				request.beforeNextOf = append(request.beforeNextOf, events.NewStreamID(events.BookingCategory, string(id)))
			}
			if attempt == 1 && !made[id] {
				waiting[id] = append(waiting[id], request)
			}
		}
	}
	for _, of := range waiting {
		for _, request := range of {
			request.Transient = true
		}
	}
	return nil
}

// beatenBy returns the booking and the attempt that took the requested seat or place by e, the event on which the
// refusal was decided. If e frees the seat or place, the hold ended before the refusal was recorded, and Transient is
// set.
func (request *Request) beatenBy(e *events.Recorded) (bookingID events.BookingID, attempt int64, err error) {
	fact, err := e.Decode()
	switch f := fact.(type) {
	case *events.SeatHeld:
		bookingID, attempt, _ = events.CutHoldID(f.HoldID)
	case *events.SeatBooked:
		bookingID = f.BookingID
	case *events.AllowanceTaken:
		bookingID, attempt, _ = events.CutHoldID(f.HoldID)
	case *events.AreaHeld:
		bookingID, attempt, _ = events.CutHoldID(f.HoldID)
	case *events.AllowanceKept:
		bookingID, _, _ = events.CutHoldID(f.HoldID)
	case *events.SeatReleased, *events.SeatExpired, *events.SeatUnblocked:
		request.Transient = request.Refused == "seat_taken"
	case *events.AllowanceReduced:
		request.Transient = f.Taken == 0
	case *events.AllowanceReleased:
		request.Transient = f.Taken == 0
	case *events.AllowanceExpired:
		request.Transient = f.Taken == 0
	}
	return bookingID, attempt, err
}

// refusal returns the request that an event of a stream of refusals records; ok is false for any other fact.
func refusal(e *events.Recorded) (request Request, ok bool, err error) {
	fact, err := e.Decode()
	if err != nil {
		return request, false, err
	}
	f, ok := fact.(*events.RefusalRecorded)
	if !ok {
		return request, false, nil // RefusalsDropped
	}
	meta, err := events.ParseMetadata(e.Metadata)
	request = Request{Fact: f, Stream: events.StreamID(f.Stream), Position: events.Position(f.BeatenPosition), At: meta.At,
		Actor: meta.Actor, RequestID: meta.CorrelationID, Refused: f.Code,
		beforeNextOf: []events.StreamID{events.StreamID(f.BeatenStream)}}
	if request.Position == 0 { // decided on no fact
		request.Position = e.Position
	}
	return request, true, err
}

// refusals emits each refusal where it was decided: at its time, but after the fact on which it was decided and
// before the next fact of that fact's stream.
type refusals struct {
	byTime   []*Request
	byStream map[events.StreamID][]*Request
	emitted  map[*Request]bool
}

func newRefusals(refused []Request) *refusals {
	r := &refusals{byStream: map[events.StreamID][]*Request{}, emitted: map[*Request]bool{}}
	for i := range refused {
		request := &refused[i]
		r.byTime = append(r.byTime, request)
		for _, stream := range request.beforeNextOf {
			r.byStream[stream] = append(r.byStream[stream], request)
		}
	}
	slices.SortStableFunc(r.byTime, func(a, b *Request) int { return a.At.Compare(b.At) })
	for _, of := range r.byStream {
		slices.SortStableFunc(of, func(a, b *Request) int {
			return cmp.Or(cmp.Compare(a.Position, b.Position), a.At.Compare(b.At))
		})
	}
	return r
}

// before emits the refusals decided before an event.
func (r *refusals) before(e *events.Recorded, q *queue) error {
	if len(r.byTime) == 0 {
		return nil
	}
	meta, err := events.ParseMetadata(e.Metadata)
	if err != nil {
		return fmt.Errorf("%w: position %d: %w", events.ErrDamaged, e.Position, err)
	}
	for len(r.byTime) > 0 {
		request := r.byTime[0]
		if !r.emitted[request] && (!request.At.Before(meta.At) || request.Position >= e.Position) {
			break
		}
		r.byTime = r.byTime[1:]
		r.emit(request, q)
	}
	of := r.byStream[e.Stream]
	for len(of) > 0 && of[0].Position < e.Position {
		// A booking's step that was decided before the refusal does not change the refusal's place.
		if request := of[0]; request.beforeNextOf[0] == e.Stream || !request.At.After(meta.At) {
			r.emit(request, q)
		}
		of = of[1:]
	}
	if r.byStream[e.Stream] = of; len(of) == 0 {
		delete(r.byStream, e.Stream)
	}
	return nil
}

func (r *refusals) emit(request *Request, q *queue) {
	if !r.emitted[request] {
		r.emitted[request] = true
		q.requests = append(q.requests, *request)
	}
}

// flush emits the refusals decided after the last event.
func (r *refusals) flush(q *queue) {
	for _, request := range r.byTime {
		r.emit(request, q)
	}
}
