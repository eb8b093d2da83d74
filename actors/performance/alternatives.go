package performance

import "slices"

// Alternatives returns up to limit other choices of as many seats as wanted, which must not be empty: first
// neighbours near the wanted seats, then choices of best whose seats are free. Choices don't share seats, and
// have their seats in canonical order. A choice that is not together is the last. The map must show which of
// the wanted seats are taken.
//
// best returns [Map.BestChoices] of the map, or of a slightly older map: they are the same for all callers, and
// computing them is slow in a large hall. If best is nil, the remaining choices are computed from the map.
func (m *Map) Alternatives(wanted []Seat, limit int, best func() [][]Seat) [][]Seat {
	if hall := m.layout.Hall(); hall != nil {
		return HallMapOf(hall, m.taken).Alternatives(wanted, limit, best)
	}
	middle := wanted[len(wanted)/2]
	var choices [][]Seat
	defer func() {
		for _, seats := range choices {
			m.Release(seats...)
		}
	}()
	for len(choices) < limit {
		seats, ok := m.near(middle, len(wanted))
		if !ok {
			break
		}
		m.Take(seats...)
		choices = append(choices, seats)
	}
	switch {
	case len(choices) == limit:
		return choices
	case best == nil:
		best = func() [][]Seat { return m.BestChoices(len(wanted), limit-len(choices)) }
	}
	for _, seats := range best() {
		if len(choices) < limit && !slices.ContainsFunc(seats, func(s Seat) bool { return !m.Free(s) }) {
			m.Take(seats...)
			choices = append(choices, seats)
		}
	}
	return choices
}

// BestChoices returns up to limit disjoint choices of n seats, each the best that is left. A choice that is not
// together is the last.
func (m *Map) BestChoices(n, limit int) (choices [][]Seat) {
	if hall := m.layout.Hall(); hall != nil {
		return HallMapOf(hall, m.taken).BestChoices(Criteria{Quantity: n, Section: AnySection}, limit)
	}
	defer func() {
		for _, seats := range choices {
			m.Release(seats...)
		}
	}()
	for together := true; together && len(choices) < limit; {
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

// maxNear is the number of seats after which [Map.near] stops, and the most it examines of a row.
const maxNear = 16_384

// near returns n free neighbours in the row of the section that is nearest to a seat, and in that row as near to
// the seat as possible without leaving a single seat. Of two rows at the same distance it prefers the one with
// the better position, then the one in front. It stops once it has examined maxNear seats.
func (m *Map) near(seat Seat, n int) (seats []Seat, ok bool) {
	section, row, number := m.layout.Place(seat)
	rows, here := m.rows(section), int(row)-1
	examined := 0
	for away := 0; away < rows && !ok && examined < maxNear; away++ {
		var best fit
		for _, i := range [2]int{here - away, here + away} {
			if i < 0 || i >= rows {
				continue
			}
			taken, first := m.row(section, i)
			from := min(max(0, int(number)-maxNear/2), len(taken)) // this row may be shorter than the seat's
			part := taken[from:min(len(taken), from+maxNear)]
			examined += len(part)
			f, fits := nearestInRow(part, n, 2*(int(number)-from)-1)
			if fits && (!ok || f.better(best)) {
				best, seats, ok = f, seatsFrom(first+Seat(from+f.start), n), true
			}
		}
	}
	return seats, ok
}
