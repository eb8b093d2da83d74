package row

import (
	"cmp"
	"context"
	"slices"
	"sync"
	"time"

	"admitone/events"
)

// SeatChange is one seat's step on the map of its performance.
type SeatChange struct {
	Position events.Position
	// Recorded is the store's time of it.
	Recorded time.Time
	// Seat is its name, <section>-<row>-<number>.
	Seat        events.SeatName
	Was, Status events.SeatStatus
}

// SeatChanges is a part of all the changes on the map of a performance.
type SeatChanges struct {
	// Created is when the performance went on sale: then every seat was free.
	Created Moment
	// Position up to which the changes are complete.
	Position events.Position
	Changes  []SeatChange
}

// Changes returns up to limit changes of the map after a position, in order; nil if the log has no such performance.
// Applied in turn to a map of free seats, they yield the result of [PerformanceAt] at each position. more reports
// whether others follow.
//
// It reads the streams of the touched seats, from the position on, and nothing else of the log. Each change costs 32
// bytes until Changes returns.
//
// Errors: those of [events.Recorded.Decode]; the store's.
func (m *SeatMap) Changes(
	ctx context.Context,
	store events.Store,
	performanceID events.PerformanceID,
	after events.Position,
	limit int,
) (changes *SeatChanges, more bool, err error) {
	first, err := store.Read(
		ctx,
		events.NewStreamID(events.PerformanceCategory, string(performanceID)),
		0,
		events.Forward,
		1,
	)
	if err != nil || len(first) == 0 {
		return nil, false, err
	}
	steps, err := m.steps(ctx, store, performanceID, after)
	if err != nil {
		return nil, false, err
	}
	changes = &SeatChanges{Created: Moment{first[0].Position, first[0].Created}, Position: m.Position}
	if more = len(steps) > limit; more {
		steps = steps[:limit]
		changes.Position = steps[limit-1].position
	}
	for _, s := range steps {
		changes.Changes = append(changes.Changes, SeatChange{
			s.position, time.Unix(0, s.recorded).UTC(), m.Layout.Name(s.seat), s.from.Status(), s.to.Status()})
	}
	return changes, more, nil
}

// step is a SeatChange in few bytes.
type step struct {
	position events.Position
	recorded int64 // nanoseconds since 1970
	seat     events.SeatIndex
	from, to Mark
}

// steps returns the changes of the map after a position, in order.
func (m *SeatMap) steps(ctx context.Context, store events.Store, id events.PerformanceID,
	after events.Position) (all []step, err error) {
	var seats []events.SeatIndex
	for seat, mark := range m.Marks {
		if Mark(mark) != MarkUntouched {
			seats = append(seats, events.SeatIndex(seat))
		}
	}
	var readers sync.WaitGroup
	var mu sync.Mutex // guards all and err
	for part := range slices.Chunk(seats, max(1, (len(seats)+seatReads-1)/seatReads)) {
		readers.Go(func() {
			steps, fault := m.stepsOf(ctx, store, id, part, after)
			mu.Lock()
			defer mu.Unlock()
			all = append(all, steps...)
			if err == nil {
				err = fault
			}
		})
	}
	readers.Wait()
	slices.SortFunc(all, func(a, b step) int { return cmp.Compare(a.position, b.position) })
	return all, err
}

// stepsOf returns the steps of some seats, in no particular order.
func (m *SeatMap) stepsOf(ctx context.Context, store events.Store, id events.PerformanceID, seats []events.SeatIndex,
	after events.Position) (steps []step, err error) {
	streams := make([]events.StreamID, len(seats))
	for i, seat := range seats {
		streams[i] = events.NewStreamID(events.SeatCategory, events.OfPerformance(id, string(m.Layout.Name(seat))))
	}
	err = events.ReadLatest(ctx, store, streams, m.Position, func(i int, e *events.Recorded) (more bool, err error) {
		if e.Position <= after {
			return false, nil
		}
		fact, err := e.Decode()
		if err != nil {
			return false, err
		}
		if s, _ := StepOf(fact); s.From != s.To { // else it has changed nothing on the map
			steps = append(steps, step{e.Position, e.Created.UnixNano(), seats[i], s.From, s.To})
		}
		return true, nil
	})
	return steps, err
}
