package row

import (
	"errors"
	"fmt"

	"admitone/events"
)

// ErrViolated means that an event contradicts earlier events or an invariant of the system: the log or the program is
// faulty.
var ErrViolated = errors.New("the log violates an invariant")

// CheckNext checks that an event is the next one for a row whose last event has the revision last; last is
// events.NoStream before the first event. done is true for an event that the row already contains and that must not be
// applied again.
//
// Errors: [ErrViolated] for a gap, for a creation that is not the first event, and for a first event that is no
// creation.
func CheckNext(e *events.Recorded, fact events.Fact, last events.Revision, isCreation bool) (done bool, err error) {
	switch {
	case e.Revision <= last:
		return true, nil
	case e.Revision != last+1:
		return false, fmt.Errorf("%w: position %d: %s goes from revision %d to %d", ErrViolated, e.Position, e.Stream, last,
			e.Revision)
	case isCreation != (last == events.NoStream):
		return false, fmt.Errorf("%w: position %d: %s@%d is a %s", ErrViolated, e.Position, e.Stream, e.Revision, fact.Name())
	}
	return false, nil
}

// revisionOf returns the revision of an existing row, else events.NoStream.
func revisionOf(exists bool, last events.Revision) events.Revision {
	if !exists {
		return events.NoStream
	}
	return last
}
