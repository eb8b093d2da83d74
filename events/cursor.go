package events

import "time"

func init() {
	register[CursorTaken]()
	register[CursorMoved]()
}

// CursorTaken records which server processes a cursor from now on. A cursor is the position of a reader of the log that
// acts outside of it, for example by sending webhooks. Its facts are in the stream of the entity that it serves.
type CursorTaken struct {
	// Term counts the takeovers of a cursor, from 1. A write under an earlier one is
	// refused.
	Term int64 `json:"term"`
	// Node is the server's name.
	Node string `json:"node"`
	// Log identifies the log that positions refer to from here on; "" in facts without it.
	Log string `json:"log,omitzero"`
	// Copied means that the facts before were made in a different log, which has the same events at other positions.
	// Reached is then the position here up to which everything is processed, and any failure is forgotten.
	Copied  bool     `json:"copied,omitzero"`
	Reached Position `json:"reached,omitzero"`
	CursorMark
}

// CursorMark names the last event of this system up to which everything is processed, which is the same event in every
// copy of the log. It is zero where nothing was processed, and in older facts.
type CursorMark struct {
	Stream   StreamID `json:"stream,omitzero"`
	Revision Revision `json:"revision,omitzero"`
}

func (*CursorTaken) Name() string { return "cursor.taken.v1" }

// CursorMoved records the progress of the processing and its failures: at most once a second, and not while it is idle.
type CursorMoved struct {
	Term int64 `json:"term"`
	// Reached is the position up to which everything is processed.
	Reached Position `json:"reached"`
	// NextAt is the earliest time of the next action: of the next attempt, or the deadline of one in progress.
	NextAt time.Time `json:"next_at,omitzero"`
	// CursorFailure describes the event that has failed longest, zero for none.
	CursorFailure
	CursorMark
}

// CursorFailure describes an event whose processing has failed so far.
type CursorFailure struct {
	// Failing is its position.
	Failing Position `json:"failing,omitzero"`
	// Failures counts its attempts since the first at Since.
	Failures int64     `json:"failures,omitzero"`
	Since    time.Time `json:"since,omitzero"`
	// Error of the last attempt.
	Error string `json:"error,omitzero"`
}

func (*CursorMoved) Name() string { return "cursor.moved.v1" }
