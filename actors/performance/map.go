package performance

import "slices"

// Map says which seats of a layout are free at some moment. It belongs to whoever
// made it and is not for several goroutines at once.
type Map struct {
	layout *Layout
	taken  []byte // for each seat, 0 if it is free
}

// NewMap returns a map of free seats.
func NewMap(layout *Layout) *Map { return &Map{layout, make([]byte, layout.Seats())} }

// MapOf returns a map over taken, which has one byte for each seat in canonical
// order, 0 for a free one. The slice is the map's from then on.
func MapOf(layout *Layout, taken []byte) *Map {
	if len(taken) != layout.Seats() {
		panic("performance: a map of another layout")
	}
	return &Map{layout, taken}
}

// Layout that the map is of.
func (m *Map) Layout() *Layout { return m.layout }

// Clone returns a copy.
func (m *Map) Clone() *Map { return &Map{m.layout, slices.Clone(m.taken)} }

// Free says whether a seat is.
func (m *Map) Free(seat Seat) bool { return m.taken[seat] == 0 }

// Take marks seats as not free.
func (m *Map) Take(seats ...Seat) {
	for _, seat := range seats {
		m.taken[seat] = 1
	}
}

// Release marks seats as free.
func (m *Map) Release(seats ...Seat) {
	for _, seat := range seats {
		m.taken[seat] = 0
	}
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

// row returns a row of a section, counted from 0, and its first seat.
func (m *Map) row(section, row int) ([]byte, Seat) {
	perRow := int(m.layout.sections[section].SeatsPerRow)
	first := int(m.layout.first[section]) + row*perRow
	return m.taken[first : first+perRow : first+perRow], Seat(first)
}

func (m *Map) rows(section int) int { return int(m.layout.sections[section].Rows) }

// span is free seats next to each other in a row, from 0: start <= i < end.
type span struct{ start, end int }

// nextSpan returns the first free span of a row that begins at from or behind it;
// an empty one at the row's end.
func nextSpan(row []byte, from int) span {
	for from < len(row) && row[from] != 0 {
		from++
	}
	end := from
	for end < len(row) && row[end] == 0 {
		end++
	}
	return span{from, end}
}

// fit is a place for some seats in a row: where they begin, and what is against it.
type fit struct {
	start    int
	singles  int // how bad the single seats are that it leaves; see leaves
	distance int // from the point it should be near, in half seats
}

func (f fit) better(other fit) bool {
	if f.singles != other.singles {
		return f.singles < other.singles
	}
	return f.distance < other.distance
}

// bestInRow finds the best place for n seats next to each other. near is the point
// their middle should be at, in half seats from the row's beginning.
func bestInRow(row []byte, n, near int) (best fit, ok bool) {
	for s := nextSpan(row, 0); s.start < len(row); s = nextSpan(row, s.end) {
		for start := s.start; start+n <= s.end; start++ {
			f := fit{start, leaves(s, start, n, len(row)), max(2*start+n-near, near-2*start-n)}
			if !ok || f.better(best) {
				best, ok = f, true
			}
		}
	}
	return best, ok
}

// leaves says how bad the single seats are that n seats from start leave in a free
// span: 1 for one between a taken seat and the row's end, 2 for one between two
// taken seats.
func leaves(s span, start, n, row int) (singles int) {
	if start-s.start == 1 {
		singles += badness(s.start > 0)
	}
	if s.end-start-n == 1 {
		singles += badness(s.end < row)
	}
	return singles
}

func badness(between bool) int {
	if between {
		return 2
	}
	return 1
}

// seatsFrom lists n seats from one on.
func seatsFrom(first Seat, n int) []Seat {
	seats := make([]Seat, n)
	for i := range seats {
		seats[i] = first + Seat(i)
	}
	return seats
}
