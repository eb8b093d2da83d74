package projections

import (
	"context"
	"fmt"
	"time"

	"admitone/events"
)

// OneSeat is where a single seat stands, and whose it is: the fold of its stream.
type OneSeat struct {
	PerformanceID, Name string
	Status              events.SeatStatus
	// Holder and HoldID of whoever holds it or has booked it.
	Holder, HoldID string
	// ExpiresAt is the last moment of a hold, zero for a seat that is not held.
	ExpiresAt time.Time
	// Revision and Position of the last event; events.NoStream and 0 for a seat that
	// nobody ever touched.
	Revision events.Revision
	Position events.Position
	// Updated is the store's time of the last event.
	Updated time.Time
}

// BookingID is the booking that has the seat, "" if none has.
func (s *OneSeat) BookingID() string {
	id, _, _ := events.CutHoldID(s.HoldID)
	return id
}

// SeatAt folds one seat, <performance>~<seat>, up to a position; nil if its
// performance did not exist by then or has no such seat. Errors: [ErrViolated]; those
// of [events.Recorded.Decode]; the store's.
func SeatAt(ctx context.Context, store events.Store, id string, position events.Position) (*OneSeat, error) {
	performanceID, name := events.CutPerformance(id)
	of, err := rowAt(ctx, store, events.NewStreamID(performanceCategory, performanceID), position, (*Performance).create)
	if err != nil || of == nil {
		return nil, err
	}
	if _, _, ok := of.layout.find(name); !ok {
		return nil, nil
	}
	seat, err := rowAt(ctx, store, events.NewStreamID(seatCategory, id), position, (*OneSeat).apply)
	if err != nil {
		return nil, err
	}
	if seat == nil {
		seat = &OneSeat{Status: events.SeatIsFree, Revision: events.NoStream}
	}
	seat.PerformanceID, seat.Name = performanceID, name
	return seat, nil
}

func (s *OneSeat) apply(e *events.Recorded) error {
	fact, err := e.Decode()
	if err != nil {
		return err
	}
	step, ok := stepOf(fact)
	if !ok {
		return fmt.Errorf("%w: position %d: a %s in %s", ErrViolated, e.Position, fact.Name(), e.Stream)
	}
	next := OneSeat{Status: step.to.status(), Revision: e.Revision, Position: e.Position, Updated: e.Created}
	if next.Status == events.SeatIsHeld || next.Status == events.SeatIsBooked {
		next.Holder, next.HoldID = s.Holder, step.holdID
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

// Allowance is what one holder has taken of one performance that has a limit: the
// fold of its stream.
type Allowance struct {
	PerformanceID, Holder string
	// Taken seats, those held included.
	Taken int64
	// Revision and Position of the last event, and the store's time of it.
	Revision events.Revision
	Position events.Position
	Updated  time.Time
}

// AllowanceAt folds an allowance, <performance>~<holder>, up to a position; nil if
// nothing had been taken by then. Errors: [ErrViolated]; those of
// [events.Recorded.Decode]; the store's.
func AllowanceAt(ctx context.Context, store events.Store, id string, position events.Position) (*Allowance, error) {
	a, err := rowAt(ctx, store, events.NewStreamID(allowanceCategory, id), position, (*Allowance).apply)
	if a != nil {
		a.PerformanceID, a.Holder = events.CutPerformance(id)
	}
	return a, err
}

func (a *Allowance) apply(e *events.Recorded) error {
	fact, err := e.Decode()
	if err != nil {
		return err
	}
	switch f := fact.(type) {
	case *events.AllowanceTaken:
		a.Taken = f.Taken
	case *events.AllowanceReleased:
		a.Taken = f.Taken
	case *events.AllowanceExpired:
		a.Taken = f.Taken
	case *events.AllowanceKept, *events.AllowanceExtended: // as many as before
	default:
		return fmt.Errorf("%w: position %d: a %s in %s", ErrViolated, e.Position, fact.Name(), e.Stream)
	}
	a.Revision, a.Position, a.Updated = e.Revision, e.Position, e.Created
	return nil
}
