package bookings

import (
	"context"
	"sync"

	"admitone/actors/performance"
	"admitone/events"
)

// SeatMap says which seats of a performance are taken, as some view has it: one byte
// for each seat in canonical order, 0 for a free one, and the position up to which
// the view has seen the log. The slice is the caller's. It may lag: the seats
// themselves have the last word.
type SeatMap func(ctx context.Context, performanceID string) (taken []byte, at events.Position, err error)

// seatMaps reads seat maps, one at a time for each performance: when a hundred people
// are refused the same seat, their alternatives come from one map.
type seatMaps struct {
	read SeatMap

	mu      sync.Mutex
	reading map[string]*seatMap // guarded by mu
}

// seatMap is one that is being read, and then one that nobody changes.
type seatMap struct {
	done  chan struct{} // closed when it has been read
	taken []byte
	at    events.Position
	err   error
}

// buffers for copies: a map may be a hundred kilobytes.
var buffers = sync.Pool{New: func() any { return new([]byte) }}

// use calls look with a map of the performance, which look may change and must not
// keep, and the position up to which it has seen the log.
func (m *seatMaps) use(ctx context.Context, s *show, look func(*performance.Map, events.Position)) error {
	shared := m.get(ctx, s.id)
	if shared.err != nil {
		return shared.err
	}
	buffer := buffers.Get().(*[]byte)
	defer buffers.Put(buffer)
	*buffer = append((*buffer)[:0], shared.taken...)
	look(performance.MapOf(s.layout, *buffer), shared.at)
	return nil
}

// get reads a map, or waits for the one that is being read. That one may be a moment
// older than the wish for it, which a map may be anyway.
func (m *seatMaps) get(ctx context.Context, performanceID string) *seatMap {
	m.mu.Lock()
	if shared := m.reading[performanceID]; shared != nil {
		m.mu.Unlock()
		<-shared.done
		return shared
	}
	mine := &seatMap{done: make(chan struct{})}
	if m.reading == nil {
		m.reading = map[string]*seatMap{}
	}
	m.reading[performanceID] = mine
	m.mu.Unlock()
	defer close(mine.done)
	defer func() {
		m.mu.Lock()
		defer m.mu.Unlock()
		delete(m.reading, performanceID)
	}()
	mine.err = guarded(func() (err error) {
		mine.taken, mine.at, err = m.read(ctx, performanceID)
		return err
	})
	return mine
}
