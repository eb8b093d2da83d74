package events

import (
	"bytes"
	"cmp"
	"hash/maphash"
	"slices"
	"strings"
)

// Hall is a checked [SeatingPlan] in the form that sales need: every seat has an index in the plan's
// order, a name and an absolute position. It is immutable and safe for concurrent use. Bytes returns its size.
type Hall struct {
	// DisplayName is for display.
	DisplayName string
	// Size of the drawing.
	Size PlanSize
	// FocalPoint is the point that the audience faces, such as the stage.
	FocalPoint PlanPoint
	// Categories are in the plan's order. The slice must not be changed.
	Categories []HallCategory
	// Areas are the areas for sale, in the plan's order. The slice must not be changed.
	Areas []HallArea

	sections []Section   // the zones that have seats, without prices
	first    []SeatIndex // the first seat of each section, then the number of seats
	sectRow  []int32     // the first row of each section, then the number of rows
	bySect   map[SectionID]int
	rows     []HallRow
	byRow    []int32 // indexes in rows, sorted by name

	names     string   // the names of all seats, concatenated
	nameEnds  []uint32 // the end of each name in names
	table     []int32  // hash table of seats by name, with open addressing; -1 is empty
	seed      maphash.Seed
	places    []hallPlace
	category  []uint8 // the index in Categories of each seat's category
	flags     []seatFlags
	companion map[SeatIndex]SeatIndex
	stretches []HallStretch
	shapes    []HallShape
}

// HallCategory is a category of seats and places.
type HallCategory struct {
	Name string
	// Color is always #rrggbb.
	Color string
	// Seats and Places count the seats and places of the category. If both are 0, it is not in use.
	Seats, Places int64
}

// InUse reports whether anything for sale has the category.
func (c *HallCategory) InUse() bool { return c.Seats+c.Places > 0 }

// HallArea is standing room for sale: places without numbers.
type HallArea struct {
	ID AreaID
	// Capacity is the number of places.
	Capacity int64
	// Category is an index in the hall's categories.
	Category int
	// Zone is the zone that the area is in.
	Zone SectionID
	// Position is the absolute position.
	Position PlanPoint
}

// HallShape is an area of the plan as it is drawn, for sale or not.
type HallShape struct {
	// Area is the area in the plan. It must not be changed.
	Area *PlanArea
	// Zone is the name of its zone. Category is an index in the hall's categories, -1 if the area is not for sale.
	Zone     string
	Category int
	// At is the absolute position.
	At PlanPoint
}

// HallRow is a row of seats.
type HallRow struct {
	// Section is the index of its section.
	Section int
	// Number is the row's number, the second part of its seats' names.
	Number string
	// First is the first seat, and End the one after the last.
	First, End SeatIndex
	// name is <zone>-<row>.
	name string
}

type hallPlace struct{ x, y float32 }

type seatFlags uint8

const (
	seatAccessible seatFlags = 1 << iota
	seatRestrictedView
	seatCompanion
	seatJoined
)

// Seats returns the number of seats.
func (h *Hall) Seats() int { return len(h.category) }

// Places returns the number of places in all areas.
func (h *Hall) Places() (places int64) {
	for i := range h.Areas {
		places += h.Areas[i].Capacity
	}
	return places
}

// Sections returns the zones that have seats, in order, as the sections of a performance: without
// prices, and with 0 seats per row, because rows differ. The slice is shared and must not be changed.
func (h *Hall) Sections() []Section { return h.sections }

// Rows returns the rows in the plan's order, section by section. The slice must not be changed.
func (h *Hall) Rows() []HallRow { return h.rows }

// RowsOf returns the rows of a section. The slice must not be changed.
func (h *Hall) RowsOf(section int) []HallRow { return h.rows[h.sectRow[section]:h.sectRow[section+1]] }

// Shapes returns all areas in the plan's order, also those that are only drawn. The slice must not be changed.
func (h *Hall) Shapes() []HallShape { return h.shapes }

// Bytes returns the approximate memory use of the hall.
func (h *Hall) Bytes() int {
	bytes := 40 * h.Seats()
	for i := range h.shapes {
		bytes += 400
		if polygon := h.shapes[i].Area.Polygon; polygon != nil {
			bytes += 16 * len(polygon.Points)
		}
	}
	return bytes
}

// RowOf returns the index of a seat's row.
func (h *Hall) RowOf(seat SeatIndex) int {
	i, found := slices.BinarySearchFunc(h.rows, seat, func(r HallRow, seat SeatIndex) int {
		return cmp.Compare(r.First, seat)
	})
	if !found {
		i--
	}
	return i
}

// FindRow returns the index of the row named <zone>-<row>. ok is false if the hall has none.
func (h *Hall) FindRow(name string) (row int, ok bool) {
	i, ok := slices.BinarySearchFunc(h.byRow, name, func(row int32, name string) int {
		return strings.Compare(h.rows[row].name, name)
	})
	if !ok {
		return 0, false
	}
	return int(h.byRow[i]), true
}

// Name returns a seat's name.
func (h *Hall) Name(seat SeatIndex) SeatName {
	start := uint32(0)
	if seat > 0 {
		start = h.nameEnds[seat-1]
	}
	return SeatName(h.names[start:h.nameEnds[seat]])
}

// Find returns the seat of that name. ok is false if the hall has none.
func (h *Hall) Find(name SeatName) (seat SeatIndex, ok bool) {
	for i := maphash.String(h.seed, string(name)); ; i++ {
		at := h.table[i%uint64(len(h.table))]
		switch {
		case at < 0:
			return 0, false
		case h.Name(SeatIndex(at)) == name:
			return SeatIndex(at), true
		}
	}
}

// Category returns the index of a seat's category in the hall's categories.
func (h *Hall) Category(seat SeatIndex) int { return int(h.category[seat]) }

// CategoryNamed returns the index of the category with a name, -1 for none.
func (h *Hall) CategoryNamed(name string) int {
	return slices.IndexFunc(h.Categories, func(c HallCategory) bool { return c.Name == name })
}

// HasSeats reports whether any seat is in a category, given by its index in the hall's categories.
func (h *Hall) HasSeats(category int) bool { return bytes.IndexByte(h.category, uint8(category)) >= 0 }

// Position returns a seat's absolute position.
func (h *Hall) Position(seat SeatIndex) PlanPoint {
	return PlanPoint{float64(h.places[seat].x), float64(h.places[seat].y)}
}

// Accessible reports whether a seat is a place for a wheelchair.
func (h *Hall) Accessible(seat SeatIndex) bool { return h.flags[seat]&seatAccessible != 0 }

// RestrictedView reports whether only a part of the stage is visible from a seat.
func (h *Hall) RestrictedView(seat SeatIndex) bool { return h.flags[seat]&seatRestrictedView != 0 }

// CompanionOf returns the accessible seat that a companion seat belongs to. ok is false for any other
// seat.
func (h *Hall) CompanionOf(seat SeatIndex) (accompanied SeatIndex, ok bool) {
	accompanied, ok = h.companion[seat]
	return accompanied, ok
}

// Area returns the index of the area for sale with an id, -1 for none.
func (h *Hall) Area(id AreaID) int {
	return slices.IndexFunc(h.Areas, func(a HallArea) bool { return a.ID == id })
}
