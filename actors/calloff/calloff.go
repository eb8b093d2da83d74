package calloff

import (
	"encoding/json"
	"fmt"
	"io"
	"time"

	"admitone/actors/core"
	"admitone/events"
)

// Kind registers cancellations of performances, products and tournaments with the shell.
var Kind = core.Kind{Category: events.CallOffCategory, New: New, SnapshotVersion: snapshotVersion}

// snapshotVersion changes with the format that Freeze writes.
const snapshotVersion = 1

// Begin announces a cancellation. Idempotent, even with a different reason.
type Begin struct {
	// Of is the category of the cancelled entity, ID its id.
	Of, ID string
	// Reason is a text for display.
	Reason string
}

// Finish ends the sweep. Idempotent. Refusals: not_found, stale_revision (another server has taken over the
// sweep).
type Finish struct {
	// Term of the cursor under which the sweep was done.
	Term int64
	// Ended is the number of bookings, reservations or entries that were cancelled.
	Ended int64
}

// State is the state of a cancellation.
type State struct {
	// Of is "" before the cancellation has begun.
	Of, ID, Reason string
	Cursor         core.Cursor
	// Swept: the sweep has ended, and Ended is the number of its cancellations.
	Swept bool
	Ended int64
}

// CallOff is the state and the rules of one cancellation. It implements [core.Core].
type CallOff struct{ state State }

// New returns a cancellation that has not begun.
func New() core.Core { return &CallOff{} }

// State returns a copy of the state.
func (c *CallOff) State() State { return c.state }

// Exists reports whether the cancellation has begun.
func (c *CallOff) Exists() bool { return c.state.Of != "" }

// NextDeadline implements [core.Core]. A cancellation has no deadline.
func (c *CallOff) NextDeadline() time.Time { return time.Time{} }

// Decide implements [core.Core].
func (c *CallOff) Decide(cmd core.Command, _ time.Time) ([]events.Fact, error) {
	if begin, ok := cmd.(*Begin); ok {
		if c.Exists() {
			return nil, nil
		}
		return []events.Fact{&events.CallOffBegun{Of: begin.Of, ID: begin.ID, Reason: begin.Reason}}, nil
	}
	if !c.Exists() {
		return nil, &core.Refusal{Code: core.CodeNotFound, Detail: "there is no such cancellation",
			Fields: core.Fields{"resource": "cancellation"}}
	}
	if finish, ok := cmd.(*Finish); ok {
		switch {
		case c.state.Swept:
			return nil, nil
		case finish.Term != c.state.Cursor.Term || c.state.Cursor.Node == "":
			return nil, &core.Refusal{Code: core.CodeStaleRevision, Detail: "another server has taken over the sweep"}
		}
		return []events.Fact{&events.CallOffSwept{Ended: finish.Ended}}, nil
	}
	facts, err, ok := c.state.Cursor.Decide(cmd)
	if !ok {
		panic(fmt.Sprintf("calloff: no rule for %T", cmd))
	}
	return facts, err
}

// Evolve implements [core.Core].
func (c *CallOff) Evolve(fact events.Fact) {
	s := &c.state
	begun, isCreation := fact.(*events.CallOffBegun)
	swept, isEnd := fact.(*events.CallOffSwept)
	switch {
	case isCreation == c.Exists(), isEnd && s.Swept:
		panic(fmt.Sprintf("calloff %s %s: unexpected fact %s", s.Of, s.ID, fact.Name()))
	case isCreation:
		s.Of, s.ID, s.Reason = begun.Of, begun.ID, begun.Reason
	case isEnd:
		s.Swept, s.Ended = true, swept.Ended
	case !s.Cursor.Evolve(fact):
		panic(fmt.Sprintf("calloff %s %s: unexpected fact %s", s.Of, s.ID, fact.Name()))
	}
}

// Freeze implements [core.Core].
func (c *CallOff) Freeze() func(io.Writer) error {
	state := c.state
	return func(w io.Writer) error { return json.NewEncoder(w).Encode(state) }
}

// Restore implements [core.Core].
func (c *CallOff) Restore(r io.Reader) error { return json.NewDecoder(r).Decode(&c.state) }
