package logtest

import (
	"time"

	"admitone/events"
)

// available reports whether a booking that names a label can hold a seat.
func (s *ModelSeat) available(label events.BlockLabel) bool {
	return s.Status == events.SeatIsFree || s.Status == events.SeatIsBlocked && label != "" && s.Label == label
}

// free ends a hold: the seat is free, or blocked again if it has a label.
func (s *ModelSeat) free(at time.Time) {
	s.Status, s.hold, s.freed = events.SeatIsFree, "", at
	if s.Label != "" {
		s.Status = events.SeatIsBlocked
	}
}

// change appends the next change of blocks, and returns its number.
func (c *BookingModel) change(performance events.PerformanceID, change events.BlockChange) (number int64) {
	change.Number, change.Label = c.changes[performance]+1, modelLabel
	c.append(PerformanceStream(string(performance)), &events.BlocksChanged{BlockChange: change})
	c.changes[performance]++
	c.Sales[performance].revision++
	return change.Number
}

// Block blocks a free seat, alternately with and without a change of blocks, or unblocks a blocked seat.
func (c *BookingModel) Block(performance events.PerformanceID, name string) {
	switch s := c.Shows[performance][name]; s.Status {
	case events.SeatIsFree:
		if c.blocks++; c.blocks%2 == 0 {
			c.blockSeats(performance, name)
			return
		}
		c.append(SeatStream(performance, name), &events.SeatBlocked{})
		s.Status = events.SeatIsBlocked
	case events.SeatIsBlocked:
		c.append(SeatStream(performance, name), &events.SeatUnblocked{})
		s.Status, s.Label = events.SeatIsFree, ""
	}
}

// blockSeats blocks free seats by one change.
func (c *BookingModel) blockSeats(performance events.PerformanceID, names ...string) {
	change := events.BlockChange{}
	for _, name := range names {
		change.Seats = append(change.Seats, events.SeatName(name))
	}
	number := c.change(performance, change)
	for _, name := range names {
		c.append(SeatStream(performance, name), &events.SeatBlocked{Label: modelLabel, Change: number})
		s := c.Shows[performance][name]
		s.Status, s.Label = events.SeatIsBlocked, modelLabel
	}
}

// blockRow blocks the first row if all its seats are free.
func (c *BookingModel) blockRow(performance events.PerformanceID) {
	row := ModelSeats[:ModelSections[0].SeatsPerRow]
	for _, name := range row {
		if c.Shows[performance][name].Status != events.SeatIsFree {
			return
		}
	}
	c.blockSeats(performance, row...)
}

// blockPlaces unblocks the label's places or, if none are blocked, blocks places until the label has target places,
// including held and booked ones.
func (c *BookingModel) blockPlaces(performance events.PerformanceID, target int64) {
	f := c.Floors[performance]
	counts, kept := f.AreaCounts, f.Blocked
	for _, h := range f.holds {
		kept += h.ofLabel
	}
	more := target - kept
	switch {
	case f.Blocked > 0:
		number := c.change(performance, events.BlockChange{Unblocks: true,
			Areas: []events.AreaPlaces{{Area: modelFloor, Places: f.Blocked}}})
		counts.Remaining, counts.Blocked = counts.Remaining+counts.Blocked, 0
		c.append(floorStream(performance), &events.AreaUnblocked{Label: modelLabel, Places: f.Blocked, AreaCounts: counts,
			Change: number})
	case more > 0 && more <= f.Remaining:
		number := c.change(performance, events.BlockChange{Areas: []events.AreaPlaces{{Area: modelFloor, Places: target}}})
		counts.Remaining, counts.Blocked = counts.Remaining-more, counts.Blocked+more
		c.append(floorStream(performance), &events.AreaBlocked{Label: modelLabel, Places: more, Kept: target,
			AreaCounts: counts, Change: number})
	}
	f.AreaCounts = counts
}

// completeEdit completes an edit of a performance with a plan; size is the new capacity of the floor, 0 for no change.
func (c *BookingModel) completeEdit(id events.PerformanceID, fact *events.PerformanceEdited, size int64) {
	f, sale := c.Floors[id], c.Sales[id]
	if f == nil {
		return
	}
	fact.CategoryPrices, fact.Prices = modelPrices(fact.Prices[0].Price), nil
	if fact.Areas = sale.areas; size > 0 && size != f.Capacity() && size >= f.Held+f.Booked+f.Blocked {
		fact.Areas = []events.AreaPlaces{{Area: modelFloor, Places: size}}
		fact.Change = c.changes[id] + 1
	}
}

// applyResize resizes the floor as an edit requires.
func (c *BookingModel) applyResize(id events.PerformanceID, fact *events.PerformanceEdited) {
	if fact.Change == 0 {
		return
	}
	f := c.Floors[id]
	c.changes[id], c.Sales[id].areas = fact.Change, fact.Areas
	counts := f.AreaCounts
	counts.Remaining += fact.Areas[0].Places - f.Capacity()
	c.append(floorStream(id), &events.AreaResized{Places: fact.Areas[0].Places, AreaCounts: counts, Change: fact.Change})
	f.AreaCounts = counts
}
