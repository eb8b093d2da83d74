package plandraft

import (
	"errors"
	"math"

	"admitone/events"
)

const (
	margin     = 2.5 // around a hall, in seats
	floorColor = "#f2f2f7"
	stageColor = "#dcdce6"
	inkColor   = "#1b1b29"
)

func (f *Floor) check() error {
	switch {
	case !near(f.X, f.Y, f.Width, f.Depth, f.Radius):
		return tooFar("x, y, width, depth and radius")
	case f.Radius <= 0 && (f.Width <= 0 || f.Depth <= 0):
		return errors.New("it needs a width and a depth, or a radius")
	}
	return nil
}

// zone returns the zone of a floor, which has no seats.
func (f *Floor) zone() events.PlanZone {
	name := f.Name
	if name == "" {
		name = string(f.ID)
	}
	area := events.PlanArea{ID: f.ID, Capacity: f.Capacity, Category: f.Category, Color: floorColor}
	if f.Radius > 0 {
		area.Shape, area.Circle = "circle", &events.PlanCircle{Radius: whole(f.Radius)}
		area.Position = events.PlanPoint{X: f.X, Y: f.Y}
		area.Text = label(name, 0, 0)
	} else {
		area.Shape, area.Rectangle = "rectangle", &events.PlanSize{Width: whole(f.Width), Height: whole(f.Depth)}
		area.Position = events.PlanPoint{X: f.X - f.Width/2, Y: f.Y}
		area.Text = label(name, f.Width/2, f.Depth/2)
	}
	return events.PlanZone{ZoneID: string(f.ID), Name: name, Areas: []events.PlanArea{area}}
}

func (s *Stage) zone() events.PlanZone {
	area := events.PlanArea{Shape: "rectangle", Color: stageColor,
		Rectangle: &events.PlanSize{Width: whole(s.Width), Height: whole(s.Depth)},
		Position:  events.PlanPoint{X: -s.Width / 2, Y: -s.Depth}, Text: label("Stage", s.Width/2, s.Depth/2)}
	if s.Centre {
		area.Position.Y = -s.Depth / 2
	}
	return events.PlanZone{ZoneID: "stage", Name: "Stage", Areas: []events.PlanArea{area}}
}

// whole converts a distance from seats to whole units of the plan.
func whole(seats float64) int64 { return int64(math.Round(seats * unit)) }

func label(text string, x, y float64) *events.PlanAreaLabel {
	return &events.PlanAreaLabel{Text: text, Color: inkColor, Size: int64(unit), Position: events.PlanPoint{X: x * unit,
		Y: y * unit}}
}

// frame converts distances from seats to the plan's unit, moves everything to positive coordinates, and sets the size.
func frame(plan *events.SeatingPlan) {
	left, top, right, bottom := math.Inf(1), math.Inf(1), math.Inf(-1), math.Inf(-1)
	include := func(x, y float64) {
		left, top, right, bottom = min(left, x), min(top, y), max(right, x), max(bottom, y)
	}
	for _, zone := range plan.Zones {
		for _, row := range zone.Rows {
			for _, seat := range row.Seats {
				include(seat.Position.X, seat.Position.Y)
			}
		}
		for _, area := range zone.Areas {
			includeArea(&area, include)
		}
	}
	if math.IsInf(left, 0) {
		return // the plan is empty, which the compiler reports
	}
	place := func(p *events.PlanPoint) {
		p.X, p.Y = rounded((p.X-left+margin)*unit), rounded((p.Y-top+margin)*unit)
	}
	for z := range plan.Zones {
		for r := range plan.Zones[z].Rows {
			for s := range plan.Zones[z].Rows[r].Seats {
				place(&plan.Zones[z].Rows[r].Seats[s].Position)
			}
		}
		for a := range plan.Zones[z].Areas {
			place(&plan.Zones[z].Areas[a].Position)
		}
	}
	place(plan.FocalPoint)
	plan.Size = events.PlanSize{Width: whole(right - left + 2*margin), Height: whole(bottom - top + 2*margin)}
}

// includeArea calls include with opposite corners of an area.
func includeArea(area *events.PlanArea, include func(x, y float64)) {
	at := area.Position
	if area.Circle != nil {
		radius := float64(area.Circle.Radius) / unit
		include(at.X-radius, at.Y-radius)
		include(at.X+radius, at.Y+radius)
		return
	}
	include(at.X, at.Y)
	include(at.X+float64(area.Rectangle.Width)/unit, at.Y+float64(area.Rectangle.Height)/unit)
}

// rounded rounds to a tenth of the plan's unit, which is 0.005 seats.
func rounded(n float64) float64 { return math.Round(n*10) / 10 }
