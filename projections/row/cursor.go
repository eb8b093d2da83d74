package row

import (
	"context"
	"fmt"
	"strings"
	"time"

	"admitone/events"
)

// Cursor is the fold of one cursor that is not part of another entity's stream.
type Cursor struct {
	ID string
	// Term is the number of takeovers, Node the server that took over last.
	Term int64
	Node string
	// Reached is the position up to which everything is processed.
	Reached events.Position
	// CursorFailure describes the event that has been failing the longest, zero for none.
	events.CursorFailure
	// NextAt is the earliest time of the next attempt, zero for none.
	NextAt time.Time
	// Revision and Position of the last event that the row contains.
	Revision events.Revision
	Position events.Position
	// Created and Updated are the store's times of the first and last event.
	Created, Updated time.Time
}

// Apply applies the next event of the cursor's stream, as [Product.Apply] does.
func (c *Cursor) Apply(e *events.Recorded) error {
	fact, err := e.Decode()
	if err != nil {
		return err
	}
	return c.ApplyFact(e, fact)
}

// ApplyFact is Apply for an event whose fact has been decoded.
func (c *Cursor) ApplyFact(e *events.Recorded, fact events.Fact) error {
	taken, isTaken := fact.(*events.CursorTaken)
	isCreation := isTaken && taken.Term == 1
	if done, err := CheckNext(e, fact, revisionOf(c.ID != "", c.Revision), isCreation); done || err != nil {
		return err
	}
	moved, isMoved := fact.(*events.CursorMoved)
	switch {
	case isCreation:
		*c = Cursor{ID: strings.Clone(e.Stream.Entity()), Term: taken.Term, Node: taken.Node, Created: e.Created}
	case isTaken && taken.Term == c.Term+1:
		if c.Term, c.Node = taken.Term, taken.Node; taken.Copied {
			c.Reached, c.CursorFailure, c.NextAt = taken.Reached, events.CursorFailure{}, time.Time{}
		}
	case isMoved && moved.Term == c.Term && moved.Reached >= c.Reached:
		c.Reached, c.CursorFailure, c.NextAt = moved.Reached, moved.CursorFailure, moved.NextAt
	default:
		return fmt.Errorf("%w: position %d: a %s in %s", ErrViolated, e.Position, fact.Name(), e.Stream)
	}
	c.Revision, c.Position, c.Updated = e.Revision, e.Position, e.Created
	return nil
}

// AppendCursor appends the record of a cursor: all but the id.
func AppendCursor(dst []byte, c *Cursor) []byte {
	dst = AppendString(AppendString(dst, c.Node), c.Error)
	for _, n := range [...]int64{c.Term, int64(c.Reached), int64(c.Failing), c.Failures, int64(c.Revision),
		int64(c.Position)} {
		dst = AppendInt(dst, n)
	}
	dst = AppendTime(AppendTime(dst, c.Since), c.NextAt)
	return AppendTime(AppendTime(dst, c.Created), c.Updated)
}

// DecodeCursor reads what [AppendCursor] wrote. Error: [ErrRecord].
func DecodeCursor(id string, record []byte) (Cursor, error) {
	r := NewReader(record)
	c := Cursor{ID: id, Node: r.Text()}
	c.Error = r.Text()
	c.Term, c.Reached, c.Failing = r.Int(), events.Position(r.Int()), events.Position(r.Int())
	c.Failures, c.Revision, c.Position = r.Int(), events.Revision(r.Int()), events.Position(r.Int())
	c.Since, c.NextAt, c.Created, c.Updated = r.Time(), r.Time(), r.Time(), r.Time()
	return c, r.Done()
}

// CursorAt folds a cursor up to a position; nil if it had no event by then. Errors: those of
// [Cursor.Apply]; the store's.
func CursorAt(ctx context.Context, store events.Store, id string, position events.Position) (*Cursor, error) {
	return foldAt(ctx, store, events.NewStreamID(events.CursorCategory, id), position, (*Cursor).Apply)
}
