package live

import (
	"slices"

	"admitone/events"
	"admitone/projections/row"
)

// AreaDelta has the counts of an area after a delta.
type AreaDelta struct {
	ID     events.AreaID
	Counts events.AreaCounts
	// Number is the index of the area in the performance.
	Number int
}

// NewAreaDelta returns the delta of a fact of one area of a performance; number is the area's index.
func NewAreaDelta(performance *row.Performance, number int, cause Cause) *PerformanceDelta {
	area := &performance.Areas[number]
	return &PerformanceDelta{Counts: performance.SeatCounts, Cause: cause,
		Areas: []AreaDelta{{area.ID, area.AreaCounts, number}}}
}

// mergeAreas merges later areas into d.
func (d *PerformanceDelta) mergeAreas(later []AreaDelta) {
	for _, a := range later {
		at, found := slices.BinarySearchFunc(d.Areas, a.Number,
			func(d AreaDelta, number int) int { return d.Number - number })
		if found {
			d.Areas[at] = a
		} else {
			d.Areas = slices.Insert(d.Areas, at, a)
		}
	}
}

// appendArea is AppendArea for the element of an array with the index i.
func appendArea(dst []byte, i int, id events.AreaID, counts events.AreaCounts) []byte {
	if i > 0 {
		dst = append(dst, ',')
	}
	return AppendArea(dst, id, counts)
}

// AppendArea appends the JSON of an area, which is the same in resources and frames.
func AppendArea(dst []byte, id events.AreaID, counts events.AreaCounts) []byte {
	o := events.OpenObject(dst)
	o.String("area", string(id))
	o.Int("capacity", counts.Capacity())
	o.Int("remaining", counts.Remaining)
	o.Int("held", counts.Held)
	o.Int("booked", counts.Booked)
	if counts.Blocked > 0 {
		o.Int("blocked", counts.Blocked)
	}
	return o.Close()
}

// CauseResized is the cause of a fact that sets an area's capacity.
const CauseResized Cause = "resized"

// AreaCause returns the cause of a fact of an area, CauseNone if the fact only changes a deadline.
func AreaCause(fact events.Fact) Cause {
	switch f := fact.(type) {
	case *events.AreaHeld:
		return CauseHeld
	case *events.AreaBooked:
		return CauseBooked
	case *events.AreaReleased:
		if f.Reason == events.ReleasedExpired { // the booking expires before its places
			return CauseExpired
		}
		return CauseReleased
	case *events.AreaExpired:
		return CauseExpired
	case *events.AreaResized:
		return CauseResized
	case *events.AreaBlocked:
		return CauseBlocked
	case *events.AreaUnblocked:
		return CauseUnblocked
	}
	return CauseNone
}
