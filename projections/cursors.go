package projections

import (
	"admitone/events"
	"admitone/projections/row"
)

func init() {
	registerRows(rows[row.Cursor]{
		views:    "cursor.v1",
		category: events.CursorCategory,
		encode:   row.AppendCursor,
		decode:   row.DecodeCursor,
		apply:    (*row.Cursor).ApplyFact,
		position: func(c *row.Cursor) events.Position { return c.Position },
	})
}
