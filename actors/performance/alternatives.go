package performance

// Alternatives returns up to most other choices of as many seats as were wanted,
// which must not be none: next to each other and near those, then the best there
// are. One that is not next to each other is the last: there is none better. No two
// share a seat, and each has its seats in canonical order. The map must know which
// of the wanted seats are taken.
func (m *Map) Alternatives(wanted []Seat, most int) [][]Seat {
	middle := wanted[len(wanted)/2]
	var choices [][]Seat
	defer func() {
		for _, seats := range choices {
			m.Release(seats...)
		}
	}()
	for together := true; together && len(choices) < most; {
		seats, ok := m.near(middle, len(wanted))
		if !ok {
			seats, ok = m.Best(AnySection, len(wanted))
		}
		if !ok {
			break
		}
		m.Take(seats...)
		choices = append(choices, seats)
		together = m.together(seats)
	}
	return choices
}

// together says whether seats in canonical order are next to each other in a row.
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

// near returns n free seats next to each other in the row nearest to a seat in its
// section, and as near to it there as may be without a single seat left. Of two rows
// equally near, the one counts that leaves less, or else the one in front.
func (m *Map) near(seat Seat, n int) (seats []Seat, ok bool) {
	section, row, number := m.layout.Place(seat)
	rows, here := m.rows(section), int(row)-1
	for away := 0; away < rows && !ok; away++ {
		var best fit
		for _, i := range [2]int{here - away, here + away} {
			if i < 0 || i >= rows {
				continue
			}
			taken, first := m.row(section, i)
			if f, fits := bestInRow(taken, n, 2*int(number)-1); fits && (!ok || f.better(best)) {
				best, seats, ok = f, seatsFrom(first+Seat(f.start), n), true
			}
		}
	}
	return seats, ok
}
