package row

import (
	"errors"
	"fmt"

	"admitone/events"
)

// ErrViolated means that an event contradicts earlier events or an invariant of the system: the log or the program is
// faulty.
var ErrViolated = errors.New("the log violates an invariant")

// CheckNext checks that an event is the next for a row whose last event has the revision at, which is events.NoStream
// before the first event. done is true for an event that the row already contains and that must not be applied again.
//
// Errors: [ErrViolated] for a gap, for a creation that is not the first event, and for a first event that is no
// creation.
func CheckNext(e *events.Recorded, fact events.Fact, at events.Revision, isCreation bool) (done bool, err error) {
	switch {
	case e.Revision <= at:
		return true, nil
	case e.Revision != at+1:
		return false, fmt.Errorf("%w: position %d: %s goes from revision %d to %d", ErrViolated, e.Position, e.Stream, at,
			e.Revision)
	case isCreation != (at == events.NoStream):
		return false, fmt.Errorf("%w: position %d: %s@%d is a %s", ErrViolated, e.Position, e.Stream, e.Revision, fact.Name())
	}
	return false, nil
}

// revisionOf returns the revision of an existing row, else events.NoStream.
func revisionOf(exists bool, at events.Revision) events.Revision {
	if !exists {
		return events.NoStream
	}
	return at
}
