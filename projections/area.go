package projections

import (
	"fmt"

	"admitone/events"
	"admitone/projections/live"
	"admitone/projections/row"
)

// foldArea applies a fact of an area.
func (k *boxOffice) foldArea(e *events.Recorded, fact events.Fact) error {
	performance, id := events.CutPerformance(e.Stream.Entity())
	entry, err := k.performances.find(string(performance))
	if err != nil {
		return err
	}
	number := -1
	if entry != nil {
		number = entry.row.Layout.Area(events.AreaID(id))
	}
	if number < 0 {
		return fmt.Errorf("%w: position %d: a %s in %s, which is not in the layout of a performance", row.ErrViolated,
			e.Position, fact.Name(), e.Stream)
	}
	area := entry.row.Areas[number]
	change, err := area.Apply(e, fact)
	if err != nil {
		return err
	}
	if holdID := events.HoldOf(fact); holdID != "" {
		if err := k.addHolding(e, holdID, holding{seats: change}); err != nil {
			return err
		}
	}
	if area == entry.row.Areas[number] {
		return nil // only the deadline changed, which the row does not contain
	}
	row, cause := &entry.row, live.AreaCause(fact)
	row.Areas[number] = area
	row.Position, row.Updated = e.Position, e.Created
	k.performances.changed(entry)
	if step, ok := areaStep(e, row, area.ID, fact); ok {
		k.recentSteps.start(k.at())
		k.recentSteps.add(step)
	}
	if t := k.topic.Watched(string(row.ID)); t != nil {
		t.Change(e.Position, live.NewAreaDelta(row, number, cause))
	}
	return nil
}

// areaStep returns the step of an area's fact; ok is false if the fact changes no counts or the performance has no
// such area.
func areaStep(e *events.Recorded, performance *row.Performance, id events.AreaID,
	fact events.Fact) (step recentStep, ok bool) {
	number := performance.Layout.Area(id)
	if _, counts := row.AreaCountsOf(fact); !counts || number < 0 {
		return recentStep{}, false
	}
	return recentStep{position: e.Position, performance: performance.ID,
		seat: wholePerformance - 1 - events.SeatIndex(number), cause: live.AreaCause(fact)}, true
}
