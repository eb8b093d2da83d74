package performance

import (
	"bytes"
	"slices"

	"admitone/events"
)

// Map records which seats of a layout are free. It is not safe for concurrent use.
type Map struct {
	layout  *events.Layout
	taken   []byte   // for each seat, 0 if it is free
	changes []change // what Undo reverts, in order
}

// change is a change of one byte of taken.
type change struct {
	seat   Seat
	before byte
}

// NewMap returns a map with all seats free.
func NewMap(layout *events.Layout) *Map { return MapOf(layout, make([]byte, layout.Seats())) }

// MapOf returns a map of taken, which has one byte for each seat in canonical order, 0 for a free seat. The map
// owns the slice.
func MapOf(layout *events.Layout, taken []byte) *Map {
	if len(taken) != layout.Seats() {
		panic("performance: a map of a different layout")
	}
	return &Map{layout: layout, taken: taken}
}

// Layout returns the layout of the map.
func (m *Map) Layout() *events.Layout { return m.layout }

// Clone returns a copy.
func (m *Map) Clone() *Map { return MapOf(m.layout, slices.Clone(m.taken)) }

// Free reports whether a seat is free.
func (m *Map) Free(seat Seat) bool { return m.taken[seat] == 0 }

// Take marks seats as taken.
func (m *Map) Take(seats ...Seat) {
	for _, seat := range seats {
		m.set(seat, 1)
	}
}

// Release marks seats as free.
func (m *Map) Release(seats ...Seat) {
	for _, seat := range seats {
		m.set(seat, 0)
	}
}

func (m *Map) set(seat Seat, mark byte) {
	m.changes = append(m.changes, change{seat, m.taken[seat]})
	m.taken[seat] = mark
}

// Undo reverts everything that Take and Release have changed since the last Undo, so that callers can use a map in
// turn without copying it.
func (m *Map) Undo() {
	for _, c := range slices.Backward(m.changes) {
		m.taken[c.seat] = c.before
	}
	m.changes = m.changes[:0]
}

// Remaining counts the free seats of a section.
func (m *Map) Remaining(section int) int {
	first, end := m.layout.Span(section)
	free := 0
	for _, taken := range m.taken[first:end] {
		if taken == 0 {
			free++
		}
	}
	return free
}

// row returns a row of a section, by its index, and its first seat.
func (m *Map) row(section, row int) ([]byte, Seat) {
	first, end := m.layout.Row(section, row)
	return m.taken[first:end:end], first
}

func (m *Map) rows(section int) int { return m.layout.Rows(section) }

// span is a run of free neighbours in a row, by index: start <= i < end.
type span struct{ start, end int }

// nextSpan returns the first free span of a row at or after from, or an empty span at the end of the row.
func nextSpan(row []byte, from int) span {
	if skip := bytes.IndexByte(row[from:], 0); skip >= 0 {
		from += skip
	} else {
		from = len(row)
	}
	return span{from, freeUntil(row, from)}
}

// freeSeats is compared with as many seats of a row at once, because a row may have a hundred thousand seats.
var freeSeats [128]byte

// freeUntil returns the index of the first taken seat of a row at or after from, or the row's end.
func freeUntil(row []byte, from int) int {
	for from+len(freeSeats) <= len(row) && bytes.Equal(row[from:from+len(freeSeats)], freeSeats[:]) {
		from += len(freeSeats)
	}
	for from < len(row) && row[from] == 0 {
		from++
	}
	return from
}

// freeSince returns the index after the last taken seat of a row before end, or 0 if there is none.
func freeSince(row []byte, end int) int {
	for end >= len(freeSeats) && bytes.Equal(row[end-len(freeSeats):end], freeSeats[:]) {
		end -= len(freeSeats)
	}
	for end > 0 && row[end-1] == 0 {
		end--
	}
	return end
}

// fit is a possible position of some seats in a row.
type fit struct {
	start    int
	singles  int // penalty for single seats; see singlesPenalty
	distance int // from the ideal position, in half seats
}

func (f fit) better(other fit) bool {
	if f.singles != other.singles {
		return f.singles < other.singles
	}
	return f.distance < other.distance
}

// bestInRow returns the best position for n neighbours. near is the ideal position of their middle, in half seats
// from the start of the row.
func bestInRow(row []byte, n, near int) (best fit, ok bool) {
	for s := nextSpan(row, 0); s.start < len(row); s = nextSpan(row, s.end) {
		for start := s.start; start+n <= s.end; start++ {
			f := fit{start, singlesPenalty(s, start, n, len(row)), max(2*start+n-near, near-2*start-n)}
			if !ok || f.better(best) {
				best, ok = f, true
			}
		}
	}
	return best, ok
}

// nearestInRow returns the same result as bestInRow. It searches from near in both directions, until all further
// positions are worse than one that leaves no single seat.
func nearestInRow(row []byte, n, near int) (best fit, ok bool) {
	middle := freeSince(row, min(max(near/2, 0), len(row)))
	worse := func(least int) bool { return ok && best.singles == 0 && least > best.distance }
	for s := nextSpan(row, middle); s.start < len(row) && !worse(2*s.start+n-near); s = nextSpan(row, s.end) {
		best, ok = nearestInSpan(s, len(row), n, near, best, ok)
	}
	for s := previousSpan(row, middle); s.end > 0 && !worse(near-2*s.end+n); s = previousSpan(row, s.start) {
		best, ok = nearestInSpan(s, len(row), n, near, best, ok)
	}
	return best, ok
}

// nearestInSpan returns the best position in a span, or best if that is better. best is ignored unless ok. Only
// starts one seat from an end of the span leave single seats, so the best start is an end or near the ideal start.
func nearestInSpan(s span, row, n, near int, best fit, ok bool) (fit, bool) {
	last := s.end - n
	if last < s.start {
		return best, ok
	}
	ideal := min(max((near-n)/2, s.start), last)
	for _, start := range [...]int{s.start, ideal - 2, ideal - 1, ideal, ideal + 1, ideal + 2, last} {
		if start < s.start || start > last {
			continue
		}
		f := fit{start, singlesPenalty(s, start, n, row), max(2*start+n-near, near-2*start-n)}
		if !ok || f.better(best) || !best.better(f) && f.start < best.start {
			best, ok = f, true
		}
	}
	return best, ok
}

// previousSpan returns the last free span of a row that ends at or before end, or an empty span at the start of
// the row.
func previousSpan(row []byte, end int) span {
	for end > 0 && row[end-1] != 0 {
		end--
	}
	return span{freeSince(row, end), end}
}

// singlesPenalty returns the penalty for the single seats that n seats from start leave in a free span: 1 for a
// single seat at an end of the row, 2 for one between two taken seats.
func singlesPenalty(s span, start, n, row int) (singles int) {
	if start-s.start == 1 {
		singles += gapPenalty(s.start > 0)
	}
	if s.end-start-n == 1 {
		singles += gapPenalty(s.end < row)
	}
	return singles
}

func gapPenalty(betweenTaken bool) int {
	if betweenTaken {
		return 2
	}
	return 1
}

// seatsFrom returns n seats from first on.
func seatsFrom(first Seat, n int) []Seat {
	seats := make([]Seat, n)
	for i := range seats {
		seats[i] = first + Seat(i)
	}
	return seats
}
