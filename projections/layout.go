package projections

import (
	"slices"

	"admitone/events"
)

// layout numbers the seats of a performance from 0: section by section as they were
// given, row by row, number by number. It never changes.
type layout struct {
	sections []events.Section
	first    []int32        // the first seat of each section, and behind them the end
	byID     map[string]int // places in sections
}

func newLayout(sections []events.Section) *layout {
	l := &layout{sections: sections, first: make([]int32, 1, len(sections)+1), byID: make(map[string]int, len(sections))}
	for i := range sections {
		l.byID[sections[i].ID] = i
		l.first = append(l.first, l.first[i]+int32(sections[i].Rows*sections[i].SeatsPerRow))
	}
	return l
}

// seats is how many there are.
func (l *layout) seats() int { return int(l.first[len(l.sections)]) }

// find returns a seat by its name, and its section. ok is false if there is none.
func (l *layout) find(name string) (seat int32, section int, ok bool) {
	id, row, number, ok := events.ParseSeat(name)
	if !ok {
		return 0, 0, false
	}
	section, ok = l.byID[id]
	if !ok || row > l.sections[section].Rows || number > l.sections[section].SeatsPerRow {
		return 0, 0, false
	}
	return l.first[section] + int32((row-1)*l.sections[section].SeatsPerRow+number-1), section, true
}

// place of a seat.
func (l *layout) place(seat int32) (section int, row, number int64) {
	section, found := slices.BinarySearch(l.first, seat)
	if !found {
		section--
	}
	at, perRow := int64(seat-l.first[section]), l.sections[section].SeatsPerRow
	return section, at/perRow + 1, at%perRow + 1
}

// name of a seat.
func (l *layout) name(seat int32) string {
	section, row, number := l.place(seat)
	return events.SeatName(l.sections[section].ID, row, number)
}
