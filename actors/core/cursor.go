package core

import (
	"fmt"

	"admitone/events"
)

// Cursor is how far something has come that follows the log and does something outside for its
// events; it is part of the state of the entity that the work belongs to. Package actors/cursor does
// such work. A core passes on to it [TakeCursor] and [MoveCursor], and the facts of those.
//
// Of several servers, one works: the one that took the cursor last. Every write names the term under
// which it was made, so those of a server that does not know yet that another has taken over are
// refused. What both do meanwhile happens twice outside, and has to be one there, by the event's id.
type Cursor struct {
	// Term counts the takeovers, Node is the server of the last, "" if the term belongs to none.
	Term int64
	Node string
	// Moved is the last word on how far it has come.
	events.CursorMoved
}

// TakeCursor takes a cursor over. Refusal: stale_revision, unless Term is that of the cursor plus
// one.
type TakeCursor struct {
	Term int64
	Node string
}

// MoveCursor notes how far the work has come. It does nothing if that is known. Refusal:
// stale_revision, unless it was made under the cursor's term.
type MoveCursor struct{ events.CursorMoved }

// Decide decides a command about the cursor; ok is false for any other.
func (c *Cursor) Decide(cmd Command) (facts []events.Fact, err error, ok bool) {
	switch cmd := cmd.(type) {
	case *TakeCursor:
		if cmd.Term != c.Term+1 {
			return nil, c.stale(), true
		}
		return []events.Fact{&events.CursorTaken{Term: cmd.Term, Node: cmd.Node}}, nil, true
	case *MoveCursor:
		facts, err := c.Move(&cmd.CursorMoved)
		return facts, err, true
	}
	return nil, nil, false
}

// Move is the decision on a [MoveCursor], for commands that contain one.
func (c *Cursor) Move(to *events.CursorMoved) ([]events.Fact, error) {
	switch {
	case to.Term != c.Term || c.Node == "":
		return nil, c.stale()
	case to.Reached < c.Reached:
		panic(fmt.Sprintf("cursor: moved back from %d to %d", c.Reached, to.Reached))
	case to.Reached == c.Reached && to.NextAt.Equal(c.NextAt) && to.CursorFailure == c.CursorFailure:
		return nil, nil
	}
	moved := *to
	return []events.Fact{&moved}, nil
}

func (c *Cursor) stale() *Refusal {
	return &Refusal{Code: CodeStaleRevision, Detail: "the cursor has been taken over or moved back",
		Fields: Fields{"term": c.Term}}
}

// Evolve takes a fact about the cursor in, and reports whether it was one. It panics at one that
// can't be; see [Core].
func (c *Cursor) Evolve(fact events.Fact) bool {
	switch f := fact.(type) {
	case *events.CursorTaken:
		if f.Term != c.Term+1 {
			panic(fmt.Sprintf("cursor: term %d follows term %d", f.Term, c.Term))
		}
		c.Term, c.Node = f.Term, f.Node
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

// Rewind moves the cursor back, or on, in a term of nobody's: what is under way is refused.
func (c *Cursor) Rewind(term int64, to events.Position) {
	*c = Cursor{Term: term, CursorMoved: events.CursorMoved{Reached: to}}
}

// Forgive forgets what has failed: whoever works tries again at once.
func (c *Cursor) Forgive() {
	c.CursorMoved = events.CursorMoved{Term: c.CursorMoved.Term, Reached: c.Reached}
}
