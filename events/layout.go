package events

import "slices"

// SeatIndex is a seat's index in the canonical order of its layout, from 0: section by section as
// given, row by row, number by number.
type SeatIndex int32

// Layout maps between the names of a performance's seats and their indexes, as defined by its sections or
// its hall. It is immutable and safe for concurrent use. Its size depends on the number of sections, or of
// categories and areas of the hall, not on the number of seats.
type Layout struct {
	sections []Section
	first    []SeatIndex       // the first seat of each section, then the number of seats
	byID     map[SectionID]int // indexes in sections
	// hall, if not nil, defines the seats; prices then has the prices of each of its categories.
	hall   *Hall
	prices [][]CategoryPrice
	areas  []Area
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

// NewHallLayout returns the layout of a hall. The prices of a category must be adjacent; prices of
// categories that the hall lacks are ignored.
func NewHallLayout(hall *Hall, prices []CategoryPrice) *Layout {
	l := &Layout{sections: hall.sections, first: hall.first, byID: hall.bySect, hall: hall,
		prices: make([][]CategoryPrice, len(hall.Categories))}
	for len(prices) > 0 {
		end := 1
		for end < len(prices) && prices[end].Category == prices[0].Category {
			end++
		}
		if i := hall.CategoryNamed(prices[0].Category); i >= 0 {
			l.prices[i] = prices[:end:end]
		}
		prices = prices[end:]
	}
	l.areas = areasOf(l)
	return l
}

// Hall returns the hall that defines the seats, nil if sections define them.
func (l *Layout) Hall() *Hall { return l.hall }

// Seats returns the number of seats.
func (l *Layout) Seats() int { return int(l.first[len(l.sections)]) }

// Sections returns the sections in order. The slice is shared and must not be changed.
func (l *Layout) Sections() []Section { return l.sections }

// Section returns the index of the section with an id, -1 for none.
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
	if l.hall != nil {
		return l.hall.Find(name)
	}
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

// Rows returns the number of rows of a section.
func (l *Layout) Rows(section int) int { return int(l.sections[section].Rows) }

// Row returns the first seat of a section's row, counted from 0, and the seat after its last.
func (l *Layout) Row(section, row int) (first, end SeatIndex) {
	if l.hall != nil {
		r := &l.hall.RowsOf(section)[row]
		return r.First, r.End
	}
	perRow := SeatIndex(l.sections[section].SeatsPerRow)
	first = l.first[section] + SeatIndex(row)*perRow
	return first, first + perRow
}

// SectionOf returns the index of a seat's section.
func (l *Layout) SectionOf(seat SeatIndex) int {
	section, found := slices.BinarySearch(l.first, seat)
	if !found {
		section--
	}
	return section
}

// Place returns the index of a seat's section, the row within the section and the number within the row, the
// latter two counted from 1.
func (l *Layout) Place(seat SeatIndex) (section int, row, number int64) {
	if l.hall != nil {
		i := l.hall.RowOf(seat)
		r := &l.hall.rows[i]
		return r.Section, int64(i) - int64(l.hall.sectRow[r.Section]) + 1, int64(seat-r.First) + 1
	}
	section = l.SectionOf(seat)
	at, perRow := int64(seat-l.first[section]), l.sections[section].SeatsPerRow
	return section, at/perRow + 1, at%perRow + 1
}

// Name returns the name of a seat.
func (l *Layout) Name(seat SeatIndex) SeatName {
	if l.hall != nil {
		return l.hall.Name(seat)
	}
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

// Price returns the price of a seat in minor units of the currency. In a hall it is the price of the first
// price type of the seat's category, 0 if the category has none.
func (l *Layout) Price(seat SeatIndex) int64 {
	if l.hall != nil {
		if prices := l.prices[l.hall.category[seat]]; len(prices) > 0 {
			return prices[0].Amount
		}
		return 0
	}
	section, _, _ := l.Place(seat)
	return l.sections[section].Price
}

// Neighbours returns the adjacent seats in the same row, -1 at the ends of the row.
func (l *Layout) Neighbours(seat SeatIndex) (left, right SeatIndex) {
	section, row, _ := l.Place(seat)
	first, end := l.Row(section, int(row)-1)
	left, right = seat-1, seat+1
	if seat == first {
		left = -1
	}
	if right == end {
		right = -1
	}
	return left, right
}

// Canonical looks up seats by name and returns them in canonical order. unknown has the names that do not
// exist, repeated the repetitions of names.
func (l *Layout) Canonical(names []SeatName) (seats []SeatIndex, unknown, repeated []SeatName) {
	seats = make([]SeatIndex, 0, len(names))
	for i, name := range names {
		seat, ok := l.Find(name)
		switch {
		case !ok:
			unknown = append(unknown, name)
		case slices.Contains(names[:i], name):
			repeated = append(repeated, name)
		default:
			seats = append(seats, seat)
		}
	}
	slices.Sort(seats)
	return seats, unknown, repeated
}
