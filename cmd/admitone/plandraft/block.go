package plandraft

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"

	"admitone/events"
)

const (
	unit       = 20.0 // distance of neighbouring seats in the plan's unit
	rowPitch   = 1.1  // default distance of rows, in seats
	aisleWidth = 1.2  // added to the distance of two neighbours, in seats
)

// check checks the members of a block. The compiler of plans finds all other faults.
func (b *Block) check() error {
	switch {
	case len(b.Seats) == 0:
		return errors.New("seats is missing: the number of seats of its rows, such as [20]")
	case b.Rows < 0 || b.rows() > maxRows:
		return fmt.Errorf("a block has 1 to %d rows", maxRows)
	case slices.Min(b.Seats) < 1 || slices.Max(b.Seats) > maxRows:
		return fmt.Errorf("a row has 1 to %d seats", maxRows)
	case !near(b.X, b.Y, b.Radius, b.Pitch, b.Angle) || b.Radius < 0 || b.Pitch < 0:
		return tooFar("x, y, radius and pitch")
	case !slices.Contains([]string{FromLeft, FromRight, OddAndEven, OddOnly, EvenOnly}, b.Numbers):
		return fmt.Errorf("numbers is %s, %s, %s, %s, or left out", FromRight, OddAndEven, OddOnly, EvenOnly)
	case slices.ContainsFunc(b.Aisles, func(at float64) bool { return !(at > 0 && at < 1) }):
		return errors.New("aisles are shares of a row, between 0 and 1")
	case b.RestrictedView < 0:
		return errors.New("restricted_view is the number of seats at each end, from 0")
	}
	return nil
}

func (b *Block) rows() int {
	if b.Rows > 0 {
		return b.Rows
	}
	return len(b.Seats)
}

// zone returns the zone of a block, and subtracts the number of its seats from remaining, the number still allowed.
func (b *Block) zone(remaining *int) (events.PlanZone, error) {
	zone := events.PlanZone{ZoneID: b.Zone, Name: b.Name}
	if zone.Name == "" {
		zone.Name = b.Zone
	}
	if err := b.check(); err != nil {
		return zone, err
	}
	named := map[string]bool{}
	for i := range b.rows() {
		name, err := rowName(b.FirstRow, i)
		if err != nil {
			return zone, err
		}
		named[name] = true
		if *remaining -= b.Seats[min(i, len(b.Seats)-1)]; *remaining < 0 {
			return zone, fmt.Errorf("a hall has at most %d seats", events.MaxPlanSeats)
		}
		row, err := b.row(i, name)
		if err != nil {
			return zone, err
		}
		zone.Rows = append(zone.Rows, row)
	}
	for name := range b.Wheelchairs {
		if !named[name] {
			return zone, fmt.Errorf("wheelchairs: there is no row %q", name)
		}
	}
	for name := range b.RowCategories {
		if !named[name] {
			return zone, fmt.Errorf("row_categories: there is no row %q", name)
		}
	}
	return zone, nil
}

// row returns the row with index i, counted from the front.
func (b *Block) row(i int, name string) (events.PlanRow, error) {
	seats := b.Seats[min(i, len(b.Seats)-1)]
	row := events.PlanRow{RowNumber: name, RowNumberPosition: "both"}
	category := b.Category
	if other, ok := b.RowCategories[name]; ok {
		category = other
	}
	offsets := b.offsets(seats)
	for n := range seats {
		number := b.number(n, seats)
		row.Seats = append(row.Seats, events.PlanSeat{
			SeatGUID: b.Zone + "-" + name + "-" + number, SeatNumber: number, Category: category,
			Position: b.place(i, offsets[n]), RestrictedView: n < b.RestrictedView || n >= seats-b.RestrictedView,
		})
	}
	places := b.Wheelchairs[name]
	if places < 0 || 2*places > seats {
		return row, fmt.Errorf("wheelchairs: row %s has %d seats, and each place takes two", name, seats)
	}
	for place := range places { // in turn from the left and the right end
		at := place / 2 * 2
		companion := at + 1
		if place%2 == 1 {
			at, companion = seats-1-at, seats-2-at
		}
		row.Seats[at].Accessible = true
		row.Seats[companion].CompanionOf = row.Seats[at].SeatGUID
	}
	return row, nil
}

// offsets returns the distance of each seat of a row from the row's middle, positive to the right.
func (b *Block) offsets(seats int) []float64 {
	offsets := make([]float64, seats)
	at := 0.0
	for n := range seats {
		for _, aisle := range b.Aisles {
			if before := int(math.Round(aisle * float64(seats))); before == n && n > 0 {
				at += aisleWidth
			}
		}
		offsets[n] = at
		at++
	}
	for n := range offsets {
		offsets[n] -= (at - 1) / 2
	}
	return offsets
}

// place returns the position of the seat with this offset in the row with index i.
func (b *Block) place(i int, offset float64) events.PlanPoint {
	pitch := b.Pitch
	if pitch == 0 {
		pitch = rowPitch
	}
	depth := float64(i) * pitch
	x, y := b.X+offset, b.Y+depth
	if radius := b.Radius + depth; b.Radius > 0 {
		x, y = b.X+radius*math.Sin(offset/radius), b.Y-b.Radius+radius*math.Cos(offset/radius)
	}
	sin, cos := math.Sincos(b.Angle * math.Pi / 180)
	return events.PlanPoint{X: x*cos - y*sin, Y: x*sin + y*cos}
}

// number returns the seat number of the n-th seat from the left.
func (b *Block) number(n, seats int) string {
	switch b.Numbers {
	case FromRight:
		n = seats - n
	case OddAndEven:
		if left := (seats + 1) / 2; n < left {
			n = 2*(left-n) - 1
		} else {
			n = 2 * (n - left + 1)
		}
	case OddOnly:
		n = 2*n + 1
	case EvenOnly:
		n = 2*n + 2
	default:
		n++
	}
	return strconv.Itoa(n)
}
