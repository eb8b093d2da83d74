package bookings

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"admitone/actors"
	"admitone/actors/area"
	"admitone/actors/booking"
	"admitone/actors/core"
	"admitone/actors/performance"
	"admitone/actors/process"
	"admitone/actors/seat"
	"admitone/events"
)

// AreaLeft is the number of places that remain in an area, as a member of a refusal.
type AreaLeft struct {
	Area      events.AreaID `json:"area"`
	Remaining int64         `json:"remaining"`
}

// areaHold is the part of a hold in one area.
type areaHold struct {
	id     events.AreaID
	order  int // index of the area in the plan
	places int64
	// capacity of the area in the plan.
	capacity int64
}

// areasIn returns the areas in which a booking has places, in the plan's order.
func areasIn(layout *events.Layout, places []events.BookedPlaces) (areas []areaHold) {
	for i := range places {
		p := &places[i]
		at := slices.IndexFunc(areas, func(a areaHold) bool { return a.id == p.Area })
		if at < 0 {
			at = len(areas)
			areas = append(areas, areaHold{id: p.Area, order: layout.Area(p.Area)})
		}
		areas[at].places += p.Quantity
	}
	slices.SortFunc(areas, func(a, b areaHold) int { return cmp.Compare(a.order, b.order) })
	for i := range areas {
		if at := areas[i].order; at >= 0 {
			areas[i].capacity = layout.Areas()[at].Capacity
		}
	}
	return areas
}

// requestedPlaces returns the standing places of a request with their prices and numbers. Refusals:
// invalid_field, forbidden.
func requestedPlaces(layout *events.Layout, cmd *Book) (places []events.BookedPlaces, _ *core.Refusal) {
	total, next := int64(len(cmd.Seats)), map[events.AreaID]int64{}
	for i, w := range cmd.Areas {
		at := layout.Area(w.Area)
		twice := slices.ContainsFunc(cmd.Areas[:i], func(before events.WantedPlaces) bool {
			return before.Area == w.Area && before.PriceType == w.PriceType
		})
		switch total += w.Quantity; {
		case at < 0:
			return nil, badAreas("the performance has no such area")
		case twice:
			return nil, badAreas("an area is listed more than once with the same price type")
		case w.Quantity < 1 || w.Quantity > booking.MaxSeats || total > booking.MaxSeats:
			return nil, badAreas(fmt.Sprintf("a booking can have at most %d seats and places, and at least 1 of each area",
				booking.MaxSeats))
		}
		price, refusal := priceOf(layout.Areas()[at].Prices, w.PriceType, cmd.Restricted)
		if refusal != nil {
			return nil, refusal
		}
		places = append(places, events.BookedPlaces{Area: w.Area, First: next[w.Area] + 1, Quantity: w.Quantity,
			PriceType: price.Type, Price: price.Amount})
		next[w.Area] += w.Quantity
	}
	return places, nil
}

func badAreas(detail string) *core.Refusal {
	return &core.Refusal{Code: core.CodeInvalidField, Detail: detail, Fields: core.Fields{"field": "areas"}}
}

// priceOf returns the price of a type, or the default price if priceType is "". Refusals: invalid_field,
// forbidden.
func priceOf(prices []events.CategoryPrice, priceType string,
	restricted bool) (price events.CategoryPrice, _ *core.Refusal) {
	price, ok := events.PriceOf(prices, priceType)
	if priceType == "" {
		price, ok = events.DefaultPrice(prices)
		if !ok && len(prices) > 0 { // all price types are restricted
			price, ok = prices[0], true
		}
	}
	switch {
	case !ok:
		return price, badAreas("the area has no such price type")
	case price.Restricted && !restricted:
		return price, errRestricted
	}
	return price, nil
}

// places returns the number of seats and places of the hold.
func (h *hold) places() int64 {
	n := int64(len(h.seats))
	for i := range h.areas {
		n += h.areas[i].places
	}
	return n
}

func (h *hold) areaStream(i int) events.StreamID { return area.Stream(h.info.id, h.areas[i].id) }

// eachArea returns a stage with one step for each area.
func (h *hold) eachArea(step func(i int) process.Step) process.Stage {
	stage := process.Stage{}
	for i := range h.areas {
		next := step(i)
		next.Stream = h.areaStream(i)
		stage.Steps = append(stage.Steps, next)
	}
	return stage
}

// holdAreas holds the places in canonical order, as holdSeats does for seats.
func (b *Bookings) holdAreas(h *hold, retake bool, reason events.ReleaseReason, held func(),
	refused func(context.Context, error) (error, bool)) process.Stage {
	holdFor := seat.Grace
	if !retake {
		holdFor += h.info.holdFor
	}
	stage := h.eachArea(func(i int) process.Step {
		mine := &h.areas[i]
		return process.Step{
			Name: "hold-area",
			Do: &area.Hold{HoldID: h.id, Holder: h.holder, Places: mine.places, Label: h.label,
				Capacity: mine.capacity, For: holdFor, Terms: h.terms},
			Undo: &area.Release{HoldID: h.id, Reason: reason},
			Took: func(ctx context.Context, answer actors.Answer) error {
				err := b.placesHeld(ctx, h, i, answer)
				held()
				return err
			},
			Refused: func(ctx context.Context, err error) (error, bool) {
				if refusal := err.(*core.Refusal); refusal.Code == core.CodeSoldOut {
					remaining, _ := refusal.Fields["remaining"].(int64)
					err = &lostError{areas: append([]AreaLeft{{mine.id, remaining}}, b.tooFew(ctx, h, i+1)...)}
				}
				return refused(ctx, err)
			},
		}
	})
	stage.Ordered = true
	return stage
}

// placesHeld records the deadline of held places in h.window, as seatHeld does for a seat.
func (b *Bookings) placesHeld(ctx context.Context, h *hold, i int, answer actors.Answer) error {
	include := func(expires, firstExpiry time.Time) {
		h.window.include(expires, firstExpiry.Add(-h.info.holdFor-seat.Grace))
	}
	for _, fact := range answer.Facts {
		if f, ok := fact.(*events.AreaHeld); ok {
			include(f.ExpiresAt, f.ExpiresAt)
			return nil
		}
	}
	var held area.Held
	var ok bool
	var remaining int64
	if _, err := b.desk.View(ctx, h.areaStream(i), func(c core.Core) {
		held, ok = c.(*area.Area).Held(h.id)
		remaining = c.(*area.Area).Available(h.id, h.label, h.areas[i].capacity)
	}); err != nil {
		return err
	}
	switch {
	case !ok:
		return &core.Refusal{Code: core.CodeSoldOut, Detail: "the places were released meanwhile",
			Fields: core.Fields{"remaining": min(remaining, h.areas[i].places-1)}}
	case !held.ExpiresAt.IsZero():
		include(held.ExpiresAt, held.First)
	}
	return nil
}

// bookAreas books held places. Its undo is the release of the hold.
func (h *hold) bookAreas(undo core.Command, refused func(context.Context, error) (error, bool)) process.Stage {
	return h.eachArea(func(int) process.Step {
		return process.Step{Name: "book-area", Do: &area.Book{HoldID: h.id}, Undo: undo, Refused: refused}
	})
}

// extendAreas holds the places until the deadline of the seats.
func (h *hold) extendAreas(to *seat.Extend) process.Stage {
	return h.eachArea(func(int) process.Step {
		return process.Step{Name: "extend-area",
			Do: &area.Extend{HoldID: h.id, ExpiresAt: to.ExpiresAt, HoldFor: to.HoldFor, Intent: to.Intent}}
	})
}

// releaseAreas releases the places.
func (h *hold) releaseAreas(reason events.ReleaseReason) process.Stage {
	return h.eachArea(func(int) process.Step {
		return process.Step{Name: "release-area", Do: &area.Release{HoldID: h.id, Reason: reason}}
	})
}

// returnPlaces releases places of each area until left of them remain.
func (h *hold) returnPlaces(left int64) process.Stage {
	return h.eachArea(func(int) process.Step {
		return process.Step{Name: "return-place", Do: &area.Return{HoldID: h.id, Left: left}}
	})
}

// tooFew returns the areas, from index from on, in which fewer places remain than the hold needs. Places
// that the hold already has count as remaining. An area that can't be read is omitted.
func (b *Bookings) tooFew(ctx context.Context, h *hold, from int) (few []AreaLeft) {
	for i := from; i < len(h.areas); i++ {
		mine, remaining := &h.areas[i], int64(0)
		_, err := b.desk.View(ctx, h.areaStream(i), func(c core.Core) {
			remaining = c.(*area.Area).Available(h.id, h.label, mine.capacity)
		})
		if err == nil && remaining < mine.places {
			few = append(few, AreaLeft{mine.id, remaining})
		}
	}
	return few
}

// refuseLost returns the refusal of a request whose seats or places are unavailable: limit_exceeded if it
// exceeds the holder's limit, sold_out if places are missing, otherwise seat_taken. It may return a
// failure.
func (b *Bookings) refuseLost(ctx context.Context, p *requestRun, s *performanceInfo, seats []performance.Seat,
	lost *lostError) error {
	switch over := b.refuseOverLimit(ctx, p, s, p.hold(s, seats).places()); {
	case over != nil:
		return over
	case len(lost.areas) == 0:
		return b.seatTaken(ctx, p.Book, s, seats, lost.seats)
	}
	return tooFewLeft(lost.areas)
}

// tooFewLeft returns sold_out for a request for more places than remain.
func tooFewLeft(areas []AreaLeft) *core.Refusal {
	remaining := int64(0)
	for i := range areas {
		remaining += areas[i].Remaining
	}
	return &core.Refusal{Code: core.CodeSoldOut, Detail: "fewer places are left than requested; request fewer",
		Fields: core.Fields{"remaining": remaining, "areas": areas}}
}
