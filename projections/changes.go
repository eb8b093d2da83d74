package projections

import (
	"context"

	"admitone/events"
	"admitone/projections/row"
)

// SeatChanges is [row.SeatMap.Changes] of a performance as the views have it, from behind a
// position on; nil if there is no such performance. Errors: those of it; the disk's.
func (p *Projections) SeatChanges(ctx context.Context, performanceID events.PerformanceID, after events.Position,
	limit int) (changes *row.SeatChanges, more bool, err error) {
	// The views say which seats to ask, and up to where: what happens while they are
	// asked one after the other belongs to the next part.
	m, ok, err := p.SeatMap(performanceID)
	if err != nil || !ok {
		return nil, false, err
	}
	return m.Changes(ctx, p.store, performanceID, after, limit)
}
