package row

import (
	"context"
	"fmt"
	"time"

	"admitone/events"
)

// Allowance counts the seats and places of one holder at one performance that has a limit per holder. It is the fold
// of the allowance's stream.
type Allowance struct {
	PerformanceID events.PerformanceID
	Holder        string
	// Taken is the number of held and booked seats and places.
	Taken int64
	// Revision, Position and store's time of the last event.
	Revision events.Revision
	Position events.Position
	Updated  time.Time
}

// AllowanceAt folds the allowance with the id <performance>~<holder> up to a position; nil if it had no
// event by then. Errors: [ErrViolated]; those of [events.Recorded.Decode]; the store's.
func AllowanceAt(ctx context.Context, store events.Store, id string, position events.Position) (*Allowance, error) {
	a, err := foldAt(ctx, store, events.NewStreamID(events.AllowanceCategory, id), position, (*Allowance).apply)
	if a != nil {
		performance, holder := events.CutPerformance(id)
		a.PerformanceID, a.Holder = performance, holder
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
	case *events.AllowanceReduced:
		a.Taken = f.Taken
	case *events.AllowanceExpired:
		a.Taken = f.Taken
	case *events.AllowanceKept, *events.AllowanceExtended: // the number does not change
	default:
		return fmt.Errorf("%w: position %d: a %s in %s", ErrViolated, e.Position, fact.Name(), e.Stream)
	}
	a.Revision, a.Position, a.Updated = e.Revision, e.Position, e.Created
	return nil
}
