package bookings

import (
	"context"
	"fmt"
	"slices"

	"admitone/actors/area"
	"admitone/actors/core"
	"admitone/actors/performance"
	"admitone/actors/process"
	"admitone/actors/seat"
	"admitone/events"
)

// MaxBlocked is the maximum number of seats that one request can block.
const MaxBlocked = 1_000

// Block takes free seats and places off sale, for bookings that name a label.
type Block struct {
	Origin
	PerformanceID events.PerformanceID
	// Seats by name, in any order; including the seats of Rows at most MaxBlocked.
	Seats []events.SeatName
	// Rows by name, <section>-<row>, with all of their seats.
	Rows []string
	// Areas with the number of places to be blocked under the label, each area once.
	Areas []events.AreaPlaces
	Label events.BlockLabel
}

// Blocked lists seats in canonical order, and places by area in the plan's order.
type Blocked struct {
	Seats []events.SeatName
	Areas []events.AreaPlaces
}

// Block blocks the seats and places, all or none. Seats already blocked under the label stay as
// they are; in an area, it blocks the places that the label lacks. It is one append where the log
// can append to several streams; elsewhere the performance announces the change, which is then
// completed or undone despite crashes.
//
// Refusals: not_found (the performance), invalid_field (seats, rows, areas), sold_out (with areas:
// those that lack places, and how many the label can have), seat_taken (with seats: all that are in
// use, or blocked without a label or under another), idempotency_key_reused.
func (b *Bookings) Block(ctx context.Context, cmd Block) (blocked Blocked, err error) {
	err = b.withBlocksLock(ctx, cmd.Origin, cmd.PerformanceID, func(ctx context.Context, s *performanceInfo) error {
		seats, refusal := cmd.seats(s.layout)
		if refusal != nil {
			return refusal
		}
		areas, refusal := areasToChange(s.layout, cmd.Areas)
		if refusal != nil {
			return refusal
		}
		made, err := b.changeBlocks(ctx, s, &blockRequest{from: cmd.Origin, id: cmd.ID,
			change: events.BlockChange{Label: cmd.Label, Seats: s.layout.Names(seats), Areas: areas},
			check: func() ([]events.SeatName, *core.Refusal) {
				if few := b.tooFewToBlock(ctx, s, areas, cmd.Label); few != nil {
					return nil, tooFewLeft(few)
				}
				wrong, free := b.blockable(ctx, s, seats, cmd.Label)
				return free, wrong
			}})
		if err == nil {
			blocked = Blocked{made.Seats, made.Areas}
		}
		return err
	})
	return blocked, err
}

// areasToChange returns the areas in the plan's order. Refusal: invalid_field.
func areasToChange(layout *events.Layout, areas []events.AreaPlaces) ([]events.AreaPlaces, *core.Refusal) {
	areas = slices.Clone(areas)
	for i, a := range areas {
		at := layout.Area(a.Area)
		same := func(before events.AreaPlaces) bool { return before.Area == a.Area }
		switch {
		case at < 0:
			return nil, badAreas("the performance has no such area")
		case slices.ContainsFunc(areas[:i], same):
			return nil, badAreas("an area is in it more than once")
		case a.Places < 1 || a.Places > layout.Areas()[at].Capacity:
			return nil, badAreas(fmt.Sprintf("the area %s has 1 to %d places by its plan", a.Area, layout.Areas()[at].Capacity))
		}
	}
	slices.SortFunc(areas, func(a, b events.AreaPlaces) int { return layout.Area(a.Area) - layout.Area(b.Area) })
	return areas, nil
}

// tooFewToBlock returns the areas that lack places for the label, and how many it can have. An area
// that can't be read now is left to the steps.
func (b *Bookings) tooFewToBlock(ctx context.Context, s *performanceInfo, areas []events.AreaPlaces,
	label events.BlockLabel) (few []AreaLeft) {
	for _, a := range areas {
		most := a.Places
		_, _ = b.desk.View(ctx, area.Stream(s.id, a.Area), func(c core.Core) {
			most = c.(*area.Area).Counts(s.capacity(a.Area)).Remaining + c.(*area.Area).Kept(label)
		})
		if most < a.Places {
			few = append(few, AreaLeft{a.Area, most})
		}
	}
	return few
}

// capacity returns the capacity of an area in the plan.
func (s *performanceInfo) capacity(id events.AreaID) int64 {
	return s.layout.Areas()[s.layout.Area(id)].Capacity
}

// seats looks up the named seats and the seats of the named rows. Refusal: invalid_field.
func (cmd *Block) seats(layout *events.Layout) ([]performance.Seat, *core.Refusal) {
	invalid := func(field, detail string) *core.Refusal {
		return &core.Refusal{Code: core.CodeInvalidField, Detail: detail, Fields: map[string]any{"field": field}}
	}
	seats, unknown, twice := layout.Canonical(cmd.Seats)
	if len(unknown) > 0 {
		return nil, invalid("seats", "the performance has no seat "+string(unknown[0]))
	}
	if len(twice) > 0 {
		return nil, invalid("seats", string(twice[0])+" is in it more than once")
	}
	for i, row := range cmd.Rows {
		first, end, ok := performance.FindRow(layout, row)
		if !ok || slices.Contains(cmd.Rows[:i], row) {
			return nil, invalid("rows", "the performance has no row "+row+", or it is in it more than once")
		}
		if len(seats)+int(end-first) > MaxBlocked {
			return nil, invalid("rows", "one request blocks at most 1,000 seats")
		}
		for ; first < end; first++ {
			seats = append(seats, first)
		}
	}
	slices.Sort(seats)
	return slices.Compact(seats), nil
}

// blockable refuses seats that can't be blocked under the label, and names all of them. All others
// are free, or blocked under it already. Seats that can't be read count as free here: their steps
// decide.
func (b *Bookings) blockable(ctx context.Context, s *performanceInfo, seats []performance.Seat,
	label events.BlockLabel) (refusal *core.Refusal, free []events.SeatName) {
	var wrong []events.SeatName
	for i, one := range b.readSeats(ctx, s, seats) {
		name := s.layout.Name(seats[i])
		switch {
		case one.status == "" || one.status == events.SeatIsFree:
			free = append(free, name)
		case one.status != events.SeatIsBlocked || one.label != label:
			wrong = append(wrong, name)
		}
	}
	if wrong != nil {
		return blockRefusal("these seats are in use, or blocked under another label", wrong), nil
	}
	return nil, free
}

// seatNow is the state of a seat; the status is "" if it can't be read.
type seatState struct {
	status events.SeatStatus
	label  events.BlockLabel
}

// readSeats reads the state of seats.
func (b *Bookings) readSeats(ctx context.Context, s *performanceInfo, seats []performance.Seat) []seatState {
	now := make([]seatState, len(seats))
	for chunk := range slices.Chunk(indexes(len(seats)), blockConcurrency) {
		_, _ = process.Each(chunk, func(i *int) error {
			var read seatState
			_, err := b.desk.View(ctx, seat.Stream(s.id, s.layout.Name(seats[*i])), func(c core.Core) {
				read = seatState{c.(*seat.Seat).Status(), c.(*seat.Seat).Label()}
			})
			if err == nil {
				now[*i] = read
			}
			return nil
		})
	}
	return now
}

func blockRefusal(detail string, names []events.SeatName) *core.Refusal {
	return &core.Refusal{Code: core.CodeSeatTaken, Detail: detail,
		Fields: map[string]any{"seats": names, "alternatives": [][]events.SeatName{}}}
}

// Unblock puts the named seats that are blocked under a label on sale, and all of its places, and
// returns them. It ignores other seats. Refusals: not_found, idempotency_key_reused.
func (b *Bookings) Unblock(ctx context.Context, cmd Block) (unblocked Blocked, err error) {
	err = b.withBlocksLock(ctx, cmd.Origin, cmd.PerformanceID, func(ctx context.Context, s *performanceInfo) error {
		id, n, more := cmd.ID, 0, true
		next := func(made *events.BlockChange, goesOn bool) {
			unblocked.Seats, unblocked.Areas = append(unblocked.Seats, made.Seats...), append(unblocked.Areas, made.Areas...)
			more = goesOn
			n++
			id = process.ID(fmt.Sprint("unblock ", n), string(cmd.ID))
		}
		for more { // completed by an earlier run of the request
			made, err := b.recallChange(ctx, cmd.Origin, s.id, id)
			if err != nil {
				return err
			}
			if made == nil {
				break
			}
			next(&made.BlockChange, made.More)
		}
		if !more {
			return nil
		}
		left, areas := b.blockedUnder(ctx, s, &cmd), b.placesUnder(ctx, s, cmd.Label)
		for len(left)+len(areas) > 0 {
			chunk, with := left[:min(MaxBlocked, len(left))], areas
			left, areas = left[len(chunk):], nil
			made, err := b.changeBlocks(ctx, s, &blockRequest{from: cmd.Origin, id: id, more: len(left) > 0,
				change: events.BlockChange{Label: cmd.Label, Seats: chunk, Unblocks: true, Areas: with},
				check:  func() ([]events.SeatName, *core.Refusal) { return chunk, nil }})
			if err != nil {
				return err
			}
			next(made, len(left) > 0)
		}
		return nil
	})
	return unblocked, err
}

// placesUnder returns the number of places blocked under a label in each area. An area that can't
// be read now counts as one place.
func (b *Bookings) placesUnder(
	ctx context.Context,
	s *performanceInfo,
	label events.BlockLabel,
) (under []events.AreaPlaces) {
	for _, a := range s.layout.Areas() {
		places := int64(1)
		_, _ = b.desk.View(ctx, area.Stream(s.id, a.ID), func(c core.Core) { places = c.(*area.Area).Blocked(label) })
		if places > 0 {
			under = append(under, events.AreaPlaces{Area: a.ID, Places: places})
		}
	}
	return under
}

// blockedUnder returns the named seats that are blocked under the label, in canonical order,
// including seats that can't be read now.
func (b *Bookings) blockedUnder(ctx context.Context, s *performanceInfo, cmd *Block) (under []events.SeatName) {
	seats := make([]performance.Seat, 0, len(cmd.Seats)) // a label may have many seats
	for _, name := range cmd.Seats {
		if at, ok := s.layout.Find(name); ok {
			seats = append(seats, at)
		}
	}
	slices.Sort(seats)
	seats = slices.Compact(seats)
	for i, one := range b.readSeats(ctx, s, seats) {
		if one.status == "" || one.status == events.SeatIsBlocked && one.label == cmd.Label {
			under = append(under, s.layout.Name(seats[i]))
		}
	}
	return under
}
