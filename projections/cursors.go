package projections

import (
	"admitone/events"
	"admitone/projections/row"
)

func init() {
	registerRows(rowConfig[row.Cursor]{
		version:  "cursor.v1",
		category: events.CursorCategory,
		encode:   row.AppendCursor,
		decode:   row.DecodeCursor,
		apply:    (*row.Cursor).ApplyFact,
		position: func(c *row.Cursor) events.Position { return c.Position },
	})
}

// Cursors returns up to limit cursors with ids above after, as [Projections.Products] does. Cursors that are part of
// another entity are not listed. Errors: the disk's.
func (p *Projections) Cursors(after string, limit int) (page []row.Cursor, next string, err error) {
	return pageOf(p, (*rowView[row.Cursor]).table, after, limit, func(c *row.Cursor) string { return c.ID })
}
