package performance

import (
	"cmp"
	"math"
	"slices"

	"admitone/events"
)

// run is a maximal run of eligible neighbours in a hall. It is compact, because a hall may have fifty thousand runs.
type run struct {
	first    Seat
	size     int32
	distance float64 // squared distance of its middle seat from the focal point
}

func (r run) compare(other run) int {
	return cmp.Or(cmp.Compare(r.distance, other.distance), cmp.Compare(r.first, other.first))
}

// bestApart chooses seats if no row has enough seats together: in the fewest runs, if possible without leaving a
// single seat, of these in the runs nearest to the focal point, and of these near each other.
func (m *HallMap) bestApart(w Criteria) ([]Seat, bool) {
	runs := m.runs(w)
	all := sizes{count: make([]int, w.Quantity)}
	for _, r := range runs {
		all.add(group{size: r.size})
	}
	fewest := all.groupsFor(w.Quantity)
	if fewest == 0 {
		return nil, false
	}
	_, alone := all.largestGroups(fewest, w.Quantity)
	runs = nearestEnough(runs, w.Quantity, func(s *sizes) bool {
		k := s.groupsFor(w.Quantity)
		if k != fewest {
			return false
		}
		_, spare := s.largestGroups(fewest, w.Quantity)
		return spare != 1 || alone == 1
	})
	counts := sizes{count: make([]int, w.Quantity)}
	for _, r := range runs {
		counts.add(group{size: r.size})
	}
	sizesOf, spare := counts.largestGroups(fewest, w.Quantity)
	return m.cutRuns(m.nearEachOther(runs, sizesOf), spare), true
}

// largestGroups returns how many groups of each size to use so that the given number of groups has at least n
// seats, and the number of spare seats. It uses the largest groups, unless they would leave a single seat and
// others don't. There must be enough groups.
func (s *sizes) largestGroups(groups, n int) (count []int, spare int) {
	count, spare = make([]int, len(s.count)), -n
	for size := int(s.largest); size > 0 && groups > 0; size-- {
		count[size] = min(s.count[size], groups)
		groups -= count[size]
		spare += size * count[size]
	}
	if spare != 1 {
		return count, spare
	}
	// These are the largest groups, so exactly n seats are only possible if one group is replaced by another that is
	// smaller by one seat.
	for size := 2; size < len(count); size++ {
		if count[size] > 0 && s.count[size-1] > count[size-1] {
			count[size]--
			count[size-1]++
			return count, 0
		}
	}
	return count, spare
}

// runs returns the runs of a section, or of all sections. Each must have fewer seats than wanted.
func (m *HallMap) runs(w Criteria) (runs []run) {
	focal := m.hall.FocalPoint
	first, end := m.span(w.Section)
	for first = m.nextFree(first, end); first < end; first = m.nextFree(first, end) {
		to := first
		for to < end && m.eligible(to, &w) {
			if to++; !m.hall.Joined(to - 1) {
				break
			}
		}
		if to == first {
			first++
			continue
		}
		at := m.hall.Position(first + (to-first)/2)
		x, y := at.X-focal.X, at.Y-focal.Y
		runs = append(runs, run{first, int32(to - first), x*x + y*y})
		first = to
	}
	return runs
}

// nearestEnough returns the smallest set of nearest runs for which enough returns true, in any order. enough must be
// monotonic, and true for all runs. It halves the candidates repeatedly, so it examines each run about twice.
func nearestEnough(runs []run, n int, enough func(*sizes) bool) []run {
	counts := sizes{count: make([]int, n)}
	from, to := 0, len(runs) // runs[:from] are needed, runs[to:] are not
	for from+1 < to {
		middle := from + partition(runs[from:to])
		for _, r := range runs[from:middle] {
			counts.add(group{size: r.size})
		}
		if !enough(&counts) {
			from = middle
			continue
		}
		for _, r := range runs[from:middle] {
			counts.remove(group{size: r.size})
		}
		to = middle
	}
	return runs[:to]
}

// partition moves some of the nearest runs to the front and returns their number, at least one and not all. There
// must be two or more runs.
func partition(runs []run) int {
	pivot, near := []run{runs[0], runs[len(runs)/2], runs[len(runs)-1]}, 0
	slices.SortFunc(pivot, run.compare)
	limit := pivot[1]
	if len(runs) == 2 {
		limit = pivot[0]
	}
	for i, r := range runs {
		if r.compare(limit) <= 0 {
			runs[near], runs[i] = r, runs[near]
			near++
		}
	}
	return near
}

// nearEachOther chooses runs of the given sizes, those nearest to the run that is farthest from the focal point.
// Without that run, the nearest runs are not enough.
func (m *HallMap) nearEachOther(runs []run, count []int) []run {
	farthest := slices.MaxFunc(runs, run.compare)
	at, chosen := m.middle(farthest), make([][]run, len(count))
	for _, r := range runs {
		c := chosen[r.size]
		if count[r.size] == 0 {
			continue
		}
		here := m.middle(r)
		x, y := here.X-at.X, here.Y-at.Y
		r.distance = x*x + y*y
		if i, _ := slices.BinarySearchFunc(c, r, run.compare); i < count[r.size] {
			c = slices.Insert(c, i, r)
			chosen[r.size] = c[:min(len(c), count[r.size])]
		}
	}
	return slices.Concat(chosen...)
}

func (m *HallMap) middle(r run) events.PlanPoint { return m.hall.Position(r.first + Seat(r.size)/2) }

// cutRuns removes the spare seats from the farther end of the run that is farthest from the focal point, and
// returns the seats of all runs. The runs are as few as possible, so each is larger than spare.
func (m *HallMap) cutRuns(runs []run, spare int) (seats []Seat) {
	slices.SortFunc(runs, func(a, b run) int { return cmp.Compare(a.first, b.first) })
	away := func(seat Seat) float64 {
		at := m.hall.Position(seat)
		return math.Hypot(at.X-m.hall.FocalPoint.X, at.Y-m.hall.FocalPoint.Y)
	}
	last := 0
	for i := range runs {
		if away(runs[i].first+Seat(runs[i].size)/2) > away(runs[last].first+Seat(runs[last].size)/2) {
			last = i
		}
	}
	if r := &runs[last]; spare > 0 {
		if away(r.first) > away(r.first+Seat(r.size)-1) {
			r.first += Seat(spare)
		}
		r.size -= int32(spare)
	}
	for _, r := range runs {
		seats = append(seats, seatsFrom(r.first, int(r.size))...)
	}
	return seats
}

// bestAccessible chooses seats if no row has enough seats together and one must be a wheelchair place: the nearest
// such place, its companion seats, and the best other seats; further wheelchair places if the other seats are too
// few.
func (m *HallMap) bestAccessible(w Criteria) (chosen []Seat, ok bool) {
	from, to := m.span(w.Section)
	var places []run
	others := 0 // other eligible seats
	companions := map[Seat][]Seat{}
	for seat := from; seat < to; seat++ {
		if !m.eligible(seat, &w) {
			continue
		}
		if !m.hall.Reserved(seat) {
			others++
		}
		if m.hall.Accessible(seat) {
			x, y := m.hall.Position(seat).X-m.hall.FocalPoint.X, m.hall.Position(seat).Y-m.hall.FocalPoint.Y
			places = append(places, run{seat, 1, x*x + y*y})
		}
		if of, companion := m.hall.CompanionOf(seat); companion {
			companions[of] = append(companions[of], seat)
		}
	}
	slices.SortFunc(places, run.compare)
	for _, place := range places {
		for _, seat := range append([]Seat{place.first}, companions[place.first]...) {
			if len(chosen) < w.Quantity && !slices.Contains(chosen, seat) {
				chosen = append(chosen, seat)
			}
		}
		rest, ok := []Seat(nil), len(chosen) == w.Quantity
		if !ok && others >= w.Quantity-len(chosen) {
			rest, ok = m.Best(Criteria{Quantity: w.Quantity - len(chosen), Section: w.Section, Categories: w.Categories})
		}
		if ok {
			chosen = append(chosen, rest...)
			slices.Sort(chosen)
			return chosen, true
		}
	}
	return nil, false
}
