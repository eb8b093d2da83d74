package bookings

import (
	"context"
	"slices"
	"sync"
	"time"

	"admitone/actors/performance"
	"admitone/actors/process"
	"admitone/events"
)

// Views are what the steps read besides the entities. They may lag behind the log; the entities decide.
type Views interface {
	// TakenSeats returns one byte for each seat of a performance, in canonical order, which is 0 for a free
	// seat, and the position up to which the view has seen the log. The caller owns the slice.
	TakenSeats(ctx context.Context, performanceID events.PerformanceID) (taken []byte, at events.Position, err error)
	// UnconfirmedHolds returns, by hold id, the streams in which attempts of a booking hold seats, places or
	// allowance that the booking's stream does not list.
	UnconfirmedHolds(ctx context.Context, bookingID events.BookingID) (map[events.HoldID][]events.StreamID, error)
	// KeptAfter returns the amount withheld by returns of a booking after its performance was
	// cancelled, in minor units.
	KeptAfter(ctx context.Context, bookingID events.BookingID) (int64, error)
	// Hall returns the hall of a seating plan in the log.
	Hall(ctx context.Context, planID events.PlanID) (*events.Hall, error)
	// CatchUp returns once the views have seen the log up to its end at the time of the call, or
	// with an error if that takes too long.
	CatchUp(ctx context.Context) error
}

// seatMaps reads seat maps, one at a time for each performance, and shares them between callers.
type seatMaps struct {
	views Views

	mu      sync.Mutex
	reading map[events.PerformanceID]*seatMap // guarded by mu
	recent  map[events.PerformanceID]*seatMap // read recently; guarded by mu
	budget  readBudget                        // for maps newer than the recent ones; guarded by mu
}

// seatMap is a map that is being read. It is immutable once read; callers change copies of it.
type seatMap struct {
	done  chan struct{} // closed when it has been read
	taken []byte
	at    events.Position
	err   error

	mu    sync.Mutex
	until time.Time                           // when it stops being recent; zero if it never was; guarded by mu
	best  map[choiceSize][][]performance.Seat // choices by their size; guarded by mu
	// idle are unused copies of a recent map; guarded by mu.
	idle []*mapCopy
}

// mapCopy is a copy of a map. Callers use it in turn, and undo their changes, because copying a large map
// costs more than finding seats in it.
type mapCopy struct {
	seats  *performance.Map
	taken  []byte // of seats
	hidden []bool // categories whose seats are marked as taken; see Book.hidden
}

// choiceSize is the number of seats of a choice, and whether restricted price types are allowed.
type choiceSize struct {
	seats      int
	restricted bool
}

// A refusal reads a new map if the budget affords it, so that a single caller sees everything written
// before. Otherwise it uses a map that is at most maxMapAge old. So refusing a crowd takes at most
// 1/budgetShare of one processor, whatever the size of the hall.
const (
	maxMapAge   = 50 * time.Millisecond
	budgetShare = 20
	maxBudget   = 200 * time.Millisecond
)

// readBudget limits the time spent on reading maps. It is refilled at 1/budgetShare of real time, up to
// maxBudget. The zero value is full.
type readBudget struct {
	spent time.Duration // at most 2*maxBudget
	at    time.Time     // when spent was computed
}

// affords reports whether a map may be read.
func (b *readBudget) affords(now time.Time) bool {
	b.spent = max(b.spent-now.Sub(b.at)/budgetShare, 0)
	b.at = now
	return b.spent < maxBudget
}

// spend records the cost of a read. More than maxBudget can be spent by one read, within a bound.
func (b *readBudget) spend(cost time.Duration) { b.spent = min(b.spent+cost, 2*maxBudget) }

// keepUntil makes the map recent until that time.
func (m *seatMap) keepUntil(until time.Time) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.until = until
}

func (m *seatMap) isRecent(now time.Time) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return now.Before(m.until)
}

// retire puts the idle copies of a map that is no longer recent into the pool.
func (m *seatMap) retire() {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, idle := range m.idle {
		copies.Put(idle)
	}
	m.idle = nil
}

// withRecentMap is like withMap with a map that may be older. best returns up to [alternatives] best
// choices of that size that are available to cmd. With fresh, the map is older only if the budget is spent.
func (m *seatMaps) withRecentMap(ctx context.Context, s *performanceInfo, cmd *Book, fresh bool, size choiceSize,
	look func(_ *performance.Map, best func() [][]performance.Seat)) error {
	shared := m.getRecent(ctx, s.id, fresh)
	if shared.err != nil {
		return shared.err
	}
	hidden := cmd.hidden(s)
	shared.withCopy(s.layout, hidden, func(seats *performance.Map) {
		look(seats, func() [][]performance.Seat {
			best, cost := shared.choices(s.layout, hidden, size)
			if cost > 0 {
				m.spend(cost)
			}
			return best
		})
	})
	return nil
}

func (m *seatMaps) spend(cost time.Duration) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.budget.spend(cost)
}

// catchUp reports whether the views have caught up within maxMapAge.
func (m *seatMaps) catchUp(ctx context.Context) bool {
	within, cancel := context.WithTimeout(ctx, maxMapAge)
	defer cancel()
	return m.views.CatchUp(within) == nil
}

// getRecent returns a map that is at most maxMapAge older than the views. If the budget affords it, the
// map is read now. With fresh, it then contains everything that was in the log at the time of the call,
// provided that the views catch up within maxMapAge.
func (m *seatMaps) getRecent(ctx context.Context, performanceID events.PerformanceID, fresh bool) *seatMap {
	now := time.Now()
	m.mu.Lock()
	recent, affords := m.recent[performanceID], m.budget.affords(now)
	m.mu.Unlock()
	if !affords && recent != nil && recent.isRecent(now) {
		return recent
	}
	fresh = fresh && affords && m.catchUp(ctx)
	shared := m.get(ctx, performanceID, fresh)
	if shared.err != nil {
		return shared
	}
	read := time.Now()
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.recent[performanceID] == shared {
		return shared // another caller, which waited for the same read, has registered it
	}
	m.budget.spend(read.Sub(now))
	shared.keepUntil(read.Add(maxMapAge))
	for id, old := range m.recent {
		if id == performanceID || !old.isRecent(now) {
			old.retire()
			delete(m.recent, id)
		}
	}
	if m.recent == nil {
		m.recent = map[events.PerformanceID]*seatMap{}
	}
	m.recent[performanceID] = shared
	return shared
}

// choices returns the best choices of a size, and the time that it took to find them, 0 if they were found
// before.
func (m *seatMap) choices(layout *events.Layout, hidden []bool,
	size choiceSize) (best [][]performance.Seat, cost time.Duration) {
	m.mu.Lock()
	best, ok := m.best[size]
	m.mu.Unlock()
	if ok {
		return best, 0
	}
	began := time.Now()
	m.withCopy(layout, hidden, func(seats *performance.Map) { best = seats.BestChoices(size.seats, alternatives) })
	cost = time.Since(began)
	m.mu.Lock()
	defer m.mu.Unlock()
	if known, ok := m.best[size]; ok {
		return known, cost // another caller has found them concurrently
	}
	if m.best == nil {
		m.best = map[choiceSize][][]performance.Seat{}
	}
	m.best[size] = best
	return best, cost
}

// withMap calls look with a map of the performance, in which seats that cmd may not have are taken, and
// with the position up to which the map has seen the log. look may change the map but must not keep it. A
// fresh map has seen everything that was in the log when withMap was called.
func (m *seatMaps) withMap(
	ctx context.Context,
	s *performanceInfo,
	cmd *Book,
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
	shared.withCopy(s.layout, cmd.hidden(s), func(seats *performance.Map) { look(seats, shared.at) })
	return nil
}

// copies is a pool of copies to reuse for any map.
var copies = sync.Pool{New: func() any { return new(mapCopy) }}

// withCopy calls look with a copy of the map in which the seats of hidden categories are taken. look may
// change the copy but must not keep it.
func (m *seatMap) withCopy(layout *events.Layout, hidden []bool, look func(*performance.Map)) {
	c := m.acquire(hidden)
	if c == nil {
		c = copies.Get().(*mapCopy)
		c.taken, c.hidden = append(c.taken[:0], m.taken...), hidden
		hide(layout, hidden, c.taken)
		c.seats = performance.MapOf(layout, c.taken)
	}
	look(c.seats)
	c.seats.Undo()
	m.release(c)
}

// acquire returns an idle copy in which these categories are hidden, nil if there is none.
func (m *seatMap) acquire(hidden []bool) *mapCopy {
	m.mu.Lock()
	defer m.mu.Unlock()
	for i, idle := range m.idle {
		if slices.Equal(idle.hidden, hidden) {
			m.idle = slices.Delete(m.idle, i, i+1)
			return idle
		}
	}
	return nil
}

func (m *seatMap) release(c *mapCopy) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.until.IsZero() {
		copies.Put(c)
		return
	}
	m.idle = append(m.idle, c)
}

// get reads a map, or waits for the read in progress. If fresh, it does not return a map whose read
// began before the call.
func (m *seatMaps) get(ctx context.Context, performanceID events.PerformanceID, fresh bool) *seatMap {
	m.mu.Lock()
	for shared := m.reading[performanceID]; shared != nil; shared = m.reading[performanceID] {
		m.mu.Unlock()
		<-shared.done
		if !fresh {
			return shared
		}
		fresh = false // the next read begins after the call
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
