package demand

import (
	"fmt"
	"iter"
	"time"

	"admitone/events"
)

// Wish is something that somebody asked for.
type Wish struct {
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
	// House says that nobody asked for it. It is told for whoever needs it: the moment of
	// a waiting room's round; a seat that was held for a moment for a booking that could
	// not have all it wanted, and was refused; a deadline that has passed.
	House bool
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
func Of(log iter.Seq2[events.Recorded, error], refused []Wish) iter.Seq2[Wish, error] {
	return func(yield func(Wish, error) bool) {
		q, no := queue{}, newRefusals(refused)
		for e, err := range log {
			if err == nil {
				err = no.before(&e, &q)
			}
			if err == nil {
				err = q.take(&e)
			}
			if err != nil {
				yield(Wish{}, err)
				return
			}
			if !q.give(yield, maxWaiting) {
				return
			}
		}
		no.rest(&q)
		q.paying = nil // what has no outcome now is not to get one
		q.give(yield, 0)
	}
}

// queue holds wishes back whose outcome, or that of one before, the log has not come
// to yet.
type queue struct {
	wishes []Wish
	first  uint64                     // the number of wishes[0]
	paying map[events.StreamID]uint64 // the number of a booking's payment
}

func (q *queue) take(e *events.Recorded) error {
	fact, err := e.Decode()
	if err != nil {
		return fmt.Errorf("%w: position %d: %w", events.ErrDamaged, e.Position, err)
	}
	switch f := fact.(type) {
	case *events.BookingBooked:
		q.paid(e.Stream, "")
	case *events.BookingPaymentFailed:
		q.paid(e.Stream, string(f.Reason))
	}
	asked, house := wished(fact)
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
		q.paying[e.Stream] = q.first + uint64(len(q.wishes))
	}
	q.wishes = append(q.wishes, Wish{Fact: fact, Stream: e.Stream, Position: e.Position, At: meta.At,
		Actor: meta.Actor, RequestID: meta.CorrelationID, House: house})
	return nil
}

// paid notes how the payment of a booking has ended.
func (q *queue) paid(booking events.StreamID, refused string) {
	number, ok := q.paying[booking]
	delete(q.paying, booking)
	if ok && number >= q.first {
		q.wishes[number-q.first].Refused = refused
	}
}

// give yields the wishes from the front that have an outcome, and all but the last
// most. It returns false when nobody wants more.
func (q *queue) give(yield func(Wish, error) bool, most int) bool {
	for len(q.wishes) > 0 {
		w := q.wishes[0]
		if number, open := q.paying[w.Stream]; open && number == q.first && len(q.wishes) <= most {
			return true
		}
		q.wishes, q.first = q.wishes[1:], q.first+1
		if !yield(w, nil) {
			return false
		}
	}
	return true
}

// wished says whether a fact answers a wish, or is the house's own doing that has to be
// told all the same.
func wished(fact events.Fact) (asked, house bool) {
	switch f := fact.(type) {
	case *events.ProductCreated, *events.ProductEdited, *events.ProductReserved, *events.ProductHeld,
		*events.ProductConfirmed, *events.ProductReleased,
		*events.TeamRegistered, *events.TournamentCreated, *events.TournamentEdited, *events.TournamentEntered,
		*events.TournamentWaitlisted, *events.TournamentWithdrawn,
		*events.PerformanceCreated, *events.SeatBlocked, *events.SeatUnblocked,
		*events.BookingHeld, *events.BookingExtended, *events.BookingPaymentStarted, *events.BookingReleased,
		*events.WalletCharged,
		*events.WaitingRoomOpened, *events.WaitingRoomChanged, *events.WaitingRoomJoined, *events.WaitingRoomLeft,
		*events.WaitingRoomDropped, *events.WaitingRoomFinished, *events.WaitingRoomShuffled:
		return true, false
	case *events.WaitingRoomAdmitted, *events.ProductExpired, *events.BookingExpired:
		return true, true
	case *events.SeatReleased:
		_, attempt, _ := events.CutHoldID(f.HoldID)
		return attempt == 1 && f.Reason == events.ReleasedIncomplete, true
	}
	return false, false
}
