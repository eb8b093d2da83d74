package core

import (
	"io"
	"time"

	"admitone/events"
)

// Command is a request to an entity: a pointer to one of the command structs of the
// entity's core, with everything in it that the rules may look at
// but can't make themselves (ids, prices).
type Command any

// Core holds the state and the rules of one entity. It is used by one goroutine
// at a time; only what Freeze returns may be used beside it.
type Core interface {
	// Decide returns the facts that cmd leads to at the time now, or a [*Refusal].
	// It changes nothing. No facts and no refusal means that there was nothing
	// left to do. The shell has evolved every deadline up to now before it asks;
	// see NextDeadline.
	Decide(cmd Command, now time.Time) ([]events.Fact, error)

	// Evolve takes a fact in. It never fails: a fact that can't be is a damaged
	// log, and it panics, which the shell turns into an entity out of service.
	Evolve(fact events.Fact)

	// NextDeadline is the earliest moment after which something expires by itself,
	// zero if nothing does. While it lies before now, the shell decides [Expire]
	// before anything else.
	NextDeadline() time.Time

	// Freeze returns a function that writes the state as it is now. It costs next
	// to nothing; the function may run on another goroutine while the core goes
	// on. Freeze is not called again before the function has returned.
	Freeze() func(io.Writer) error

	// Restore replaces the state of a fresh core by what such a function wrote.
	// An error leaves the core unusable; the shell starts over from the log.
	Restore(io.Reader) error
}

// Edited is a core whose edits can name the newest edit in place of the newest fact.
type Edited interface {
	// EditRevision is the revision of the newest fact that states the members that can be
	// edited; the creation counts.
	EditRevision() events.Revision
}

// Kind is one kind of entity: where its streams are, and its rules.
type Kind struct {
	// Category of its streams.
	Category string
	// New makes the core of an entity without facts.
	New func() Core
	// SnapshotVersion is that of what Freeze writes. A snapshot of another version is
	// not read.
	SnapshotVersion uint32
}

// Expire asks a core to let go of what has passed its deadline. Every core with
// deadlines decides it, a bounded number of them at a time.
type Expire struct{}

// Refusal is a business "no". It is a value: the same state and command give the
// same refusal, and nothing is written for it.
type Refusal struct {
	// Code is for programs.
	Code Code
	// Detail is for people and says what to do next.
	Detail string
	// Fields are further members of the answer, by their wire names.
	Fields Fields
}

// Error makes a refusal an error.
func (r *Refusal) Error() string { return string(r.Code) + ": " + r.Detail }

// Or returns what value points to, or otherwise if it is nil: a member of an edit
// that may leave it as it is.
func Or[T any](value *T, otherwise T) T {
	if value != nil {
		return *value
	}
	return otherwise
}
