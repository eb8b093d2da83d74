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
	// Seats by name, in any order; with the seats of Rows, at most MaxBlocked.
	Seats []events.SeatName
	// Rows to block completely, in the form <section>-<row>.
	Rows []string
	// Areas with the number of places to block under the label, each area once.
	Areas []events.AreaPlaces
	Label events.BlockLabel
}

// Blocked lists seats in canonical order and areas in the plan's order.
type Blocked struct {
	Seats []events.SeatName
	Areas []events.AreaPlaces
}

// Block blocks the seats and places, all of them or none, even if servers crash. Seats already blocked
// under the label remain so; in an area, places are added until the label has the requested number.
//
// Refusals: not_found (the performance), invalid_field (seats, rows, areas), sold_out (areas has the
// areas with too few places, and the number of places that the label can have), seat_taken (seats has all
// that are in use, or blocked without a label or under another), idempotency_key_reused.
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

// areasToChange returns valid areas in the plan's order. Refusal: invalid_field.
func areasToChange(layout *events.Layout, areas []events.AreaPlaces) ([]events.AreaPlaces, *core.Refusal) {
	areas = slices.Clone(areas)
	for i, a := range areas {
		at := layout.Area(a.Area)
		same := func(before events.AreaPlaces) bool { return before.Area == a.Area }
		switch {
		case at < 0:
			return nil, badAreas("the performance has no such area")
		case slices.ContainsFunc(areas[:i], same):
			return nil, badAreas(fmt.Sprintf("the area %s is listed more than once", a.Area))
		case a.Places < 1 || a.Places > layout.Areas()[at].Capacity:
			return nil, badAreas(fmt.Sprintf("the places of the area %s must be from 1 to %d", a.Area,
				layout.Areas()[at].Capacity))
		}
	}
	slices.SortFunc(areas, func(a, b events.AreaPlaces) int { return layout.Area(a.Area) - layout.Area(b.Area) })
	return areas, nil
}

// tooFewToBlock returns the areas with too few places for the label, and the number that the label can
// have. An area that can't be read is omitted: its step decides.
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

// seats returns the named seats and the seats of the named rows, in canonical order. Refusal:
// invalid_field.
func (cmd *Block) seats(layout *events.Layout) ([]performance.Seat, *core.Refusal) {
	invalid := func(field, detail string) *core.Refusal {
		return &core.Refusal{Code: core.CodeInvalidField, Detail: detail, Fields: map[string]any{"field": field}}
	}
	seats, unknown, twice := layout.Canonical(cmd.Seats)
	if len(unknown) > 0 {
		return nil, invalid("seats", "the performance has no seat "+string(unknown[0]))
	}
	if len(twice) > 0 {
		return nil, invalid("seats", "the seat "+string(twice[0])+" is listed more than once")
	}
	for i, row := range cmd.Rows {
		first, end, ok := performance.FindRow(layout, row)
		if !ok || slices.Contains(cmd.Rows[:i], row) {
			return nil, invalid("rows", "the performance has no row "+row+", or it is listed more than once")
		}
		if len(seats)+int(end-first) > MaxBlocked {
			return nil, invalid("rows", fmt.Sprintf("one request can block at most %d seats", MaxBlocked))
		}
		for ; first < end; first++ {
			seats = append(seats, first)
		}
	}
	slices.Sort(seats)
	return slices.Compact(seats), nil
}

// blockable returns the seats that are still to be blocked under the label, or the refusal that names all
// seats which can't be. Seats that can't be read count as free: their steps decide.
func (b *Bookings) blockable(ctx context.Context, s *performanceInfo, seats []performance.Seat,
	label events.BlockLabel) (refusal *core.Refusal, free []events.SeatName) {
	var wrong []events.SeatName
	for i, state := range b.readSeats(ctx, s, seats) {
		name := s.layout.Name(seats[i])
		switch {
		case state.status == "" || state.status == events.SeatIsFree:
			free = append(free, name)
		case state.status != events.SeatIsBlocked || state.label != label:
			wrong = append(wrong, name)
		}
	}
	if wrong != nil {
		return blockRefusal("these seats are in use, or blocked under another label", wrong), nil
	}
	return nil, free
}

// seatState is the state of a seat. Its status is "" if the seat can't be read.
type seatState struct {
	status events.SeatStatus
	label  events.BlockLabel
}

func (b *Bookings) readSeats(ctx context.Context, s *performanceInfo, seats []performance.Seat) []seatState {
	states := make([]seatState, len(seats))
	for chunk := range slices.Chunk(indexes(len(seats)), blockConcurrency) {
		_, _ = process.Each(chunk, func(i *int) error {
			var read seatState
			_, err := b.desk.View(ctx, seat.Stream(s.id, s.layout.Name(seats[*i])), func(c core.Core) {
				read = seatState{c.(*seat.Seat).Status(), c.(*seat.Seat).Label()}
			})
			if err == nil {
				states[*i] = read
			}
			return nil
		})
	}
	return states
}

func blockRefusal(detail string, names []events.SeatName) *core.Refusal {
	return &core.Refusal{Code: core.CodeSeatTaken, Detail: detail,
		Fields: map[string]any{"seats": names, "alternatives": [][]events.SeatName{}}}
}

// Unblock unblocks the named seats that are blocked under the label, and all places blocked under it, and
// returns them. Other seats are ignored. Refusals: not_found, idempotency_key_reused.
func (b *Bookings) Unblock(ctx context.Context, cmd Block) (unblocked Blocked, err error) {
	err = b.withBlocksLock(ctx, cmd.Origin, cmd.PerformanceID, func(ctx context.Context, s *performanceInfo) error {
		id, n, more := cmd.ID, 0, true
		next := func(made *events.BlockChange, hasMore bool) {
			unblocked.Seats, unblocked.Areas = append(unblocked.Seats, made.Seats...), append(unblocked.Areas, made.Areas...)
			more = hasMore
			n++
			id = process.ID(fmt.Sprint("unblock ", n), string(cmd.ID))
		}
		for more { // changes made by an earlier run of the request
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

// placesUnder returns the areas with places blocked under a label, and their numbers. An area that can't
// be read is included with one place.
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

// blockedUnder returns the named seats that are blocked under the label, in canonical order. Seats that
// can't be read are included.
func (b *Bookings) blockedUnder(ctx context.Context, s *performanceInfo, cmd *Block) (under []events.SeatName) {
	seats := make([]performance.Seat, 0, len(cmd.Seats)) // a label may have many seats
	for _, name := range cmd.Seats {
		if at, ok := s.layout.Find(name); ok {
			seats = append(seats, at)
		}
	}
	slices.Sort(seats)
	seats = slices.Compact(seats)
	for i, state := range b.readSeats(ctx, s, seats) {
		if state.status == "" || state.status == events.SeatIsBlocked && state.label == cmd.Label {
			under = append(under, s.layout.Name(seats[i]))
		}
	}
	return under
}
