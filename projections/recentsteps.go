package projections

import (
	"context"
	"slices"
	"sync"

	"admitone/events"
	"admitone/projections/live"
	"admitone/projections/row"
)

// The events of a performance are in one stream per seat, spread over the log, so a subscriber that
// reconnects to a performance's topics can't resume by reading a stream. It resumes from a list of
// the latest steps of all seats, to which the fold appends. Steps from before the program's start are
// read from the log, backwards, as needed.

const (
	// minRecentSteps is the number of steps, of all performances together, that are kept at least; the list is cut
	// to it when it has twice as many. It also bounds the events read from the log.
	minRecentSteps = 16 << 10
	// recentStepsPage is the number of events read from the log at a time.
	recentStepsPage = 1 << 10
	// maxMissed bounds the steps sent as a delta. For more steps a snapshot is smaller.
	maxMissed = 4 << 10
)

// recentSteps has the latest steps of seats, in the order of the log. Guarded by Projections.mu.
type recentSteps struct {
	steps []recentStep
	// from is the position after which the list is complete; valid once started.
	from    events.Position
	started bool
	// read is the number of events read from the log; complete means that no more will be read.
	read     int
	complete bool

	reading sync.Mutex // held while the log is read, and before Projections.mu
}

// wholePerformance stands for the seat in the step of a fact of the performance's own stream; the area with index n is
// wholePerformance-1-n.
const wholePerformance events.SeatIndex = -1

// recentStep is one change of a seat, an area, or the performance.
type recentStep struct {
	position    events.Position
	performance events.PerformanceID
	seat        events.SeatIndex // negative for an area or the performance; see wholePerformance
	to          row.Mark
	change      int8 // change of the number of free seats
	cause       live.Cause
}

func (t *recentSteps) reset() {
	t.steps, t.from, t.started, t.read, t.complete = nil, 0, false, 0, false
}

// start makes an empty list begin at the views' position.
func (t *recentSteps) start(at events.Position) {
	if !t.started {
		t.from, t.started = at, true
	}
}

func (t *recentSteps) add(s recentStep) {
	if len(t.steps) >= 2*minRecentSteps {
		forgotten := len(t.steps) - minRecentSteps
		t.from, t.complete = t.steps[forgotten-1].position, true
		t.steps = append(make([]recentStep, 0, 2*minRecentSteps), t.steps[forgotten:]...)
	}
	t.steps = append(t.steps, s)
}

// since returns the steps of a performance after the step at a position; nil if that step is not in the list, belongs
// to another performance, or is followed by more than maxMissed steps.
func (t *recentSteps) since(performance events.PerformanceID, position events.Position) (missed []recentStep) {
	at, found := slices.BinarySearchFunc(t.steps, position, func(s recentStep, p events.Position) int {
		if s.position < p {
			return -1
		}
		return int(min(s.position-p, 1))
	})
	if !found || t.steps[at].performance != performance {
		return nil
	}
	for _, s := range t.steps[at+1:] {
		if s.performance != performance {
			continue
		}
		if len(missed) == maxMissed {
			return nil
		}
		missed = append(missed, s)
	}
	return missed
}

// recordStep appends a step to the list.
func (k *boxOffice) recordStep(position events.Position, performance *row.Performance, seat events.SeatIndex,
	step row.SeatStep, cause live.Cause) {
	k.recentSteps.start(k.at())
	k.recentSteps.add(recentStep{position, performance.ID, seat, step.To, step.Change(), cause})
}

// stepAt returns the step of a folded event; ok is false for an event without one.
func (k *boxOffice) stepAt(e *events.Recorded, fact events.Fact) (s recentStep, ok bool, err error) {
	if e.Stream.Category() == events.PerformanceCategory {
		return recentStep{position: e.Position, performance: events.PerformanceID(e.Stream.Entity()), seat: wholePerformance,
			cause: live.PerformanceCause(fact)}, true, nil
	}
	id, name := events.CutPerformance(e.Stream.Entity())
	of, err := k.performances.find(string(id))
	if err != nil || of == nil {
		return s, false, err
	}
	if e.Stream.Category() == events.AreaCategory {
		s, ok = areaStep(e, &of.row, events.AreaID(name), fact)
		return s, ok, nil
	}
	step, ok := row.StepOf(fact)
	if !ok || step.From == step.To {
		return s, false, nil
	}
	seat, ok := of.row.Layout.Find(events.SeatName(name))
	return recentStep{e.Position, of.row.ID, seat, step.To, step.Change(), live.SeatCause(fact)}, ok, nil
}

// backfill reads the log backwards until the list reaches back to since, or minRecentSteps events were read. If the
// log can't be read, the list is unchanged.
func (k *boxOffice) backfill(ctx context.Context, p *Projections, since events.Position) {
	k.recentSteps.reading.Lock()
	defer k.recentSteps.reading.Unlock()
	for {
		p.mu.Lock()
		k.recentSteps.start(k.at())
		start, enough := k.recentSteps.from, k.recentSteps.complete || k.recentSteps.from < since
		p.mu.Unlock()
		if enough {
			return
		}
		page, err := p.store.ReadAll(ctx, start+1, events.Backward, recentStepsPage)
		p.mu.Lock()
		if err == nil {
			err = k.prepend(start, page)
		}
		if err != nil {
			k.recentSteps.complete = true
			p.log.Warn("can't read the log; reconnecting subscribers of seats get a snapshot", "error",
				err)
		}
		p.mu.Unlock()
	}
}

// prepend inserts the steps of the events up to begin at the front of the list; page has the latest event first.
func (k *boxOffice) prepend(start events.Position, page []events.Recorded) error {
	if k.recentSteps.from != start {
		return nil // begin changed during the read
	}
	var before []recentStep
	for i := range slices.Backward(page) {
		e := &page[i]
		switch e.Stream.Category() {
		case events.SeatCategory, events.PerformanceCategory, events.AreaCategory:
		default:
			continue
		}
		fact, err := e.Decode()
		if err != nil {
			return err
		}
		step, ok, err := k.stepAt(e, fact)
		if err != nil {
			return err
		}
		if ok {
			before = append(before, step)
		}
	}
	k.recentSteps.steps = append(before, k.recentSteps.steps...)
	if k.recentSteps.from = 0; len(page) > 0 {
		k.recentSteps.from = page[len(page)-1].Position - 1
	}
	k.recentSteps.read += len(page)
	k.recentSteps.complete = k.recentSteps.from == 0 || len(page) < recentStepsPage || k.recentSteps.read >= minRecentSteps
	return nil
}

// missed returns the performance and its steps after since; nil if there are no such steps or they are not in the
// list. The lock must be held.
func (k *boxOffice) missed(id string, since events.Position) (performance *row.Performance, steps []recentStep) {
	e, err := k.performances.find(id)
	if err != nil || e == nil || e.row.Position == since {
		return nil, nil
	}
	return &e.row, k.recentSteps.since(events.PerformanceID(id), since)
}

// resumeDelta returns the delta since a position for the topic "performance:<id>".
func (k *boxOffice) resumeDelta(id string, since events.Position) *live.Missed {
	row, steps := k.missed(id, since)
	if len(steps) == 0 {
		return nil
	}
	sum := &live.PerformanceDelta{Counts: row.SeatCounts, Cause: live.CauseNone}
	for _, s := range steps {
		if s.seat == wholePerformance {
			sum.Merge(live.NewPerformanceDelta(row, s.cause))
			continue
		}
		if s.seat < wholePerformance {
			sum.Merge(live.NewAreaDelta(row, int(wholePerformance-1-s.seat), s.cause))
			continue
		}
		number := row.Layout.SectionOf(s.seat)
		section := &row.Sections[number]
		sum.Merge(&live.PerformanceDelta{Counts: row.SeatCounts, Change: int64(s.change), Cause: s.cause,
			Sections: []live.SectionDelta{{ID: section.ID, Counts: section.SeatCounts, Number: number}}})
	}
	return &live.Missed{Delta: sum, To: row.Position}
}

// resumeSeatsDelta returns the delta since a position for the topic "seats:<id>".
func (k *boxOffice) resumeSeatsDelta(id string, since events.Position) *live.Missed {
	performance, steps := k.missed(id, since)
	if len(steps) == 0 {
		return nil
	}
	sum := &live.SeatsDelta{Counts: performance.SeatCounts, Cause: live.CauseNone, Layout: performance.Layout,
		Marks: map[events.SeatIndex]row.Mark{}}
	for _, s := range steps {
		if s.seat >= 0 {
			sum.Marks[s.seat] = s.to
		}
		sum.Change += int64(s.change)
		sum.Cause = sum.Cause.MergedWith(s.cause)
	}
	return &live.Missed{Delta: sum, To: performance.Position}
}
