package projections

import (
	"context"
	"slices"
	"sync"

	"admitone/events"
)

// What happens to the seats of a performance is in as many streams as it has seats,
// between those of all others. So whoever comes back to such a topic is helped from a
// trail of the latest steps of all seats: the fold leaves it, and what was before the
// program's start is read from the end of the log, as far back as somebody needs it.

const (
	// trailSize is how many steps are remembered at least, of all performances
	// together, and trailPage how many events are read from the log at once.
	trailSize, trailPage = 16 << 10, 1 << 10
	// mostMissed is how many steps of one performance become a delta. Somebody who has
	// missed more gets a snapshot, which is smaller.
	mostMissed = 4 << 10
)

// trail has the latest steps of seats, in the order of the log. Guarded by
// Projections.mu.
type trail struct {
	steps []trailStep
	// begin is the position behind which there is every step; known once begun.
	begin events.Position
	begun bool
	// read is how many events were read from the log; done says that no more are.
	read int
	done bool

	reading sync.Mutex // held while the log is read, and before Projections.mu
}

// trailStep is a step of a seat or, if seat is -1, the beginning of a performance.
type trailStep struct {
	position    events.Position
	performance string
	seat        int32
	to          seatMark
	change      int8 // of what remains
	cause       Cause
}

func (t *trail) reset() { t.steps, t.begin, t.begun, t.read, t.done = nil, 0, false, 0, false }

// start makes the trail begin where the views have come to.
func (t *trail) start(at events.Position) {
	if !t.begun {
		t.begin, t.begun = at, true
	}
}

func (t *trail) add(s trailStep) {
	if len(t.steps) >= 2*trailSize {
		forgotten := len(t.steps) - trailSize
		t.begin, t.done = t.steps[forgotten-1].position, true
		t.steps = append(make([]trailStep, 0, 2*trailSize), t.steps[forgotten:]...)
	}
	t.steps = append(t.steps, s)
}

// since lists the steps of a performance behind the one at a position; nil if that is
// none of its steps or forgotten, and if they are too many.
func (t *trail) since(performance string, position events.Position) (missed []trailStep) {
	at, found := slices.BinarySearchFunc(t.steps, position, func(s trailStep, p events.Position) int {
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
		if len(missed) == mostMissed {
			return nil
		}
		missed = append(missed, s)
	}
	return missed
}

// leave puts a step into the trail.
func (k *boxOffice) leave(position events.Position, row *Performance, seat int32, step seatStep) {
	k.trail.start(k.at())
	k.trail.add(trailStep{position, row.ID, seat, step.to, step.change(), step.cause})
}

// stepAt makes the step of an event that the views contain; false if it is none.
func (k *boxOffice) stepAt(e *events.Recorded, fact events.Fact) (s trailStep, ok bool, err error) {
	if _, created := fact.(*events.PerformanceCreated); created {
		return trailStep{position: e.Position, performance: e.Stream.Entity(), seat: -1}, true, nil
	}
	step, ok := stepOf(fact)
	if !ok || step.from == step.to {
		return s, false, nil
	}
	id, name := events.CutPerformance(e.Stream.Entity())
	of, err := k.performances.find(id)
	if err != nil || of == nil {
		return s, false, err
	}
	seat, _, ok := of.row.layout.find(name)
	return trailStep{e.Position, of.row.ID, seat, step.to, step.change(), step.cause}, ok, nil
}

// regain reads the log backwards until the trail reaches to a position, or is long
// enough. Without an answer from the log it stays as it is.
func (k *boxOffice) regain(ctx context.Context, p *Projections, since events.Position) {
	k.trail.reading.Lock()
	defer k.trail.reading.Unlock()
	for {
		p.mu.Lock()
		k.trail.start(k.at())
		begin, enough := k.trail.begin, k.trail.done || k.trail.begin < since
		p.mu.Unlock()
		if enough {
			return
		}
		page, err := p.store.ReadAll(ctx, begin+1, events.Backward, trailPage)
		p.mu.Lock()
		if err == nil {
			err = k.prepend(begin, page)
		}
		if err != nil {
			k.trail.done = true
			p.log.Warn("who comes back to the seats of a performance gets a snapshot, because the log can't be read", "error", err)
		}
		p.mu.Unlock()
	}
}

// prepend puts the events up to begin in front of the trail, the nearest first.
func (k *boxOffice) prepend(begin events.Position, page []events.Recorded) error {
	if k.trail.begin != begin {
		return nil // the fold was faster
	}
	var before []trailStep
	for i := range slices.Backward(page) {
		e := &page[i]
		if category := e.Stream.Category(); category != seatCategory && category != performanceCategory {
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
	k.trail.steps = append(before, k.trail.steps...)
	if k.trail.begin = 0; len(page) > 0 {
		k.trail.begin = page[len(page)-1].Position - 1
	}
	k.trail.read += len(page)
	k.trail.done = k.trail.begin == 0 || len(page) < trailPage || k.trail.read >= trailSize
	return nil
}

// recollection is a delta of what a subscriber has missed, up to a position.
type recollection struct {
	delta Delta
	to    events.Position
}

// missed finds what was missed of a performance, nil if that is nothing or not known.
// The lock must be held.
func (k *boxOffice) missed(id string, since events.Position) (row *Performance, steps []trailStep) {
	e, err := k.performances.find(id)
	if err != nil || e == nil || e.row.Position == since {
		return nil, nil
	}
	return &e.row, k.trail.since(id, since)
}

// recollect is of the topic "performance:<id>".
func (k *boxOffice) recollect(id string, since events.Position) *recollection {
	row, steps := k.missed(id, since)
	if len(steps) == 0 {
		return nil
	}
	sum := &PerformanceDelta{Counts: row.SeatCounts, Cause: CauseNone}
	for _, s := range steps {
		number, _, _ := row.layout.place(s.seat)
		section := &row.Sections[number]
		sum.Merge(&PerformanceDelta{Counts: row.SeatCounts, Change: int64(s.change), Cause: s.cause,
			Sections: []SectionDelta{{section.ID, section.SeatCounts, number}}})
	}
	return &recollection{sum, row.Position}
}

// recollectSeats is of the topic "seats:<id>".
func (k *boxOffice) recollectSeats(id string, since events.Position) *recollection {
	row, steps := k.missed(id, since)
	if len(steps) == 0 {
		return nil
	}
	sum := &SeatsDelta{Counts: row.SeatCounts, Cause: CauseNone, layout: row.layout, marks: map[int32]seatMark{}}
	for _, s := range steps {
		sum.marks[s.seat] = s.to
		sum.Change += int64(s.change)
		sum.Cause = sum.Cause.and(s.cause)
	}
	return &recollection{sum, row.Position}
}
