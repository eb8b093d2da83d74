package events

import (
	"cmp"
	"math"
	"slices"
)

// MaxNeighbours is the largest group of neighbouring seats to which [HallStretch.Least] applies.
const MaxNeighbours = 50

// maxStretch is the largest number of seats in a stretch.
const maxStretch = 32

// HallStretch is a part of a row without a gap.
type HallStretch struct {
	// First is the first seat, and End the one after the last.
	First, End SeatIndex
	// Least is a lower bound of the distance between the focal point and the mean position of any group
	// of up to [MaxNeighbours] neighbouring seats whose first seat is in the stretch.
	Least float64
}

// Stretches returns the stretches that all seats are divided into, sorted by Least. The slice must not
// be changed.
func (h *Hall) Stretches() []HallStretch { return h.stretches }

// Joined reports whether the next seat is a neighbour: it is in the same row, at a distance of at most
// 1.5 times the row's median.
func (h *Hall) Joined(seat SeatIndex) bool { return h.flags[seat]&seatJoined != 0 }

// Reserved reports whether a seat is a place for a wheelchair or a companion seat.
func (h *Hall) Reserved(seat SeatIndex) bool {
	return h.flags[seat]&(seatAccessible|seatCompanion) != 0
}

// Span returns the first seat of a section and the one after its last.
func (h *Hall) Span(section int) (first, end SeatIndex) { return h.first[section], h.first[section+1] }

// gapFactor times the median distance is the largest distance between neighbours. The excess over 1.5
// allows for rounded coordinates.
const gapFactor = 1.5 + 1e-4

// addStretches marks the neighbours in each row and divides the rows into stretches.
func (c *compiler) addStretches() error {
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
				h.flags[row.First+SeatIndex(i)] |= seatJoined
			}
		}
		for first := row.First; first < row.End; {
			end := first + 1
			for h.Joined(end - 1) {
				end++
			}
			for ; first < end; first = min(end, first+maxStretch) {
				h.stretches = append(h.stretches, HallStretch{First: first, End: min(end, first+maxStretch),
					Least: h.leastDistance(first, min(end, first+maxStretch+MaxNeighbours-1))})
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

// leastDistance returns a lower bound of the distance between the focal point and the mean position of any
// subset of the seats: the smallest distance of a seat, measured in the direction of the mean of all.
func (h *Hall) leastDistance(first, end SeatIndex) float64 {
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
