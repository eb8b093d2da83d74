package row

import (
	"context"
	"fmt"
	"time"

	"admitone/events"
)

// OneSeat is the fold of a single seat's stream.
type OneSeat struct {
	PerformanceID events.PerformanceID
	Name          events.SeatName
	Status        events.SeatStatus
	// Holder has held or booked the seat, under HoldID; both are "" for a free or blocked seat.
	Holder events.Holder
	HoldID events.HoldID
	// ExpiresAt is the deadline of a hold, zero for a seat that is not held.
	ExpiresAt time.Time
	// Revision and Position of the last event; events.NoStream and 0 for a seat without events.
	Revision events.Revision
	Position events.Position
	// Updated is the store's time of the last event.
	Updated time.Time
}

// BookingID returns the id of the booking that holds or has booked the seat, "" for none.
func (s *OneSeat) BookingID() events.BookingID {
	id, _, _ := events.CutHoldID(s.HoldID)
	return id
}

// SeatAt folds the seat with the id <performance>~<seat> up to a position; nil if the performance did
// not exist by then or has no such seat. Errors: [ErrViolated]; those of [events.Recorded.Decode]; the
// store's.
func SeatAt(ctx context.Context, store events.Store, id string, position events.Position) (*OneSeat, error) {
	performanceID, name := events.CutPerformance(id)
	performance, err := performanceAt(ctx, store, performanceID, position)
	if err != nil || performance == nil {
		return nil, err
	}
	if _, ok := performance.Layout.Find(events.SeatName(name)); !ok {
		return nil, nil
	}
	seat, err := foldAt(ctx, store, events.NewStreamID(events.SeatCategory, id), position, (*OneSeat).apply)
	if err != nil {
		return nil, err
	}
	if seat == nil {
		seat = &OneSeat{Status: events.SeatIsFree, Revision: events.NoStream}
	}
	seat.PerformanceID, seat.Name = performanceID, events.SeatName(name)
	return seat, nil
}

func (s *OneSeat) apply(e *events.Recorded) error {
	fact, err := e.Decode()
	if err != nil {
		return err
	}
	step, ok := StepOf(fact)
	if !ok {
		return fmt.Errorf("%w: position %d: a %s in %s", ErrViolated, e.Position, fact.Name(), e.Stream)
	}
	next := OneSeat{Status: step.To.Status(), Revision: e.Revision, Position: e.Position, Updated: e.Created}
	if next.Status == events.SeatIsHeld || next.Status == events.SeatIsBooked {
		next.Holder, next.HoldID = s.Holder, events.HoldOf(fact)
	}
	switch f := fact.(type) {
	case *events.SeatHeld:
		next.Holder, next.ExpiresAt = f.Holder, f.ExpiresAt
	case *events.SeatExtended:
		next.ExpiresAt = f.ExpiresAt
	}
	*s = next
	return nil
}
