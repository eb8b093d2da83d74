package events

import "slices"

// SeatIndex is a seat's index in the canonical order of its layout, from 0: section by section as
// given, row by row, number by number.
type SeatIndex int32

// Layout maps between the seats of a performance and their numbers, as its sections define them. It
// is immutable and safe for concurrent use. It costs memory per section, not per seat.
type Layout struct {
	sections []Section
	first    []SeatIndex       // the first seat of each section, then the end
	byID     map[SectionID]int // indexes in sections
}

// NewLayout returns the layout of sections, whose ids must differ.
func NewLayout(sections []Section) *Layout {
	l := &Layout{
		sections: sections,
		first:    make([]SeatIndex, 0, len(sections)+1),
		byID:     make(map[SectionID]int, len(sections)),
	}
	next := SeatIndex(0)
	for i := range sections {
		l.first = append(l.first, next)
		l.byID[sections[i].ID] = i
		next += SeatIndex(sections[i].Rows * sections[i].SeatsPerRow)
	}
	l.first = append(l.first, next)
	return l
}

// Seats returns the number of seats.
func (l *Layout) Seats() int { return int(l.first[len(l.sections)]) }

// Sections returns the sections in order. The slice is shared and must not be changed.
func (l *Layout) Sections() []Section { return l.sections }

// Section returns the index of a section, -1 if there is none of that id.
func (l *Layout) Section(id SectionID) int {
	if i, ok := l.byID[id]; ok {
		return i
	}
	return -1
}

// Span returns the first seat of a section and the one after its last.
func (l *Layout) Span(section int) (first, end SeatIndex) {
	return l.first[section], l.first[section+1]
}

// Find returns the seat of that name. ok is false if the performance has none.
func (l *Layout) Find(name SeatName) (seat SeatIndex, ok bool) {
	id, row, number, ok := ParseSeat(name)
	if !ok {
		return 0, false
	}
	i, ok := l.byID[id]
	if !ok || row > l.sections[i].Rows || number > l.sections[i].SeatsPerRow {
		return 0, false
	}
	return l.first[i] + SeatIndex((row-1)*l.sections[i].SeatsPerRow+number-1), true
}

// Place returns the index of a seat's section, and its row and number, both from 1.
func (l *Layout) Place(seat SeatIndex) (section int, row, number int64) {
	section, found := slices.BinarySearch(l.first, seat)
	if !found {
		section--
	}
	at, perRow := int64(seat-l.first[section]), l.sections[section].SeatsPerRow
	return section, at/perRow + 1, at%perRow + 1
}

// Name returns the name of a seat.
func (l *Layout) Name(seat SeatIndex) SeatName {
	section, row, number := l.Place(seat)
	return NewSeatName(l.sections[section].ID, row, number)
}

// Names returns the names of seats.
func (l *Layout) Names(seats []SeatIndex) []SeatName {
	names := make([]SeatName, len(seats))
	for i, seat := range seats {
		names[i] = l.Name(seat)
	}
	return names
}

// Price returns the price of a seat in minor units of the currency.
func (l *Layout) Price(seat SeatIndex) int64 {
	section, _, _ := l.Place(seat)
	return l.sections[section].Price
}

// Neighbours returns the adjacent seats in the same row, -1 where the row ends.
func (l *Layout) Neighbours(seat SeatIndex) (left, right SeatIndex) {
	section, _, number := l.Place(seat)
	left, right = seat-1, seat+1
	if number == 1 {
		left = -1
	}
	if number == l.sections[section].SeatsPerRow {
		right = -1
	}
	return left, right
}

// Canonical looks seats up by their names and returns them in canonical order. unknown are the
// names that do not exist, twice those given more than once.
func (l *Layout) Canonical(names []SeatName) (seats []SeatIndex, unknown, twice []SeatName) {
	seats = make([]SeatIndex, 0, len(names))
	for i, name := range names {
		seat, ok := l.Find(name)
		switch {
		case !ok:
			unknown = append(unknown, name)
		case slices.Contains(names[:i], name):
			twice = append(twice, name)
		default:
			seats = append(seats, seat)
		}
	}
	slices.Sort(seats)
	return seats, unknown, twice
}
