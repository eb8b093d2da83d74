package events

import "time"

func init() {
	register[CursorTaken]()
	register[CursorMoved]()
}

// CursorTaken records which server advances a cursor from now on. A cursor is the position of a reader of the log that
// acts outside the log, for example by sending webhooks. Its facts are in the stream of the entity that it serves.
type CursorTaken struct {
	// Term counts the takeovers of a cursor, from 1. Writes under an earlier term are refused.
	Term int64 `json:"term"`
	// Node is the server's name.
	Node string `json:"node"`
	// Log is the epoch of the log that positions refer to from here on; see [Store]. It is "" in older facts.
	Log string `json:"log,omitzero"`
	// Copied means that the earlier facts were made in a different log, which has the same events at other positions.
	// Reached is then the position in this log up to which everything is processed, and a recorded failure is void.
	Copied  bool     `json:"copied,omitzero"`
	Reached Position `json:"reached,omitzero"`
	CursorMark
}

// CursorMark identifies the last of this system's events that is processed, along with all before it. Unlike a
// position, it is valid in every copy of the log. It is zero if nothing was processed, and in older facts.
type CursorMark struct {
	Stream   StreamID `json:"stream,omitzero"`
	Revision Revision `json:"revision,omitzero"`
}

func (*CursorTaken) Name() string { return "cursor.taken.v1" }

// CursorMoved records progress and failures: at most once a second, and not while the cursor is idle.
type CursorMoved struct {
	Term int64 `json:"term"`
	// Reached is the position up to which everything is processed.
	Reached Position `json:"reached"`
	// NextAt is the time of the next attempt, or the deadline of the one in progress.
	NextAt time.Time `json:"next_at,omitzero"`
	// CursorFailure describes the event that has been failing the longest, zero for none.
	CursorFailure
	CursorMark
}

// CursorFailure describes an event whose processing has failed so far.
type CursorFailure struct {
	// Failing is the event's position.
	Failing Position `json:"failing,omitzero"`
	// Failures is the number of failed attempts; Since is the time of the first.
	Failures int64     `json:"failures,omitzero"`
	Since    time.Time `json:"since,omitzero"`
	// Error is the error of the last attempt.
	Error string `json:"error,omitzero"`
}

func (*CursorMoved) Name() string { return "cursor.moved.v1" }
