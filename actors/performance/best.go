package performance

import (
	"cmp"
	"slices"
)

// AnySection makes [Map.Best] choose among all sections.
const AnySection = -1

// Choose returns the best free seats for w, in canonical order, by [HallMap.Best] in a hall and otherwise by
// [Map.Best]. ok is false if too few seats are free.
func (m *Map) Choose(w Criteria) (seats []Seat, ok bool) {
	if hall := m.layout.Hall(); hall != nil {
		return HallMapOf(hall, m.taken).Best(w)
	}
	return m.Best(w.Section, w.Quantity)
}

// Fits reports whether seats are free and satisfy w. They need not be the best seats.
func (m *Map) Fits(seats []Seat, w Criteria) bool {
	hall, accessible := m.layout.Hall(), !w.Accessible
	for _, seat := range seats {
		switch {
		case !m.Free(seat), w.Section != AnySection && m.layout.SectionOf(seat) != w.Section:
			return false
		case hall == nil:
			continue
		case !w.Accessible && hall.Reserved(seat), w.Categories != nil && !w.Categories[hall.Category(seat)]:
			return false
		}
		if of, companion := hall.CompanionOf(seat); companion && !slices.Contains(seats, of) {
			return false
		}
		accessible = accessible || hall.Accessible(seat)
	}
	return accessible && len(seats) == w.Quantity
}

// Left counts the free seats of a section that [Map.Choose] may choose.
func (m *Map) Left(section int, w Criteria) int {
	if hall := m.layout.Hall(); hall != nil {
		w.Section = section
		return HallMapOf(hall, m.taken).Remaining(w)
	}
	return m.Remaining(section)
}

// Best returns the best n free seats of a section, or of the whole performance, in canonical order; see the
// package comment. ok is false if fewer are free.
func (m *Map) Best(section, n int) (seats []Seat, ok bool) {
	sections := []int{section}
	if section == AnySection {
		sections = make([]int, len(m.layout.Sections()))
		for i := range sections {
			sections[i] = i
		}
	}
	for _, section := range sections {
		for row := range m.rows(section) {
			taken, first := m.row(section, row)
			if f, ok := bestInRow(taken, n, len(taken)); ok {
				return seatsFrom(first+Seat(f.start), n), true
			}
		}
	}
	return m.inGroups(sections, n)
}

// group is a maximal run of free neighbours. It is compact, because a performance may have fifty thousand groups.
type group struct {
	row     int32 // counted over all rows examined
	first   Seat
	size    int32
	atStart bool // it begins where its row begins
	atEnd   bool // it ends where its row ends
}

// inGroups chooses n seats from several groups, because no row has n free neighbours.
func (m *Map) inGroups(sections []int, n int) ([]Seat, bool) {
	all := make([]group, 0, m.layout.Seats()/4) // of all sections, one after another
	var ends []int                              // end of each section's groups in all
	row := int32(0)
	for _, section := range sections {
		for i := range m.rows(section) {
			all = m.groups(all, section, i, row)
			row++
		}
		ends = append(ends, len(all))
	}
	fewest := fewestGroups(all, n)
	if fewest == 0 {
		return nil, false
	}
	from, choice := 0, all
	for _, end := range ends {
		if fewestGroups(all[from:end], n) == fewest {
			choice = all[from:end]
			break
		}
		from = end
	}
	chosen, spare := chooseGroups(closest(choice, fewest, n), fewest, n)
	return dropSpare(chosen, spare), true
}

// groups appends the groups of one row.
func (m *Map) groups(all []group, section, i int, row int32) []group {
	taken, first := m.row(section, i)
	for s := nextSpan(taken, 0); s.start < len(taken); s = nextSpan(taken, s.end) {
		all = append(all, group{row, first + Seat(s.start), int32(s.end - s.start), s.start == 0, s.end == len(taken)})
	}
	return all
}

// sizes counts groups by size. Every group is smaller than the number of wanted seats.
type sizes struct {
	count   []int // by size
	largest int32 // the largest size with a group, 0 for none
}

func (s *sizes) add(g group) {
	s.count[g.size]++
	s.largest = max(s.largest, g.size)
}

func (s *sizes) remove(g group) {
	s.count[g.size]--
	for s.largest > 0 && s.count[s.largest] == 0 {
		s.largest--
	}
}

// groupsFor returns the least number of groups that have n seats in total, 0 if all groups have fewer.
func (s *sizes) groupsFor(n int) (groups int) {
	for size := int(s.largest); size > 0; size-- {
		if c := s.count[size]; c*size < n {
			n -= c * size
			groups += c
			continue
		}
		return groups + (n+size-1)/size
	}
	return 0
}

// fewestGroups returns the least number of groups that have n seats in total, 0 if all groups have fewer.
func fewestGroups(groups []group, n int) int {
	s := sizes{count: make([]int, n)}
	for _, g := range groups {
		s.add(g)
	}
	return s.groupsFor(n)
}

// closest returns the groups in the fewest consecutive rows of which fewest groups have n seats in total; of
// these rows the nearest to the front. Such rows must exist.
func closest(groups []group, fewest, n int) []group {
	s := sizes{count: make([]int, n)}
	best, rows := groups, int32(0)
	for from, to := 0, 0; to < len(groups); {
		for row := groups[to].row; to < len(groups) && groups[to].row == row; to++ {
			s.add(groups[to])
		}
		for k := s.groupsFor(n); k != 0 && k <= fewest; k = s.groupsFor(n) {
			row := groups[from].row
			if span := groups[to-1].row - row + 1; rows == 0 || span < rows {
				best, rows = groups[from:to], span
			}
			for ; from < to && groups[from].row == row; from++ {
				s.remove(groups[from])
			}
		}
	}
	return best
}

// chooseGroups chooses fewest groups that have at least n seats in total, and returns the number of spare seats. It
// avoids exactly one spare seat, which would be a single seat.
func chooseGroups(groups []group, fewest, n int) (chosen []group, spare int) {
	bySize := slices.Clone(groups)
	slices.SortStableFunc(bySize, func(a, b group) int { return int(b.size - a.size) })
	chosen, rest := bySize[:fewest], bySize[fewest:]
	for _, g := range chosen {
		spare += int(g.size)
	}
	spare -= n
	if spare != 1 {
		return chosen, spare
	}
	// These are the largest groups, so exactly n seats are only possible if one group is replaced by another that is
	// smaller by one seat.
	for i, g := range slices.Backward(chosen) {
		for _, other := range rest {
			if other.size == g.size-1 {
				chosen[i] = other
				return chosen, 0
			}
		}
	}
	// A single seat is unavoidable; prefer one at a row's end.
	last := &chosen[fewest-1]
	for _, other := range rest {
		if other.size == last.size && other.atEdge() && !slices.ContainsFunc(chosen, group.atEdge) {
			*last = other
		}
	}
	return chosen, spare
}

// atEdge reports whether a spare seat of the group can be at the end of its row.
func (g group) atEdge() bool { return g.atStart || g.atEnd }

// dropSpare removes the spare seats from one of the groups and returns the seats of all groups. The groups are as
// few as possible, so each is larger than spare.
func dropSpare(groups []group, spare int) []Seat {
	slices.SortFunc(groups, func(a, b group) int { return cmp.Compare(a.first, b.first) })
	if spare > 0 {
		at := len(groups) - 1 // the farthest from the front
		if i := slices.IndexFunc(groups, group.atEdge); spare == 1 && i >= 0 {
			at = i
		}
		if g := &groups[at]; g.atStart {
			g.first += Seat(spare)
		}
		groups[at].size -= int32(spare)
	}
	var seats []Seat
	for _, g := range groups {
		seats = append(seats, seatsFrom(g.first, int(g.size))...)
	}
	return seats
}
