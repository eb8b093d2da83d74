package core

import (
	"io"
	"time"

	"admitone/events"
)

// Command is a request to an entity: a pointer to one of the command structs of the entity's core.
// It contains everything on which the rules depend and which they can't generate, such as ids and
// prices.
type Command any

// Core holds the state and the rules of one entity. One goroutine at a time uses it; only the
// function that Freeze returns may run concurrently.
type Core interface {
	// Decide returns the facts that cmd leads to at the time now, or a [*Refusal]. It changes
	// nothing. No facts and no refusal mean that cmd is a no-op. Before it calls Decide, the shell
	// expires every deadline before now; see NextDeadline.
	Decide(cmd Command, now time.Time) ([]events.Fact, error)

	// Evolve applies a fact. It panics at an impossible fact, which means that the log is damaged;
	// the shell then takes the entity out of service.
	Evolve(fact events.Fact)

	// NextDeadline is the earliest time after which something expires by itself, zero if nothing
	// does. While it is before now, the shell decides [Expire] before any other command.
	NextDeadline() time.Time

	// Freeze returns a function that writes the current state. Freeze itself is cheap; the function
	// may run on another goroutine while the core changes. Freeze is not called again before the
	// function has returned.
	Freeze() func(io.Writer) error

	// Restore sets the state of a new core from what the function returned by Freeze has written.
	// After an error the core is unusable, and the shell loads the entity from the log.
	Restore(io.Reader) error
}

// Edited is a core with a revision for edits: an edit may be based on the newest edit instead of
// the newest fact.
type Edited interface {
	// EditRevision is the revision of the newest fact with the editable members: the creation or
	// an edit.
	EditRevision() events.Revision
}

// Cloner is a core that can be copied, for entities that several processes may change at once: the
// copy saves reading the whole entity again after a conflict. An entity without Clone is read again.
type Cloner interface {
	// Clone returns an independent copy. It is cheap, as Freeze is.
	Clone() Core
}

// Kind is a kind of entity: the category of its streams, and its rules.
type Kind struct {
	// Category of its streams.
	Category string
	// New returns the core of an entity without facts.
	New func() Core
	// SnapshotVersion is the version of the format that Freeze writes. Snapshots of other versions
	// are ignored.
	SnapshotVersion uint32
}

// Expire ends the expired holds of a core, a bounded number at a time. Every core with deadlines
// decides it.
type Expire struct{}

// Refusal is the decision of the rules against a command. The same state and command give the same
// refusal, and no fact records it.
type Refusal struct {
	// Code identifies the reason.
	Code Code
	// Detail explains the reason to people, with the next step.
	Detail string
	// Fields are additional members of the answer, by their wire names.
	Fields Fields
}

// Error implements error.
func (r *Refusal) Error() string { return string(r.Code) + ": " + r.Detail }

// Or returns *value, or otherwise if value is nil. It is for optional members of an edit.
func Or[T any](value *T, otherwise T) T {
	if value != nil {
		return *value
	}
	return otherwise
}
