package projections

import (
	"context"
	"slices"
	"sync"

	"admitone/events"
)

// BookingAt folds a booking up to a position; nil if it did not exist by then.
// Errors: those of [Booking.Apply]; the store's.
func BookingAt(ctx context.Context, store events.Store, id string, position events.Position) (*Booking, error) {
	return rowAt(ctx, store, events.NewStreamID(bookingCategory, id), position, (*Booking).Apply)
}

// WalletAt folds a wallet up to a position; nil if nothing had happened to it by
// then. Errors: those of [Wallet.Apply]; the store's.
func WalletAt(ctx context.Context, store events.Store, holder string, position events.Position) (*Wallet, error) {
	return rowAt(ctx, store, events.NewStreamID(walletCategory, holder), position, (*Wallet).Apply)
}

// WalletEntriesAt is [Projections.WalletEntries] as of a position.
// Errors: those of [events.Recorded.Decode]; the store's.
func WalletEntriesAt(ctx context.Context, store events.Store, holder string, position events.Position, after uint64, limit int) (page []WalletEntry, next uint64, err error) {
	for e, err := range events.Stream(ctx, store, events.NewStreamID(walletCategory, holder), events.Revision(after)) {
		if err != nil {
			return nil, 0, err
		}
		if e.Position > position {
			break
		}
		fact, err := e.Decode()
		if err != nil {
			return nil, 0, err
		}
		entry, _ := walletEntry(&e, fact)
		if entry == nil {
			continue
		}
		if len(page) == limit {
			return page, uint64(page[limit-1].Revision) + 1, nil
		}
		page = append(page, *entry)
	}
	return page, 0, nil
}

// seatReads is how many seats' streams are read at once.
const seatReads = 16

// PerformanceAt is a performance as it was at a position, with its map; nil if it did
// not exist by then.
//
// The map is read from the seats' streams, the last event of each up to then, and
// from nothing else of the log. touched are the seats to look at (the
// [Projections.TouchedSeats] of any later moment will do); nil is all of them, which
// for those that nobody ever touched is a look-up that finds nothing.
//
// Errors: [ErrViolated]; those of [events.Recorded.Decode]; the store's.
func PerformanceAt(ctx context.Context, store events.Store, id string, position events.Position, touched []string) (*Performance, *SeatMap, error) {
	row, err := rowAt(ctx, store, events.NewStreamID(performanceCategory, id), position, (*Performance).create)
	if err != nil || row == nil {
		return nil, nil, err
	}
	m := &SeatMap{Position: position, layout: row.layout, marks: make([]byte, row.layout.seats())}
	seats := make([]int32, 0, len(m.marks))
	if touched == nil {
		for seat := range m.marks {
			seats = append(seats, int32(seat))
		}
	}
	for _, name := range touched {
		if seat, _, ok := row.layout.find(name); ok {
			seats = append(seats, seat)
		}
	}
	last, err := m.readAll(ctx, store, id, seats)
	if err != nil {
		return nil, nil, err
	}
	row.Sections = m.Counts()
	row.complete()
	if last != nil {
		row.Position, row.Updated = last.Position, last.Created
	}
	return row, m, nil
}

// create makes the row of the performance's own stream.
func (p *Performance) create(e *events.Recorded) error {
	fact, err := e.Decode()
	if err == nil {
		*p, err = newPerformance(e, fact)
	}
	return err
}

// readAll reads the marks of seats, and returns the last event that made one.
func (m *SeatMap) readAll(ctx context.Context, store events.Store, id string, seats []int32) (last *events.Recorded, err error) {
	var readers sync.WaitGroup
	var mu sync.Mutex // guards last and err
	share := max(1, (len(seats)+seatReads-1)/seatReads)
	for part := range slices.Chunk(seats, share) {
		readers.Go(func() {
			e, fault := m.readPart(ctx, store, id, part)
			mu.Lock()
			defer mu.Unlock()
			if e != nil && (last == nil || e.Position > last.Position) {
				last = e
			}
			if err == nil {
				err = fault
			}
		})
	}
	readers.Wait()
	return last, err
}

// readPart is readAll on one goroutine.
func (m *SeatMap) readPart(ctx context.Context, store events.Store, id string, seats []int32) (last *events.Recorded, err error) {
	streams := make([]events.StreamID, len(seats))
	for i, seat := range seats {
		streams[i] = events.NewStreamID(seatCategory, events.OfPerformance(id, m.layout.name(seat)))
	}
	err = events.ReadLatest(ctx, store, streams, m.Position, func(i int, e *events.Recorded) (more bool, err error) {
		fact, err := e.Decode()
		if err != nil {
			return false, err
		}
		step, _ := stepOf(fact)
		if step.from == step.to {
			return true, nil // it has changed nothing on the map
		}
		m.marks[seats[i]] = byte(step.to)
		if last == nil || e.Position > last.Position {
			last = e
		}
		return false, nil
	})
	return last, err
}

// TouchedSeats are the names of those seats of a performance to which something ever
// happened. Errors: the disk's.
func (p *Projections) TouchedSeats(performanceID string) ([]string, error) {
	m, ok, err := p.SeatMap(performanceID)
	if err != nil || !ok {
		return []string{}, err
	}
	return m.touched(), nil
}

// HolderBookingsAt is [Projections.HolderBookings] as of a position. The bookings are
// found by the views and read from the log. Errors: those of [BookingAt]; the disk's.
func (p *Projections) HolderBookingsAt(ctx context.Context, holder string, position events.Position, after uint64, limit int) (page []Booking, next uint64, err error) {
	now, next, err := p.HolderBookings(holder, after, limit)
	if err != nil {
		return nil, 0, err
	}
	for i := range now {
		then, err := BookingAt(ctx, p.store, now[i].ID, position)
		if err != nil {
			return nil, 0, err
		}
		if then == nil { // nor did those behind it
			return page, 0, nil
		}
		page = append(page, *then)
	}
	return page, next, nil
}
