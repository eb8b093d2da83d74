package events

import "slices"

// Area is a part of a performance with places that are not numbered.
type Area struct {
	ID AreaID
	// Capacity is the number of places according to the seating plan.
	Capacity int64
	// Prices are the prices of one place. The slice must not be changed.
	Prices []CategoryPrice
}

// WithAreas returns a copy of the layout with the given areas, whose ids must differ, instead of its own.
func (l *Layout) WithAreas(areas []Area) *Layout {
	with := *l
	with.areas = areas
	return &with
}

// areasOf returns the areas of a layout's hall, with their prices.
func areasOf(l *Layout) []Area {
	areas := make([]Area, len(l.hall.Areas))
	for i := range l.hall.Areas {
		a := &l.hall.Areas[i]
		areas[i] = Area{ID: a.ID, Capacity: a.Capacity, Prices: l.prices[a.Category]}
	}
	return areas
}

// Areas returns the areas in order. The slice is shared and must not be changed.
func (l *Layout) Areas() []Area { return l.areas }

// Area returns the index of the area with an id, -1 for none.
func (l *Layout) Area(id AreaID) int {
	return slices.IndexFunc(l.areas, func(a Area) bool { return a.ID == id })
}
