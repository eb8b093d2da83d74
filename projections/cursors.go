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

// Cursors returns up to limit cursors that are not part of another entity with ids above after, as
// [Projections.Products] does. Errors: the disk's.
func (p *Projections) Cursors(after string, limit int) (page []row.Cursor, next string, err error) {
	return pageOf(p, (*rowView[row.Cursor]).table, after, limit, func(c *row.Cursor) string { return c.ID })
}
