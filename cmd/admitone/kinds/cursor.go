package kinds

import (
	"fmt"
	"io"

	"admitone/actors/core"
	"admitone/actors/cursors"
	"admitone/events"
	"admitone/projections/demand"
	"admitone/projections/row"
)

// A cursor records how far work outside the log, such as refunds at a payment provider, has followed the log. No
// sale depends on it, so what-if and replay have no commands for it.
var _ = register(&Kind{
	Name:     "cursor",
	Rules:    cursors.Kind,
	Show:     showing(row.CursorAt, cursorText, appendCursor),
	Command:  func(*demand.Request, events.RoomID) (core.Command, error) { return nil, nil },
	Requests: func(*demand.Request) []*Request { return nil },
})

func cursorText(out io.Writer, c *row.Cursor) error {
	if _, err := fmt.Fprintf(out, "cursor/%s\n  reached    position %d, by server %s, term %d\n", c.ID, c.Reached, c.Node,
		c.Term); err != nil {
		return err
	}
	if c.Failing != 0 {
		if _, err := fmt.Fprintf(out, "  failing    position %d, %d times since %s: %s\n", c.Failing, c.Failures,
			events.FormatTime(c.Since), c.Error); err != nil {
			return err
		}
	}
	_, err := fmt.Fprintf(out, "  revision   %d, position %d\n  created    %s\n  changed    %s\n", c.Revision, c.Position,
		events.FormatTime(c.Created), events.FormatTime(c.Updated))
	return err
}

func appendCursor(dst []byte, c *row.Cursor, at *row.Moment) []byte {
	o := events.OpenObject(dst)
	o.String("id", c.ID)
	o.Int("term", c.Term)
	o.String("node", c.Node)
	o.Int("reached", int64(c.Reached))
	if c.Failing != 0 {
		o.Int("failing", int64(c.Failing))
		o.Int("failures", c.Failures)
		o.String("error", c.Error)
		o.Time("failing_since", c.Since)
	}
	if !c.NextAt.IsZero() {
		o.Time("next_at", c.NextAt)
	}
	return closeShown(&o, int64(c.Revision), int64(c.Position), at)
}
