package row

import (
	"context"
	"slices"
	"sync"

	"admitone/events"
)

// seatReads is the number of goroutines that read seats' streams.
const seatReads = 16

// PerformanceAt returns a performance and its map as of a position; nil if the performance
// did not exist by then.
//
// The map is read from the last event of each seat's stream up to the position. touched has
// the seats to read, for which the [SeatMap.Touched] of any later map is sufficient. If
// touched is nil, all seats are read, at the cost of a look-up for each seat without events.
//
// Errors: [ErrViolated]; those of [events.Recorded.Decode]; the store's.
func PerformanceAt(ctx context.Context, store events.Store, id events.PerformanceID, position events.Position,
	touched []events.SeatName) (*Performance, *SeatMap, error) {
	row, err := performanceAt(ctx, store, id, position)
	if err != nil || row == nil {
		return nil, nil, err
	}
	m := &SeatMap{Position: position, Layout: row.Layout, Marks: make([]byte, row.Layout.Seats())}
	seats := make([]events.SeatIndex, 0, len(m.Marks))
	if touched == nil {
		for seat := range m.Marks {
			seats = append(seats, events.SeatIndex(seat))
		}
	}
	for _, name := range touched {
		if seat, ok := row.Layout.Find(name); ok {
			seats = append(seats, seat)
		}
	}
	last, err := m.readAll(ctx, store, id, seats)
	if err != nil {
		return nil, nil, err
	}
	row.Sections = m.Counts()
	row.complete()
	if err := row.readAreas(ctx, store, position); err != nil {
		return nil, nil, err
	}
	if last != nil && last.Position > row.Position {
		row.Position, row.Updated = last.Position, last.Created
	}
	return row, m, nil
}

// performanceAt folds a performance without its seats up to a position; nil if it did not exist by then.
func performanceAt(ctx context.Context, store events.Store, id events.PerformanceID,
	position events.Position) (*Performance, error) {
	row, err := foldAt(ctx, store, events.NewStreamID(events.PerformanceCategory, string(id)), position,
		(*Performance).Apply)
	if err != nil || row == nil || row.Plan == "" {
		return row, err
	}
	hall, err := events.ReadHall(ctx, store, row.Plan)
	if err != nil {
		return nil, err
	}
	row.UseHall(hall)
	return row, nil
}

// readAreas reads the counts of the areas.
func (p *Performance) readAreas(ctx context.Context, store events.Store, position events.Position) error {
	for i := range p.Areas {
		last, err := AreaAt(ctx, store, events.OfPerformance(p.ID, string(p.Areas[i].ID)), position)
		if err != nil {
			return err
		}
		if last == nil {
			continue
		}
		p.Areas[i].AreaCounts = last.AreaCounts
		if last.Counted > p.Position { // the extension of a hold does not change the row
			p.Position, p.Updated = last.Counted, last.CountedAt
		}
	}
	return nil
}

// readAll reads the marks of seats, and returns the latest event that set one.
func (m *SeatMap) readAll(ctx context.Context, store events.Store, id events.PerformanceID,
	seats []events.SeatIndex) (last *events.Recorded, err error) {
	var readers sync.WaitGroup
	var mu sync.Mutex // guards last and err
	share := max(1, (len(seats)+seatReads-1)/seatReads)
	for part := range slices.Chunk(seats, share) {
		readers.Go(func() {
			e, partErr := m.readPart(ctx, store, id, part)
			mu.Lock()
			defer mu.Unlock()
			if e != nil && (last == nil || e.Position > last.Position) {
				last = e
			}
			if err == nil {
				err = partErr
			}
		})
	}
	readers.Wait()
	return last, err
}

// readPart is readAll on one goroutine.
func (m *SeatMap) readPart(ctx context.Context, store events.Store, id events.PerformanceID,
	seats []events.SeatIndex) (last *events.Recorded, err error) {
	streams := make([]events.StreamID, len(seats))
	for i, seat := range seats {
		streams[i] = events.NewStreamID(events.SeatCategory, events.OfPerformance(id, string(m.Layout.Name(seat))))
	}
	err = events.ReadLatest(ctx, store, streams, m.Position, func(i int, e *events.Recorded) (more bool, err error) {
		fact, err := e.Decode()
		if err != nil {
			return false, err
		}
		step, _ := StepOf(fact)
		if step.From == step.To {
			return true, nil // only the deadline changed, which is not on the map
		}
		m.Marks[seats[i]] = byte(step.To)
		if last == nil || e.Position > last.Position {
			last = e
		}
		return false, nil
	})
	return last, err
}
