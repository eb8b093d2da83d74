package row

import (
	"cmp"
	"context"
	"slices"
	"sync"
	"time"

	"admitone/events"
)

// SeatChange is a change of one seat's status.
type SeatChange struct {
	Position events.Position
	// Recorded is the store's time of the event.
	Recorded time.Time
	// Seat is the name of the seat, <section>-<row>-<number>.
	Seat        events.SeatName
	Was, Status events.SeatStatus
}

// SeatChanges is a page of the changes of a performance's seats.
type SeatChanges struct {
	// Created is the moment of the performance's creation, at which every seat was free.
	Created Moment
	// Position is the position up to which the changes are complete.
	Position events.Position
	Changes  []SeatChange
}

// Changes returns up to limit changes after a position, in order; nil if the log has no such performance. Applied in
// order to a map of free seats, the changes yield the map of [PerformanceAt] at each position. more reports whether
// more follow.
//
// Changes reads the first event of the performance, and all events of the touched seats' streams after the position,
// also beyond limit. It uses about 50 bytes of memory for each.
//
// Errors: those of [events.Recorded.Decode]; the store's.
func (m *SeatMap) Changes(ctx context.Context, store events.Store, performanceID events.PerformanceID,
	after events.Position, limit int) (changes *SeatChanges, more bool, err error) {
	first, err := store.Read(ctx, events.NewStreamID(events.PerformanceCategory, string(performanceID)), 0,
		events.Forward, 1)
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

// step is a compact SeatChange.
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
			steps, partErr := m.stepsOf(ctx, store, id, part, after)
			mu.Lock()
			defer mu.Unlock()
			all = append(all, steps...)
			if err == nil {
				err = partErr
			}
		})
	}
	readers.Wait()
	slices.SortFunc(all, func(a, b step) int { return cmp.Compare(a.position, b.position) })
	return all, err
}

// stepsOf returns the changes of some seats after a position, in no particular order.
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
		if s, _ := StepOf(fact); s.From != s.To { // otherwise only the deadline changed
			steps = append(steps, step{e.Position, e.Created.UnixNano(), seats[i], s.From, s.To})
		}
		return true, nil
	})
	return steps, err
}
