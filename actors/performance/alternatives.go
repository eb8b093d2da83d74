package performance

import "slices"

// Alternatives returns up to most other choices of as many seats as were wanted,
// which must not be none: next to each other and near those, then the first free ones
// of best. One that is not next to each other is the last: there is none better. No two
// share a seat, and each has its seats in canonical order. The map must know which
// of the wanted seats are taken.
//
// best returns [Map.BestChoices] of the map, or of one a little older: to find them takes
// long in a large hall, and they are the same for all callers. If it is nil, the choices are
// the best that those near leave.
func (m *Map) Alternatives(wanted []Seat, most int, best func() [][]Seat) [][]Seat {
	middle := wanted[len(wanted)/2]
	var choices [][]Seat
	defer func() {
		for _, seats := range choices {
			m.Release(seats...)
		}
	}()
	for len(choices) < most {
		seats, ok := m.near(middle, len(wanted))
		if !ok {
			break
		}
		m.Take(seats...)
		choices = append(choices, seats)
	}
	switch {
	case len(choices) == most:
		return choices
	case best == nil:
		best = func() [][]Seat { return m.BestChoices(len(wanted), most-len(choices)) }
	}
	for _, seats := range best() {
		if len(choices) < most && !slices.ContainsFunc(seats, func(s Seat) bool { return !m.Free(s) }) {
			m.Take(seats...)
			choices = append(choices, seats)
		}
	}
	return choices
}

// BestChoices returns up to most choices of n seats, each the best that the ones before it
// leave: [Map.Best] again and again. One that is not next to each other is the last.
func (m *Map) BestChoices(n, most int) (choices [][]Seat) {
	defer func() {
		for _, seats := range choices {
			m.Release(seats...)
		}
	}()
	for together := true; together && len(choices) < most; {
		seats, ok := m.Best(AnySection, n)
		if !ok {
			break
		}
		m.Take(seats...)
		choices = append(choices, seats)
		together = m.together(seats)
	}
	return choices
}

// together reports whether seats in canonical order are next to each other in a row.
func (m *Map) together(seats []Seat) bool {
	_, last := m.layout.Neighbours(seats[0])
	for _, seat := range seats[1:] {
		if seat != last {
			return false
		}
		_, last = m.layout.Neighbours(seat)
	}
	return true
}

// nearby is how many seats near looks at, at most.
const nearby = 16_384

// near returns n free seats next to each other in the row nearest to a seat in its
// section, and as near to it there as may be without a single seat left. Of two rows
// equally near, the one counts that leaves less, or else the one in front. It looks at
// nearby seats, and at no more of a row that is longer.
func (m *Map) near(seat Seat, n int) (seats []Seat, ok bool) {
	section, row, number := m.layout.Place(seat)
	rows, here := m.rows(section), int(row)-1
	looked := 0
	for away := 0; away < rows && !ok && looked < nearby; away++ {
		var best fit
		for _, i := range [2]int{here - away, here + away} {
			if i < 0 || i >= rows {
				continue
			}
			taken, first := m.row(section, i)
			from := max(0, int(number)-nearby/2)
			part := taken[from:min(len(taken), from+nearby)]
			looked += len(part)
			f, fits := nearestInRow(part, n, 2*(int(number)-from)-1)
			if fits && (!ok || f.better(best)) {
				best, seats, ok = f, seatsFrom(first+Seat(from+f.start), n), true
			}
		}
	}
	return seats, ok
}
