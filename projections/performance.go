package projections

import (
	"strings"
	"time"

	"admitone/events"
	"admitone/projections/live"
	"admitone/projections/row"
)

// dateKey returns the key of a performance in the index by date. Keys sort by start, then by id.
func dateKey(startsAt time.Time, id events.PerformanceID) string {
	return startsAt.UTC().Format("2006-01-02T15:04:05.000000000Z") + " " + string(id)
}

// performance returns a copy of a row, safe to use without the lock. The lock must be held for the call.
func (k *boxOffice) performance(id string) (performance row.Performance, ok bool, err error) {
	if e, ok := k.performances.inMemory(id); ok {
		return e.row.Clone(), true, nil
	}
	return k.performances.stored(id)
}

// Performance returns the row of a performance, and whether it exists.
// Errors: the disk's.
func (p *Projections) Performance(id events.PerformanceID) (row.Performance, bool, error) {
	if err := p.enter(); err != nil {
		return row.Performance{}, false, err
	}
	defer p.leave()
	p.mu.RLock()
	defer p.mu.RUnlock()
	return viewOf[*boxOffice](p).performance(string(id))
}

// Performances returns up to limit performances that start in [from, to), ordered by start and then by id; a
// zero time means no bound. next is the opaque cursor of the next page, "" on the last. Errors: the disk's.
func (p *Projections) Performances(from, to time.Time, after string,
	limit int) (page []row.Performance, next string, err error) {
	if err := p.enter(); err != nil {
		return nil, "", err
	}
	defer p.leave()
	start, end := "", "\xff"
	if !from.IsZero() {
		start = dateKey(from, "")
	}
	if !to.IsZero() {
		end = dateKey(to, "")
	}
	if after != "" {
		start = max(start, after+"\x00")
	}
	k := viewOf[*boxOffice](p)
	p.mu.RLock()
	dates, err := k.dates.scan(start, end)
	p.mu.RUnlock()
	if err != nil {
		return nil, "", err
	}
	var keys []string
	err = dates.each(func(key string, _ *struct{}) bool {
		keys = append(keys, key)
		return len(keys) <= limit
	})
	if err != nil {
		return nil, "", err
	}
	if len(keys) > limit {
		keys = keys[:limit]
		next = keys[limit-1]
	}
	p.mu.RLock()
	defer p.mu.RUnlock()
	for _, key := range keys {
		_, id, _ := strings.Cut(key, " ")
		row, _, err := k.performance(id)
		if err != nil {
			return nil, "", err
		}
		page = append(page, row)
	}
	return page, next, nil
}

// state returns the state of the topic "performance:<id>". The lock must be held.
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

// publishPerformance publishes a fact of the performance's own stream to the topics that are watched.
func (k *boxOffice) publishPerformance(e *events.Recorded, performance *row.Performance, cause live.Cause) {
	if t := k.topic.Watched(string(performance.ID)); t != nil {
		t.Change(e.Position, live.NewPerformanceDelta(performance, cause))
	}
	if t := k.seatTopic.Watched(string(performance.ID)); t != nil {
		t.Change(e.Position, &live.SeatsDelta{Counts: performance.SeatCounts, Cause: cause, Layout: performance.Layout,
			Marks: map[events.SeatIndex]row.Mark{}})
	}
}

// seatsState returns the state of the topic "seats:<id>". The lock must be held.
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
