package row

import (
	"errors"
	"fmt"

	"admitone/events"
)

// ErrViolated: an event contradicts the events before it, or one of the
// system's invariants. The log or the program is wrong; nothing is skipped.
var ErrViolated = errors.New("the log violates an invariant")

// CheckNext holds an event to the place behind a row, whose last event has the
// revision at, events.NoStream before the first. An event that the row contains
// already is done: it is to change nothing.
//
// Error: [ErrViolated]: there is a gap, or creation is not where it belongs.
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

// revisionOf is the revision of a row that exists, events.NoStream of another.
func revisionOf(exists bool, at events.Revision) events.Revision {
	if !exists {
		return events.NoStream
	}
	return at
}
