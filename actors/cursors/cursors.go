package cursors

import (
	"encoding/json"
	"fmt"
	"io"
	"time"

	"admitone/actors/core"
	"admitone/events"
)

// Kind registers cursors with the shell.
var Kind = core.Kind{Category: events.CursorCategory, New: New, SnapshotVersion: snapshotVersion}

// Stream returns the stream of the cursor with an id.
func Stream(id string) events.StreamID { return events.NewStreamID(events.CursorCategory, id) }

// snapshotVersion changes with the format that Freeze writes.
const snapshotVersion = 1

// Cursor is the state and the rules of one cursor. It implements [core.Core].
type Cursor struct{ at core.Cursor }

// New returns a cursor that no server has taken yet: the work begins at the start of the log.
func New() core.Core { return &Cursor{} }

// At returns the cursor.
func (c *Cursor) At() core.Cursor { return c.at }

// Decide implements [core.Core].
func (c *Cursor) Decide(cmd core.Command, _ time.Time) ([]events.Fact, error) {
	facts, err, ok := c.at.Decide(cmd)
	if !ok {
		panic(fmt.Sprintf("cursors: no rule for %T", cmd))
	}
	return facts, err
}

// Evolve implements [core.Core].
func (c *Cursor) Evolve(fact events.Fact) {
	if !c.at.Evolve(fact) {
		panic(fmt.Sprintf("cursors: unexpected fact %s", fact.Name()))
	}
}

// NextDeadline implements [core.Core]: a cursor has no deadlines.
func (c *Cursor) NextDeadline() time.Time { return time.Time{} }

// Freeze implements [core.Core].
func (c *Cursor) Freeze() func(io.Writer) error {
	at := c.at
	return func(w io.Writer) error { return json.NewEncoder(w).Encode(at) }
}

// Restore implements [core.Core].
func (c *Cursor) Restore(r io.Reader) error { return json.NewDecoder(r).Decode(&c.at) }
