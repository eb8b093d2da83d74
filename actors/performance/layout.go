package performance

import (
	"slices"

	"admitone/events"
)

// Seat is a seat's number in the canonical order of its layout, from 0.
type Seat int32

// Layout is where the seats of a performance are. It never changes once made, and
// anybody may use it. It costs some memory for each section and none for a seat.
type Layout struct {
	sections []events.Section
	first    []Seat         // the first seat of each section, and behind them the end
	byID     map[string]int // places in sections
}

// NewLayout lays out sections, whose ids differ.
func NewLayout(sections []events.Section) *Layout {
	l := &Layout{sections: sections, first: make([]Seat, 0, len(sections)+1), byID: make(map[string]int, len(sections))}
	next := Seat(0)
	for i := range sections {
		l.first = append(l.first, next)
		l.byID[sections[i].ID] = i
		next += Seat(sections[i].Rows * sections[i].SeatsPerRow)
	}
	l.first = append(l.first, next)
	return l
}

// Seats is how many there are.
func (l *Layout) Seats() int { return int(l.first[len(l.sections)]) }

// Sections in their order. The slice is shared and must not be changed.
func (l *Layout) Sections() []events.Section { return l.sections }

// Section returns the place of a section among all, -1 if there is none.
func (l *Layout) Section(id string) int {
	if i, ok := l.byID[id]; ok {
		return i
	}
	return -1
}

// Span returns the first seat of a section and the one behind its last.
func (l *Layout) Span(section int) (first, end Seat) { return l.first[section], l.first[section+1] }

// Find returns the seat of that name. ok is false if the performance has none.
func (l *Layout) Find(name string) (seat Seat, ok bool) {
	id, row, number, ok := events.ParseSeat(name)
	if !ok {
		return 0, false
	}
	i, ok := l.byID[id]
	if !ok || row > l.sections[i].Rows || number > l.sections[i].SeatsPerRow {
		return 0, false
	}
	return l.first[i] + Seat((row-1)*l.sections[i].SeatsPerRow+number-1), true
}

// Place of a seat: its section's place among all, its row and its number, both from
// 1.
func (l *Layout) Place(seat Seat) (section int, row, number int64) {
	section, found := slices.BinarySearch(l.first, seat)
	if !found {
		section--
	}
	at, perRow := int64(seat-l.first[section]), l.sections[section].SeatsPerRow
	return section, at/perRow + 1, at%perRow + 1
}

// Name of a seat.
func (l *Layout) Name(seat Seat) string {
	section, row, number := l.Place(seat)
	return events.SeatName(l.sections[section].ID, row, number)
}

// Names of seats.
func (l *Layout) Names(seats []Seat) []string {
	names := make([]string, len(seats))
	for i, seat := range seats {
		names[i] = l.Name(seat)
	}
	return names
}

// Price of a seat, in minor units of the currency.
func (l *Layout) Price(seat Seat) int64 {
	section, _, _ := l.Place(seat)
	return l.sections[section].Price
}

// Neighbours are the seats on both sides in the same row, -1 where the row ends.
func (l *Layout) Neighbours(seat Seat) (left, right Seat) {
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

// Canonical looks seats up by their names and returns them in canonical order.
// unknown are the names the performance does not have, twice those that come more
// than once.
func (l *Layout) Canonical(names []string) (seats []Seat, unknown, twice []string) {
	seats = make([]Seat, 0, len(names))
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
