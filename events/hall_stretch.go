package events

import (
	"cmp"
	"math"
	"slices"
)

// HallReach is the largest number of neighbours for which a [HallStretch] has the least distance.
const HallReach = 50

// stretchSeats is the largest number of seats in a stretch.
const stretchSeats = 32

// HallStretch is a part of a row: seats with no gap between them.
type HallStretch struct {
	// First seat of it, and the one after its last.
	First, End SeatIndex
	// Least has lower bounds of the distance between the focal point and the mean position of any
	// choice of up to [HallReach] neighbours without a gap whose first seat is in the stretch.
	Least float64
}

// Stretches returns all seats in stretches, by increasing least distance. The slice must not be
// changed.
func (h *Hall) Stretches() []HallStretch { return h.stretches }

// Joined reports whether the next seat is in the same row and not beyond a gap: seats that follow each
// other are neighbours unless their distance is more than 1.5 times the median of their row.
func (h *Hall) Joined(seat SeatIndex) bool { return h.marks[seat]&seatJoined != 0 }

// Reserved reports whether a seat is a place for a wheelchair or the seat of a companion.
func (h *Hall) Reserved(seat SeatIndex) bool {
	return h.marks[seat]&(seatAccessible|seatCompanion) != 0
}

// Span returns the first seat of a section and the one after its last.
func (h *Hall) Span(section int) (first, end SeatIndex) { return h.first[section], h.first[section+1] }

// gapFactor times the median distance is not yet a gap. Its excess over 1.5 allows for rounded
// coordinates.
const gapFactor = 1.5 + 1e-4

// stretch marks the neighbours of each row and cuts the rows at their gaps.
func (c *compiler) stretch() error {
	h := c.hall
	var distances, sorted []float64
	for _, row := range h.rows {
		distances = distances[:0]
		for seat := row.First; seat < row.End-1; seat++ {
			distances = append(distances, distance(h.places[seat], h.places[seat+1]))
		}
		sorted = append(sorted[:0], distances...)
		slices.Sort(sorted)
		for i, between := range distances {
			if median := (sorted[len(sorted)/2] + sorted[(len(sorted)-1)/2]) / 2; between <= gapFactor*median {
				h.marks[row.First+SeatIndex(i)] |= seatJoined
			}
		}
		for first := row.First; first < row.End; {
			end := first + 1
			for h.Joined(end - 1) {
				end++
			}
			for ; first < end; first = min(end, first+stretchSeats) {
				h.stretches = append(h.stretches, HallStretch{First: first, End: min(end, first+stretchSeats),
					Least: h.least(first, min(end, first+stretchSeats+HallReach-1))})
			}
		}
	}
	slices.SortFunc(h.stretches, func(a, b HallStretch) int {
		return cmp.Or(cmp.Compare(a.Least, b.Least), cmp.Compare(a.First, b.First))
	})
	return nil
}

func distance(a, b hallPlace) float64 {
	return math.Hypot(float64(a.x)-float64(b.x), float64(a.y)-float64(b.y))
}

// least returns a lower bound of the distance between the focal point and the mean of any of the seats:
// all of them are at least so far from it in the direction of their middle.
func (h *Hall) least(first, end SeatIndex) float64 {
	towards := PlanPoint{}
	for _, p := range h.places[first:end] {
		towards.X += float64(p.x) - h.FocalPoint.X
		towards.Y += float64(p.y) - h.FocalPoint.Y
	}
	length := math.Hypot(towards.X, towards.Y)
	if length == 0 {
		return 0
	}
	nearest := math.Inf(1)
	for _, p := range h.places[first:end] {
		nearest = min(nearest, ((float64(p.x)-h.FocalPoint.X)*towards.X+(float64(p.y)-h.FocalPoint.Y)*towards.Y)/length)
	}
	return max(0, nearest*(1-1e-9))
}
