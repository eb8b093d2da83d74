package demand

import (
	"fmt"
	"iter"
	"time"

	"admitone/events"
)

// Request is a request whose decision is in the log.
type Request struct {
	// Fact is the fact that records the decision. It is events.BookingPaymentStarted for a payment
	// by wallet and events.PaymentReceived for an external payment, with any outcome. It is
	// events.RefusalRecorded for a refusal.
	Fact   events.Fact
	Stream events.StreamID
	// Position is the position of Fact or, for a refusal, of the fact on which it was decided.
	Position events.Position
	// At is the time of the decision.
	At time.Time
	// Actor and RequestID are those of the caller's request.
	Actor, RequestID string
	// Refused is the code of the refusal, "" if the request was granted.
	Refused string
	// System means that no caller made the request, but later decisions depend on its time. It is a
	// round of a waiting room, an expiry, or the release of a seat held for an attempt that failed to
	// get all its seats.
	System bool
	// Transient means that the request was refused because of a brief hold, by an attempt that failed to get all
	// its seats.
	Transient bool

	beforeNextOf []events.StreamID // for a refusal: streams before whose next fact it is emitted
}

// maxWaiting bounds the requests that wait for the outcome of an earlier payment.
const maxWaiting = 100_000

// Of yields the requests recorded in log, whose events are in order of position, merged with the result of [Refused]
// in the order of decision. A payment whose outcome is not in log, or comes more than maxWaiting requests
// later, is yielded as granted. Errors: the log's; events.ErrDamaged for events that can't be decoded.
func Of(log iter.Seq2[events.Recorded, error], refused []Request) iter.Seq2[Request, error] {
	return func(yield func(Request, error) bool) {
		q, refusals := queue{}, newRefusals(refused)
		for e, err := range log {
			if err == nil {
				err = refusals.before(&e, &q)
			}
			if err == nil {
				err = q.apply(&e)
			}
			if err != nil {
				yield(Request{}, err)
				return
			}
			if !q.emit(yield, maxWaiting) {
				return
			}
		}
		refusals.flush(&q)
		q.paying = nil // the log has no more outcomes
		q.emit(yield, 0)
	}
}

// queue holds requests until their outcomes, and those of all earlier requests, are known.
type queue struct {
	requests []Request
	first    uint64                     // number of requests[0]
	paying   map[events.StreamID]uint64 // number of the request of a booking's payment in progress
	closed   map[events.HoldID]bool     // hold ids of abandoned attempts
}

func (q *queue) apply(e *events.Recorded) error {
	fact, err := e.Decode()
	if err != nil {
		return fmt.Errorf("%w: position %d: %w", events.ErrDamaged, e.Position, err)
	}
	switch f := fact.(type) {
	case *events.BookingBooked:
		q.paymentEnded(e.Stream, "")
	case *events.BookingPaymentFailed:
		q.paymentEnded(e.Stream, string(f.Reason))
	case *events.BookingAbandoned:
		if q.closed == nil {
			q.closed = map[events.HoldID]bool{}
		}
		q.closed[events.NewHoldID(f.BookingID, f.Attempt)] = true
	}
	emitted, bySystem := q.origin(fact)
	if !emitted {
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
		q.paying[e.Stream] = q.first + uint64(len(q.requests))
	}
	q.requests = append(q.requests, Request{Fact: fact, Stream: e.Stream, Position: e.Position, At: meta.At,
		Actor: meta.Actor, RequestID: meta.CorrelationID, System: bySystem})
	return nil
}

// paymentEnded records the outcome of a booking's payment; refused is "" for success.
func (q *queue) paymentEnded(booking events.StreamID, refused string) {
	number, ok := q.paying[booking]
	delete(q.paying, booking)
	if ok && number >= q.first {
		q.requests[number-q.first].Refused = refused
	}
}

// emit yields the requests at the front whose outcomes are known, and others if more than limit are queued. It
// returns false if the consumer stopped.
func (q *queue) emit(yield func(Request, error) bool, limit int) bool {
	for len(q.requests) > 0 {
		request := q.requests[0]
		if number, open := q.paying[request.Stream]; open && number == q.first && len(q.requests) <= limit {
			return true
		}
		q.requests, q.first = q.requests[1:], q.first+1
		if !yield(request, nil) {
			return false
		}
	}
	return true
}

// origin reports whether a fact is emitted as a request, and whether as one of the system.
func (q *queue) origin(fact events.Fact) (emitted, bySystem bool) {
	switch origins[fact.Name()] {
	case requested:
		return !isConsequence(fact), false
	case system:
		return true, true
	}
	if f, ok := fact.(*events.SeatReleased); ok {
		_, attempt, _ := events.CutHoldID(f.HoldID)
		return (attempt == 1 || q.closed[f.HoldID]) && f.Reason == events.ReleasedIncomplete, true
	}
	return false, false
}
