package performance

import (
	"bytes"

	"admitone/events"
)

// HallMap records which seats of a hall are free. It is not safe for concurrent use.
type HallMap struct {
	hall  *events.Hall
	taken []byte // for each seat, 0 if it is free
}

// Criteria selects seats of a hall.
type Criteria struct {
	// Quantity of seats, at least 1.
	Quantity int
	// Section is the index of the section, or [AnySection].
	Section int
	// Categories has true at the index of each acceptable category; nil accepts all.
	Categories []bool
	// Accessible requires at least one wheelchair place. Without it, wheelchair places and companion seats are not
	// chosen. A companion seat is only chosen together with its place.
	Accessible bool
}

// HallMapOf returns a map of taken, which has one byte for each seat of the hall, 0 for a free seat. The map owns
// the slice.
func HallMapOf(hall *events.Hall, taken []byte) *HallMap {
	if len(taken) != hall.Seats() {
		panic("performance: a map of a different hall")
	}
	return &HallMap{hall, taken}
}

// window is a choice of n neighbours in a row.
type window struct {
	first    Seat
	singles  int     // number of single seats that it leaves
	distance float64 // squared distance of the sum of its positions from n times a point
}

func (w window) better(other window) bool {
	switch {
	case w.singles != other.singles:
		return w.singles < other.singles
	case w.distance != other.distance:
		return w.distance < other.distance
	}
	return w.first < other.first
}

// Best returns the best free seats for w in the plan's order; see the package comment. ok is false if fewer than
// w.Quantity are free; see [HallMap.Remaining].
func (m *HallMap) Best(w Criteria) (seats []Seat, ok bool) {
	var best window
	from, to := m.span(w.Section)
	for _, s := range m.hall.Stretches() {
		if ok && best.singles == 0 && w.Quantity <= events.MaxNeighbours && m.isFarther(s.Least, best.distance, w.Quantity) {
			break
		}
		if s.First >= from && s.First < to {
			best, ok = m.bestFrom(s.First, s.End, w, m.hall.FocalPoint, best, ok)
		}
	}
	switch {
	case ok:
		return seatsFrom(best.first, w.Quantity), true
	case w.Accessible:
		return m.bestAccessible(w)
	}
	return m.bestApart(w)
}

// isFarther reports whether every window of n seats whose mean is at least the distance least from the focal point is
// farther than a window with this distance; see window.distance.
func (m *HallMap) isFarther(least, distance float64, n int) bool {
	least *= float64(n)
	return least*least > distance
}

// span returns the range [first, end) of the seats of a section, or of all sections.
func (m *HallMap) span(section int) (first, end Seat) {
	if section == AnySection {
		return 0, Seat(m.hall.Seats())
	}
	return m.hall.Span(section)
}

// eligible reports whether a seat satisfies w.
func (m *HallMap) eligible(seat Seat, w *Criteria) bool {
	return m.taken[seat] == 0 && (w.Accessible || !m.hall.Reserved(seat)) &&
		(w.Categories == nil || w.Categories[m.hall.Category(seat)])
}

// bestFrom returns the best window that begins in [first, end), or best if that is better. best is ignored unless ok.
// near is the ideal mean position.
func (m *HallMap) bestFrom(first, end Seat, w Criteria, near events.PlanPoint, best window, ok bool) (window, bool) {
	n := Seat(w.Quantity)
	middle := events.PlanPoint{X: near.X * float64(n), Y: near.Y * float64(n)}
	to, sum := first, events.PlanPoint{} // the seats in [first, to) are eligible; sum adds their positions
	for {
		if to == first {
			if first = m.nextFree(first, end); first == end {
				return best, ok
			}
			to, sum = first, events.PlanPoint{}
		}
		next := Seat(-1) // if an obstacle was found: the first possible start of a window after it
		for to < first+n && next < 0 {
			switch {
			case to > first && !m.hall.Joined(to-1):
				next = to
			case !m.eligible(to, &w):
				next = to + 1
			default:
				at := m.hall.Position(to)
				sum.X, sum.Y = sum.X+at.X, sum.Y+at.Y
				to++
			}
		}
		if next >= 0 {
			first, to = min(next, end), min(next, end)
			continue
		}
		x, y := sum.X-middle.X, sum.Y-middle.Y
		if c := (window{first: first, distance: x*x + y*y}); !ok || best.singles > 0 || c.distance <= best.distance {
			if c.singles = m.singlesLeft(first, to, &w); (!ok || c.better(best)) && m.complete(first, to, &w) {
				best, ok = c, true
			}
		}
		at := m.hall.Position(first)
		sum.X, sum.Y = sum.X-at.X, sum.Y-at.Y
		if first++; first == end {
			return best, ok
		}
	}
}

// nextFree returns the first free seat in [first, end), or end.
func (m *HallMap) nextFree(first, end Seat) Seat {
	if i := bytes.IndexByte(m.taken[first:end], 0); i >= 0 {
		return first + Seat(i)
	}
	return end
}

// singlesLeft counts the single seats that the seats in [first, to) leave. Wheelchair places and companion seats
// count as taken unless w.Accessible.
func (m *HallMap) singlesLeft(first, to Seat, w *Criteria) (singles int) {
	open := func(seat Seat) bool { return m.taken[seat] == 0 && (w.Accessible || !m.hall.Reserved(seat)) }
	if left := first - 1; left >= 0 && m.hall.Joined(left) && open(left) &&
		!(left > 0 && m.hall.Joined(left-1) && open(left-1)) {
		singles++
	}
	if m.hall.Joined(to-1) && open(to) && !(m.hall.Joined(to) && open(to+1)) {
		singles++
	}
	return singles
}

// complete reports whether the seats in [first, to) satisfy w.Accessible, with the place of each companion seat.
func (m *HallMap) complete(first, to Seat, w *Criteria) bool {
	accessible := !w.Accessible
	for seat := first; seat < to && w.Accessible; seat++ {
		accessible = accessible || m.hall.Accessible(seat)
		if of, companion := m.hall.CompanionOf(seat); companion && (of < first || of >= to) {
			return false
		}
	}
	return accessible
}

// Remaining returns the number of seats that [HallMap.Best] can choose from.
func (m *HallMap) Remaining(w Criteria) (free int) {
	from, to := m.span(w.Section)
	accessible := !w.Accessible
	for seat := from; seat < to; seat++ {
		if !m.eligible(seat, &w) {
			continue
		}
		if of, companion := m.hall.CompanionOf(seat); companion && (of < from || of >= to || !m.eligible(of, &w) ||
			!m.hall.Accessible(of)) {
			continue
		}
		accessible = accessible || m.hall.Accessible(seat)
		free++
	}
	if !accessible {
		return 0
	}
	return free
}
