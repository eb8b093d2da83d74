package logtest

import (
	"maps"
	"slices"
	"time"

	"admitone/events"
)

const (
	// modelHall is the performance with a plan: it has the same seat names as the others, two price types for some,
	// and the floor.
	modelHall       events.PerformanceID = "a-b"
	modelPlan       events.PlanID        = "hall"
	modelFloor      events.AreaID        = "floor"
	modelLabel      events.BlockLabel    = "press"
	modelPlaces                          = 5
	modelPlacePrice                      = 2
	modelChildPrice                      = 3
)

// ModelFloor is the state of the area of a performance.
type ModelFloor struct {
	events.AreaCounts
	holds map[events.HoldID]*modelHold
}

// modelHold has the places of a hold.
type modelHold struct {
	booking events.BookingID
	places  int64
	ofLabel int64     // number of labelled places among them
	until   time.Time // zero once booked
}

// labelled returns the part of a fact about n labelled places.
func labelled(n int64) events.Labelled {
	if n == 0 {
		return events.Labelled{}
	}
	return events.Labelled{Label: modelLabel, OfLabel: n}
}

func floorStream(performance events.PerformanceID) events.StreamID {
	return events.NewStreamID(events.AreaCategory, events.OfPerformance(performance, string(modelFloor)))
}

// modelPrices returns the prices of the hall's categories.
func modelPrices(priceA int64) []events.CategoryPrice {
	return []events.CategoryPrice{{Category: "A", Type: "adult", Amount: priceA},
		{Category: "A", Type: "child", Amount: modelChildPrice}, {Category: "B"},
		{Category: "Floor", Amount: modelPlacePrice}}
}

// hallOf returns the plan of a hall with the seats of the sections and the floor.
func hallOf(sections []events.Section) *events.SeatingPlan {
	p := &events.SeatingPlan{Name: "Hall", Size: events.PlanSize{Width: 10, Height: 10},
		Categories: []events.PriceCategory{{Name: "A"}, {Name: "B"}, {Name: "Floor"}}}
	for i, name := range ModelSeats {
		section, _, _, _ := events.ParseSeat(events.SeatName(name))
		category, row := string(section[:1]), name[len(section)+1:len(section)+2]
		at := slices.IndexFunc(sections, func(s events.Section) bool { return s.ID == section })
		for len(p.Zones) <= at {
			p.Zones = append(p.Zones, events.PlanZone{Name: string(sections[len(p.Zones)].ID)})
		}
		rows := &p.Zones[at].Rows
		if n := len(*rows); n == 0 || (*rows)[n-1].RowNumber != row {
			*rows = append(*rows, events.PlanRow{RowNumber: row})
		}
		last := &(*rows)[len(*rows)-1]
		last.Seats = append(last.Seats, events.PlanSeat{SeatGUID: name, SeatNumber: name[len(name)-1:], Category: category,
			Position: events.PlanPoint{X: float64(i)}})
	}
	p.Zones = append(p.Zones, events.PlanZone{Name: "Pit", Areas: []events.PlanArea{{ID: modelFloor, Capacity: modelPlaces,
		Category: "Floor"}}})
	return p
}

// useHall stores the plan if it is not stored yet, and assigns it to a new performance.
func (c *BookingModel) useHall(fact *events.PerformanceCreated) {
	if text := events.AppendPlan(nil, hallOf(ModelSections), events.PlanComplete); !c.planStored {
		digest := events.PlanDigest(text)
		c.append(events.PlanStream(modelPlan), &events.PlanPartAdded{PlanID: modelPlan, Digest: digest, Text: string(text)})
		c.append(events.PlanStream(modelPlan), &events.PlanSealed{PlanID: modelPlan, Digest: digest, Bytes: int64(len(text)),
			DisplayName: "Hall", Seats: int64(len(ModelSeats)), Places: modelPlaces})
		c.planStored = true
	}
	fact.Sections, fact.Plan, fact.CategoryPrices = nil, modelPlan, modelPrices(5)
	c.Floors[fact.PerformanceID] = &ModelFloor{AreaCounts: events.AreaCounts{Remaining: modelPlaces},
		holds: map[events.HoldID]*modelHold{}}
}

// bookedPlaces returns the places of a new booking.
func (b *ModelBooking) bookedPlaces() []events.BookedPlaces {
	if b.places == 0 {
		return nil
	}
	return []events.BookedPlaces{{Area: modelFloor, First: 1, Quantity: b.places, Price: modelPlacePrice}}
}

// placesFor returns the number of places available to a booking that has none yet.
func (c *BookingModel) placesFor(b *ModelBooking) int64 {
	f := c.Floors[b.performance]
	switch {
	case f == nil:
		return 0
	case b.label == modelLabel:
		return f.Remaining + f.Blocked
	}
	return f.Remaining
}

// acquirePlaces takes the places of an attempt, and reports whether there were enough.
func (c *BookingModel) acquirePlaces(b *ModelBooking) bool {
	hold := events.NewHoldID(b.id, b.Attempt)
	if b.places == 0 || c.Floors[b.performance].holds[hold] != nil {
		return true
	}
	c.releasePlacesOf(b, events.ReleasedRetaken)
	if c.placesFor(b) < b.places {
		return false
	}
	f, of := c.Floors[b.performance], int64(0)
	if b.label == modelLabel {
		of = min(f.Blocked, b.places)
	}
	until := c.Now.Add(ModelHold)
	if b.late {
		until = c.Now
	}
	counts := f.AreaCounts
	counts.Remaining, counts.Blocked = counts.Remaining-b.places+of, counts.Blocked-of
	counts.Held += b.places
	c.append(floorStream(b.performance), &events.AreaHeld{HoldID: hold, BookingID: b.id, Holder: b.Holder,
		Places:     b.places,
		AreaCounts: counts, ExpiresAt: until.Add(ModelGrace), Terms: c.Sales[b.performance].Terms, Labelled: labelled(of)})
	f.AreaCounts = counts
	f.holds[hold] = &modelHold{booking: b.id, places: b.places, ofLabel: of, until: until.Add(ModelGrace)}
	if !b.late && (b.Until.IsZero() || until.Before(b.Until)) {
		b.Until = until
	}
	return true
}

// freed returns the counts after a hold is reduced to rest places, and the number of labelled places among those freed.
func (f *ModelFloor) freed(h *modelHold, rest int64) (counts events.AreaCounts, of int64) {
	counts, of = f.AreaCounts, min(h.ofLabel, h.places-rest)
	if h.until.IsZero() {
		counts.Booked -= h.places - rest
	} else {
		counts.Held -= h.places - rest
	}
	counts.Remaining, counts.Blocked = counts.Remaining+h.places-rest-of, counts.Blocked+of
	return counts, of
}

func (f *ModelFloor) free(id events.HoldID, rest int64) {
	h := f.holds[id]
	counts, of := f.freed(h, rest)
	f.AreaCounts = counts
	if h.places, h.ofLabel = rest, h.ofLabel-of; rest == 0 {
		delete(f.holds, id)
	}
}

// releasePlaces releases all but rest places of a hold.
func (c *BookingModel) releasePlaces(b *ModelBooking, hold events.HoldID, rest int64, reason events.ReleaseReason) {
	f := c.Floors[b.performance]
	h := f.holds[hold]
	if h == nil || h.places <= rest {
		return
	}
	counts, of := f.freed(h, rest)
	was := events.AreaIsHeld
	if h.until.IsZero() {
		was = events.AreaIsBooked
	}
	c.append(floorStream(b.performance), &events.AreaReleased{HoldID: hold, Was: was, Places: h.places - rest, Left: rest,
		Reason: reason, AreaCounts: counts, Labelled: labelled(of)})
	f.free(hold, rest)
}

// releasePlacesOf releases all places of a booking.
func (c *BookingModel) releasePlacesOf(b *ModelBooking, reason events.ReleaseReason) {
	f := c.Floors[b.performance]
	if f == nil {
		return
	}
	for _, hold := range slices.Sorted(maps.Keys(f.holds)) {
		if f.holds[hold].booking == b.id {
			c.releasePlaces(b, hold, 0, reason)
		}
	}
}

// hasPlaces reports whether a booking has places under any hold.
func (c *BookingModel) hasPlaces(b *ModelBooking) bool {
	f := c.Floors[b.performance]
	if f == nil {
		return false
	}
	for _, h := range f.holds {
		if h.booking == b.id {
			return true
		}
	}
	return false
}

// extendPlaces moves the deadline of a booking's places.
func (c *BookingModel) extendPlaces(b *ModelBooking, until time.Time) {
	if f, hold := c.Floors[b.performance], events.NewHoldID(b.id, b.Attempt); f != nil && f.holds[hold] != nil &&
		until.After(f.holds[hold].until) {
		c.append(floorStream(b.performance), &events.AreaExtended{HoldID: hold, ExpiresAt: until})
		f.holds[hold].until = until
	}
}

// expirePlaces frees the places whose deadline has passed.
func (c *BookingModel) expirePlaces() {
	for _, performance := range slices.Sorted(maps.Keys(c.Floors)) {
		f := c.Floors[performance]
		for _, id := range slices.Sorted(maps.Keys(f.holds)) {
			h := f.holds[id]
			if h.until.IsZero() || !c.Now.After(h.until) {
				continue
			}
			counts, of := f.freed(h, 0)
			c.append(floorStream(performance), &events.AreaExpired{HoldID: id, Places: h.places, AreaCounts: counts,
				ExpiresAt: h.until, Labelled: labelled(of)})
			f.free(id, 0)
		}
	}
}

// bookPlaces books the places of a booking that is being paid, and reports whether it still had them.
func (c *BookingModel) bookPlaces(b *ModelBooking) bool {
	hold := events.NewHoldID(b.id, b.Attempt)
	if b.places == 0 {
		return true
	}
	f := c.Floors[b.performance]
	h := f.holds[hold]
	if h == nil || h.until.IsZero() {
		return h != nil
	}
	counts := f.AreaCounts
	counts.Held, counts.Booked = counts.Held-h.places, counts.Booked+h.places
	c.append(floorStream(b.performance), &events.AreaBooked{HoldID: hold, BookingID: b.id, Places: h.places,
		AreaCounts: counts})
	f.AreaCounts, h.until = counts, time.Time{}
	return true
}
