package row

import (
	"context"
	"fmt"
	"time"

	"admitone/events"
)

// Team is the fold of one team's stream.
type Team struct {
	ID   events.TeamID
	Name string
	// Owner is the holder who owns the team, "" for none.
	Owner events.Holder
	// Revision and Position of the last event that the row contains.
	Revision events.Revision
	Position events.Position
	// Created is the store's time of the first event.
	Created time.Time
}

// Apply applies the next event of the team's stream, as [Product.Apply] does.
func (t *Team) Apply(e *events.Recorded) error {
	fact, err := e.Decode()
	if err != nil {
		return err
	}
	return t.ApplyFact(e, fact)
}

// ApplyFact is Apply for an event whose fact has been decoded.
func (t *Team) ApplyFact(e *events.Recorded, fact events.Fact) error {
	registered, isCreation := fact.(*events.TeamRegistered)
	if done, err := CheckNext(e, fact, revisionOf(t.ID != "", t.Revision), isCreation); done || err != nil {
		return err
	}
	if !isCreation {
		return fmt.Errorf("%w: position %d: a %s in %s", ErrViolated, e.Position, fact.Name(), e.Stream)
	}
	*t = Team{
		ID:       events.TeamID(e.Stream.Entity()),
		Name:     registered.DisplayName,
		Owner:    registered.Owner,
		Revision: e.Revision,
		Position: e.Position,
		Created:  e.Created,
	}
	return nil
}

// AppendTeam appends the record of a team: all but the id.
func AppendTeam(dst []byte, t *Team) []byte {
	dst = AppendString(AppendString(dst, t.Name), string(t.Owner))
	dst = AppendInt(AppendInt(dst, int64(t.Revision)), int64(t.Position))
	return AppendTime(dst, t.Created)
}

// DecodeTeam reads what [AppendTeam] wrote. Error: [ErrRecord].
func DecodeTeam(id string, record []byte) (Team, error) {
	r := NewReader(record)
	t := Team{ID: events.TeamID(id), Name: r.Text(), Owner: events.Holder(r.Text()), Revision: events.Revision(r.Int()),
		Position: events.Position(r.Int()), Created: r.Time()}
	return t, r.Done()
}

// TeamAt folds a team up to a position; nil if it did not exist by then. Errors: those of [Team.Apply];
// the store's.
func TeamAt(ctx context.Context, store events.Store, id events.TeamID, position events.Position) (*Team, error) {
	return foldAt(ctx, store, events.NewStreamID(events.TeamCategory, string(id)), position, (*Team).Apply)
}
