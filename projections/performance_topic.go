package projections

import (
	"admitone/events"
	"admitone/projections/live"
	"admitone/projections/row"
)

// state must be called with the lock held.
func (k *boxOffice) state(id string) (live.State, events.Position, error) {
	e, err := k.performances.existing(id)
	if err != nil {
		return nil, 0, err
	}
	return live.NewPerformanceState(e.row.Clone()), e.row.Position, nil
}

// publishStep publishes a step of a seat to the topics that are watched.
func (k *boxOffice) publishStep(e *events.Recorded, performance *row.Performance, seat events.SeatIndex, section int,
	step row.SeatStep, cause live.Cause) {
	change := int64(step.Change())
	if t := k.topic.Watched(string(performance.ID)); t != nil {
		k.delta = live.PerformanceDelta{Counts: performance.SeatCounts, Change: change, Cause: cause,
			Sections: append(k.delta.Sections[:0],
				live.SectionDelta{ID: performance.Sections[section].ID, Counts: performance.Sections[section].SeatCounts,
					Number: section})}
		t.Change(e.Position, &k.delta)
	}
	if t := k.seatTopic.Watched(string(performance.ID)); t != nil {
		clear(k.seatDelta.Marks)
		if k.seatDelta.Marks == nil {
			k.seatDelta.Marks = map[events.SeatIndex]row.Mark{}
		}
		k.seatDelta.Layout, k.seatDelta.Marks[seat] = performance.Layout, step.To
		k.seatDelta.Counts, k.seatDelta.Change, k.seatDelta.Cause = performance.SeatCounts, change, cause
		t.Change(e.Position, &k.seatDelta)
	}
}

// publishStated publishes a fact of the performance's own stream to the topics that are watched.
func (k *boxOffice) publishStated(e *events.Recorded, performance *row.Performance, cause live.Cause) {
	if t := k.topic.Watched(string(performance.ID)); t != nil {
		t.Change(e.Position, live.StatedDelta(performance, cause))
	}
	if t := k.seatTopic.Watched(string(performance.ID)); t != nil {
		t.Change(e.Position, &live.SeatsDelta{Counts: performance.SeatCounts, Cause: cause, Layout: performance.Layout,
			Marks: map[events.SeatIndex]row.Mark{}})
	}
}

// seatsState must be called with the lock held.
func (k *boxOffice) seatsState(id string) (live.State, events.Position, error) {
	e, err := k.performances.existing(id)
	if err != nil {
		return nil, 0, err
	}
	m, err := k.seatMap(&e.row)
	if err != nil {
		return nil, 0, err
	}
	return live.NewSeatsState(e.row.Plan, e.row.SeatCounts, m), e.row.Position, nil
}
