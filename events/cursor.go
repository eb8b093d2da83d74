package events

import "time"

func init() {
	register[CursorTaken]()
	register[CursorMoved]()
}

// CursorTaken records which server works behind a cursor from now on. A cursor is how far a reader
// of the log has come that does something outside for its events; its facts are in the stream of
// the entity that the work belongs to.
type CursorTaken struct {
	// Term counts the takeovers of a cursor, from 1. What is written under an earlier one is
	// refused.
	Term int64 `json:"term"`
	// Node is the server's name, for people.
	Node string `json:"node"`
}

func (*CursorTaken) Name() string { return "cursor.taken.v1" }

// CursorMoved records how far the work has come, and what fails: at most one a second, and none
// while there is nothing to do.
type CursorMoved struct {
	Term int64 `json:"term"`
	// Reached is the position up to which everything is done.
	Reached Position `json:"reached"`
	// NextAt is the moment before which nothing more is to be expected: that of the next attempt,
	// or until when one may take.
	NextAt time.Time `json:"next_at,omitzero"`
	// CursorFailure is of the event that has failed longest, zero if none fails.
	CursorFailure
}

// CursorFailure is an event for which the work has failed so far.
type CursorFailure struct {
	// Failing is its position.
	Failing Position `json:"failing,omitzero"`
	// Failures counts its attempts, the first of which was at Since.
	Failures int64     `json:"failures,omitzero"`
	Since    time.Time `json:"since,omitzero"`
	// Error says why the last one failed.
	Error string `json:"error,omitzero"`
}

func (*CursorMoved) Name() string { return "cursor.moved.v1" }
