package projections

import (
	"context"
	"fmt"
	"time"

	"admitone/events"
)

// Team is the fold of one team's stream.
type Team struct {
	ID   string
	Name string
	// Revision and Position of the last event that the row contains.
	Revision events.Revision
	Position events.Position
	// Created is the store's time of the first event.
	Created time.Time
}

// Apply takes the next event of the team's stream in, as [Product.Apply] does.
func (t *Team) Apply(e *events.Recorded) error {
	fact, err := e.Decode()
	if err != nil {
		return err
	}
	return t.apply(e, fact)
}

func (t *Team) apply(e *events.Recorded, fact events.Fact) error {
	registered, isCreation := fact.(*events.TeamRegistered)
	if done, err := follows(e, fact, revisionOf(t.ID != "", t.Revision), isCreation); done || err != nil {
		return err
	}
	if !isCreation {
		return fmt.Errorf("%w: position %d: a %s in %s", ErrViolated, e.Position, fact.Name(), e.Stream)
	}
	*t = Team{ID: e.Stream.Entity(), Name: registered.DisplayName, Revision: e.Revision, Position: e.Position, Created: e.Created}
	return nil
}

func appendTeam(dst []byte, t *Team) []byte {
	dst = appendString(dst, t.Name)
	dst = appendInt(appendInt(dst, int64(t.Revision)), int64(t.Position))
	return appendTime(dst, t.Created)
}

func decodeTeam(id string, record []byte) (Team, error) {
	r := reader{rest: record}
	t := Team{ID: id, Name: r.str(), Revision: events.Revision(r.int()), Position: events.Position(r.int()), Created: r.time()}
	return t, r.done()
}

// TeamAt folds a team up to a position; nil if it did not exist by then.
// Errors: those of [Team.Apply]; the store's.
func TeamAt(ctx context.Context, store events.Store, id string, position events.Position) (*Team, error) {
	return rowAt(ctx, store, events.NewStreamID(teamCategory, id), position, (*Team).Apply)
}
