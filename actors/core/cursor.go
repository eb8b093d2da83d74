package core

import (
	"fmt"

	"admitone/events"
)

// Cursor is the progress of a follower of the log that causes external side effects. It is part of
// the state of the entity that owns the work, whose core delegates [TakeCursor], [MoveCursor] and
// their facts to it. Package actors/cursor runs such followers.
//
// Of several servers, the last to take the cursor does the work. Every write names the term under
// which it was made, so that a server that has not learnt of a takeover is refused. Until it learns
// of the takeover, both may do the same work; the receiver must deduplicate by the event's id.
type Cursor struct {
	// Term counts the takeovers and rewinds. Node is the server that does the work, "" after a rewind.
	Term int64
	Node string
	// Log identifies the log to which the positions belong, "" if unknown.
	Log string
	// CursorMoved is the newest recorded progress.
	events.CursorMoved
}

// TakeCursor takes a cursor over, and states its position in the current log. Refusal:
// stale_revision, unless Term is that of the cursor plus one.
type TakeCursor struct{ events.CursorTaken }

// MoveCursor records progress. No-op if the same progress is recorded already. Refusal:
// stale_revision, unless Term is that of the cursor.
type MoveCursor struct{ events.CursorMoved }

// Decide decides a command about the cursor; ok is false for any other command.
func (c *Cursor) Decide(cmd Command) (facts []events.Fact, err error, ok bool) {
	switch cmd := cmd.(type) {
	case *TakeCursor:
		if cmd.Term != c.Term+1 {
			return nil, c.stale(), true
		}
		taken := cmd.CursorTaken
		return []events.Fact{&taken}, nil, true
	case *MoveCursor:
		facts, err := c.Move(&cmd.CursorMoved)
		return facts, err, true
	}
	return nil, nil, false
}

// Move decides a [MoveCursor]. Cores call it for their own commands that contain one.
func (c *Cursor) Move(to *events.CursorMoved) ([]events.Fact, error) {
	switch {
	case to.Term != c.Term || c.Node == "":
		return nil, c.stale()
	case to.Reached < c.Reached:
		panic(fmt.Sprintf("cursor: moved back from %d to %d", c.Reached, to.Reached))
	case to.Reached == c.Reached && to.NextAt.Equal(c.NextAt) && to.CursorFailure == c.CursorFailure &&
		to.CursorMark == c.CursorMark:
		return nil, nil
	}
	moved := *to
	return []events.Fact{&moved}, nil
}

func (c *Cursor) stale() *Refusal {
	return &Refusal{Code: CodeStaleRevision, Detail: "the cursor has been taken over or moved back",
		Fields: Fields{"term": c.Term}}
}

// Evolve applies a fact about the cursor and returns true; it returns false for any other fact. It
// panics at an impossible fact; see [Core].
func (c *Cursor) Evolve(fact events.Fact) bool {
	switch f := fact.(type) {
	case *events.CursorTaken:
		if f.Term != c.Term+1 {
			panic(fmt.Sprintf("cursor: term %d follows term %d", f.Term, c.Term))
		}
		c.Term, c.Node, c.Log = f.Term, f.Node, f.Log
		if f.Copied {
			c.CursorMoved = events.CursorMoved{Term: c.CursorMoved.Term, Reached: f.Reached}
		}
		if f.CursorMark != (events.CursorMark{}) {
			c.CursorMark = f.CursorMark
		}
	case *events.CursorMoved:
		if f.Term != c.Term || f.Reached < c.Reached {
			panic(fmt.Sprintf("cursor: term %d at %d follows term %d at %d", f.Term, f.Reached, c.Term, c.Reached))
		}
		c.CursorMoved = *f
	default:
		return false
	}
	return true
}

// Rewind moves the cursor back or forward under a new term without a server, so that writes of the
// current server are refused.
func (c *Cursor) Rewind(term int64, to events.Position) {
	*c = Cursor{Term: term, CursorMoved: events.CursorMoved{Reached: to}}
}

// ClearFailure clears the recorded failure, so that the work is retried immediately.
func (c *Cursor) ClearFailure() {
	c.CursorMoved = events.CursorMoved{Term: c.CursorMoved.Term, Reached: c.Reached, CursorMark: c.CursorMark}
}
