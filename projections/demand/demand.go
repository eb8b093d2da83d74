package demand

import (
	"fmt"
	"iter"
	"time"

	"admitone/events"
)

// Intent is one request that the log answers.
type Intent struct {
	// Fact that granted it. Of a payment it is events.BookingPaymentStarted, however it
	// ended; of what was refused, if that is recorded, events.RefusalRecorded.
	Fact   events.Fact
	Stream events.StreamID
	// Position of the fact in the log, of what was refused that of the fact that it was
	// decided on; and the time the wish was decided at.
	Position events.Position
	At       time.Time
	// Actor asked for it, with the request RequestID.
	Actor, RequestID string
	// Refused is the code it was refused with, "" if it was granted.
	Refused string
	// System says that nobody asked for it. It is told for whoever needs it: the moment of
	// a waiting room's round; a seat that was held for a moment for a booking that could
	// not have all it wanted, and was refused; a deadline that has passed.
	System bool
	// Moment says that it was refused for something that was gone again at once: a seat
	// that somebody held who then could not have all the others.
	Moment bool

	behind []events.StreamID // of a refusal: it was decided before the next fact of these
}

// maxWaiting bounds the wishes that wait for the outcome of one before them.
const maxWaiting = 100_000

// Of tells the wishes behind log, which is in the order of positions, and among them
// refused, which [Refused] has found, each where it was decided. Errors: the log's;
// events.ErrDamaged for events that can't be read.
func Of(log iter.Seq2[events.Recorded, error], refused []Intent) iter.Seq2[Intent, error] {
	return func(yield func(Intent, error) bool) {
		q, no := queue{}, newRefusals(refused)
		for e, err := range log {
			if err == nil {
				err = no.before(&e, &q)
			}
			if err == nil {
				err = q.apply(&e)
			}
			if err != nil {
				yield(Intent{}, err)
				return
			}
			if !q.emit(yield, maxWaiting) {
				return
			}
		}
		no.rest(&q)
		q.paying = nil // what has no outcome now is not to get one
		q.emit(yield, 0)
	}
}

// queue holds intents back whose outcome, or that of one before, the log has not come
// to yet.
type queue struct {
	intents []Intent
	first   uint64                     // the number of intents[0]
	paying  map[events.StreamID]uint64 // the number of a booking's payment
	closed  map[events.HoldID]bool     // the holds of attempts that were given up
}

func (q *queue) apply(e *events.Recorded) error {
	fact, err := e.Decode()
	if err != nil {
		return fmt.Errorf("%w: position %d: %w", events.ErrDamaged, e.Position, err)
	}
	switch f := fact.(type) {
	case *events.BookingBooked:
		q.paid(e.Stream, "")
	case *events.BookingPaymentFailed:
		q.paid(e.Stream, string(f.Reason))
	case *events.BookingAbandoned:
		if q.closed == nil {
			q.closed = map[events.HoldID]bool{}
		}
		q.closed[events.NewHoldID(f.BookingID, f.Attempt)] = true
	}
	asked, house := q.add(fact)
	if !asked {
		return nil
	}
	meta, err := events.ParseMetadata(e.Metadata)
	if err != nil {
		return fmt.Errorf("%w: position %d: %w", events.ErrDamaged, e.Position, err)
	}
	if _, ok := fact.(*events.BookingPaymentStarted); ok {
		if q.paying == nil {
			q.paying = map[events.StreamID]uint64{}
		}
		q.paying[e.Stream] = q.first + uint64(len(q.intents))
	}
	q.intents = append(q.intents, Intent{Fact: fact, Stream: e.Stream, Position: e.Position, At: meta.At,
		Actor: meta.Actor, RequestID: meta.CorrelationID, System: house})
	return nil
}

// paid notes how the payment of a booking has ended.
func (q *queue) paid(booking events.StreamID, refused string) {
	number, ok := q.paying[booking]
	delete(q.paying, booking)
	if ok && number >= q.first {
		q.intents[number-q.first].Refused = refused
	}
}

// emit yields the wishes from the front that have an outcome, and all but the last
// most. It returns false when nobody wants more.
func (q *queue) emit(yield func(Intent, error) bool, most int) bool {
	for len(q.intents) > 0 {
		w := q.intents[0]
		if number, open := q.paying[w.Stream]; open && number == q.first && len(q.intents) <= most {
			return true
		}
		q.intents, q.first = q.intents[1:], q.first+1
		if !yield(w, nil) {
			return false
		}
	}
	return true
}

// add reports whether a fact answers a wish, or is the house's own doing that has to be
// told all the same.
func (q *queue) add(fact events.Fact) (asked, house bool) {
	switch origins[fact.Name()] {
	case requested:
		return true, false
	case system:
		return true, true
	}
	if f, ok := fact.(*events.SeatReleased); ok {
		_, attempt, _ := events.CutHoldID(f.HoldID)
		return (attempt == 1 || q.closed[f.HoldID]) && f.Reason == events.ReleasedIncomplete, true
	}
	return false, false
}
