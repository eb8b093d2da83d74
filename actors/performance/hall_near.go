package performance

import "admitone/events"

// maxHallNear is the number of seats of a hall after which near stops, and the most it examines of a row.
const maxHallNear = 4_096

// Alternatives is [Map.Alternatives] for a hall, with [HallMap.BestChoices] as best. Wheelchair places are chosen
// only if wanted has a wheelchair place.
func (m *HallMap) Alternatives(wanted []Seat, limit int, best func() [][]Seat) [][]Seat {
	middle, w := wanted[len(wanted)/2], Criteria{Quantity: len(wanted), Section: AnySection}
	for _, seat := range wanted {
		w.Accessible = w.Accessible || m.hall.Accessible(seat)
	}
	var choices [][]Seat
	defer func() {
		for _, seats := range choices {
			m.set(seats, 0)
		}
	}()
	for len(choices) < limit {
		seats, ok := m.near(middle, w)
		if !ok {
			break
		}
		m.set(seats, 1)
		choices = append(choices, seats)
	}
	switch {
	case len(choices) == limit:
		return choices
	case best == nil:
		best = func() [][]Seat { return m.BestChoices(w, limit-len(choices)) }
	}
	for _, seats := range best() {
		if len(choices) < limit && m.free(seats) {
			m.set(seats, 1)
			choices = append(choices, seats)
		}
	}
	return choices
}

func (m *HallMap) set(seats []Seat, taken byte) {
	for _, seat := range seats {
		m.taken[seat] = taken
	}
}

func (m *HallMap) free(seats []Seat) bool {
	for _, seat := range seats {
		if m.taken[seat] != 0 {
			return false
		}
	}
	return true
}

// BestChoices returns up to limit disjoint choices for w, each the best that is left. A choice that is not
// together is the last.
func (m *HallMap) BestChoices(w Criteria, limit int) (choices [][]Seat) {
	defer func() {
		for _, seats := range choices {
			m.set(seats, 0)
		}
	}()
	for together := true; together && len(choices) < limit; {
		seats, ok := m.Best(w)
		if !ok {
			break
		}
		m.set(seats, 1)
		choices = append(choices, seats)
		for i := range len(seats) - 1 {
			together = together && seats[i+1] == seats[i]+1 && m.hall.Joined(seats[i])
		}
	}
	return choices
}

// near returns free neighbours, in the plan's order, in the row of the section that is nearest to a seat, and in
// that row as near to the seat as possible without leaving a single seat. Of two rows at the same distance it
// takes the better choice. It stops once it has examined maxHallNear seats.
func (m *HallMap) near(seat Seat, w Criteria) (seats []Seat, ok bool) {
	rows, here, at := m.hall.Rows(), m.hall.RowOf(seat), m.hall.Position(seat)
	section, along := rows[here].Section, int(seat-rows[here].First)
	for away, examined := 0, 0; away < len(rows) && examined < maxHallNear && !ok; away++ {
		var best window
		inSection := false
		for side, i := range [2]int{here - away, here + away} {
			if i < 0 || i >= len(rows) || rows[i].Section != section || side > 0 && away == 0 {
				continue
			}
			inSection = true
			first, end := m.around(&rows[i], along)
			examined += int(end - first)
			best, ok = m.bestFrom(first, end, w, at, best, ok)
		}
		if ok {
			return seatsFrom(best.first, w.Quantity), true
		}
		if !inSection {
			break
		}
	}
	return nil, false
}

// around returns the part of a row that near examines: at most maxHallNear seats around the index along.
func (m *HallMap) around(row *events.HallRow, along int) (first, end Seat) {
	first = row.First + Seat(max(0, min(along, int(row.End-row.First))-maxHallNear/2))
	return first, min(row.End, first+maxHallNear)
}
