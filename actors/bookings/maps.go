package bookings

import (
	"context"
	"maps"
	"sync"
	"time"

	"admitone/actors/performance"
	"admitone/actors/process"
	"admitone/events"
)

// Views is what the steps read of the log beside the entities themselves. It may lag:
// the entities have the last word.
type Views interface {
	// TakenSeats says which seats of a performance are taken: one byte for each seat in
	// canonical order, 0 for a free one, and the position up to which the view has seen
	// the log. The slice is the caller's.
	TakenSeats(ctx context.Context, performanceID events.PerformanceID) (taken []byte, at events.Position, err error)
	// Begun are the streams of the seats and allowances that attempts of a booking have
	// of which its stream does not say that they are its own, by the ids of their holds.
	Begun(ctx context.Context, bookingID events.BookingID) (map[events.HoldID][]events.StreamID, error)
	// CatchUp returns when the views have seen the log up to where its end was when it
	// was called, or can't say so in time.
	CatchUp(ctx context.Context) error
}

// seatMaps reads seat maps, one at a time for each performance: when a hundred people
// are refused the same seat, their alternatives come from one map.
type seatMaps struct {
	views Views

	mu      sync.Mutex
	reading map[events.PerformanceID]*seatMap // guarded by mu
	recent  map[events.PerformanceID]*seatMap // read a moment ago; guarded by mu
}

// seatMap is one that is being read; once read it is not changed.
type seatMap struct {
	done  chan struct{} // closed when it has been read
	taken []byte
	at    events.Position
	err   error

	mu    sync.Mutex
	until time.Time                    // when it is not recent any more; guarded by mu
	best  map[int][][]performance.Seat // choices by their size; guarded by mu
}

// A map is good enough to offer other seats from for recentFactor times as long as it took to
// read it and to find the best seats in it, and for recentMost at most. So a crowd that is
// refused costs a part of one processor, however large the hall is.
const (
	recentFactor = 10
	recentMost   = 50 * time.Millisecond
)

// took adds to the time that the map has cost, and so to how long it is recent.
func (m *seatMap) took(cost time.Duration) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.until.IsZero() {
		m.until = time.Now()
	}
	m.until = m.until.Add(min(recentFactor*cost, recentMost))
}

func (m *seatMap) isRecent(now time.Time) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return now.Before(m.until)
}

// useRecent is use with a map that may be a little older, and with the best choices of n seats
// in it, up to most.
func (m *seatMaps) useRecent(ctx context.Context, s *performanceInfo, n, most int,
	look func(_ *performance.Map, best func() [][]performance.Seat)) error {
	shared := m.getRecent(ctx, s.id)
	if shared.err != nil {
		return shared.err
	}
	shared.lend(s.layout, func(seats *performance.Map) {
		look(seats, func() [][]performance.Seat { return shared.choices(s.layout, n, most) })
	})
	return nil
}

func (m *seatMaps) getRecent(ctx context.Context, performanceID events.PerformanceID) *seatMap {
	now := time.Now()
	m.mu.Lock()
	recent := m.recent[performanceID]
	m.mu.Unlock()
	if recent != nil && recent.isRecent(now) {
		return recent
	}
	shared := m.get(ctx, performanceID, false)
	if shared.err != nil {
		return shared
	}
	shared.took(time.Since(now))
	m.mu.Lock()
	defer m.mu.Unlock()
	maps.DeleteFunc(m.recent, func(_ events.PerformanceID, old *seatMap) bool { return !old.isRecent(now) })
	if m.recent == nil {
		m.recent = map[events.PerformanceID]*seatMap{}
	}
	m.recent[performanceID] = shared
	return shared
}

// choices are the best of n seats, up to most, found once for all who ask.
func (m *seatMap) choices(layout *events.Layout, n, most int) [][]performance.Seat {
	m.mu.Lock()
	best, ok := m.best[n]
	m.mu.Unlock()
	if ok {
		return best
	}
	began := time.Now()
	m.lend(layout, func(seats *performance.Map) { best = seats.BestChoices(n, most) })
	m.took(time.Since(began))
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.best == nil {
		m.best = map[int][][]performance.Seat{}
	}
	m.best[n] = best
	return best
}

// buffers for copies: a map may be a hundred kilobytes.
var buffers = sync.Pool{New: func() any { return new([]byte) }}

// use calls look with a map of the performance, which look may change and must not
// keep, and the position up to which it has seen the log. A fresh one has seen all that
// was in the log when use was called.
func (m *seatMaps) use(
	ctx context.Context,
	s *performanceInfo,
	fresh bool,
	look func(*performance.Map, events.Position),
) error {
	if fresh {
		if err := m.views.CatchUp(ctx); err != nil {
			return err
		}
	}
	shared := m.get(ctx, s.id, fresh)
	if shared.err != nil {
		return shared.err
	}
	shared.lend(s.layout, func(seats *performance.Map) { look(seats, shared.at) })
	return nil
}

// lend calls look with a copy of the map, which look may change and must not keep.
func (m *seatMap) lend(layout *events.Layout, look func(*performance.Map)) {
	buffer := buffers.Get().(*[]byte)
	defer buffers.Put(buffer)
	*buffer = append((*buffer)[:0], m.taken...)
	look(performance.MapOf(layout, *buffer))
}

// get reads a map, or waits for the one that is being read. That one may be a moment
// older than the call, which only a fresh one may not be.
func (m *seatMaps) get(ctx context.Context, performanceID events.PerformanceID, fresh bool) *seatMap {
	m.mu.Lock()
	for shared := m.reading[performanceID]; shared != nil; shared = m.reading[performanceID] {
		m.mu.Unlock()
		<-shared.done
		if !fresh {
			return shared
		}
		fresh = false // the next one has begun since
		m.mu.Lock()
	}
	mine := &seatMap{done: make(chan struct{})}
	if m.reading == nil {
		m.reading = map[events.PerformanceID]*seatMap{}
	}
	m.reading[performanceID] = mine
	m.mu.Unlock()
	defer close(mine.done)
	defer func() {
		m.mu.Lock()
		defer m.mu.Unlock()
		delete(m.reading, performanceID)
	}()
	mine.err = process.Guard(func() (err error) {
		mine.taken, mine.at, err = m.views.TakenSeats(ctx, performanceID)
		return err
	})
	return mine
}
