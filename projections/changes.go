package projections

import (
	"context"

	"admitone/events"
	"admitone/projections/row"
)

// SeatChanges is [row.SeatMap.Changes] of a performance as of the views, after a position; nil if
// there is no such performance. Errors: as [row.SeatMap.Changes]; the disk's.
func (p *Projections) SeatChanges(ctx context.Context, performanceID events.PerformanceID, after events.Position,
	limit int) (changes *row.SeatChanges, more bool, err error) {
	// The views give the seats to read and the position up to which to read them. Events that arrive during
	// the reads belong to the next page.
	m, ok, err := p.SeatMap(performanceID)
	if err != nil || !ok {
		return nil, false, err
	}
	return m.Changes(ctx, p.store, performanceID, after, limit)
}
