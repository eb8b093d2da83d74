package events

import (
	"fmt"
	"math"
	"testing"

	"pgregory.net/rapid"
)

// rowPlan is a plan of one row with seats at these places.
func rowPlan(at ...PlanPoint) *SeatingPlan {
	p := &SeatingPlan{Name: "Hall", Size: PlanSize{100, 100}, Categories: []PriceCategory{{Name: "all"}},
		Zones: []PlanZone{{ZoneID: "A", Rows: []PlanRow{{RowNumber: "1"}}}}}
	row := &p.Zones[0].Rows[0]
	for i, at := range at {
		number := fmt.Sprint(i)
		row.Seats = append(row.Seats, PlanSeat{SeatGUID: number, SeatNumber: number, Category: "all", Position: at})
	}
	return p
}

func TestGaps(t *testing.T) {
	for _, line := range []struct {
		about string
		at    []PlanPoint
		want  string // - joins neighbours
	}{
		{"one seat has no neighbour", []PlanPoint{{0, 0}}, "o"},
		{"two seats are neighbours however far", []PlanPoint{{0, 0}, {90, 0}}, "o-o"},
		{"an aisle", []PlanPoint{{0, 0}, {10, 0}, {20, 0}, {35.1, 0}, {45, 0}}, "o-o-o o-o"},
		{"1.5 times the median is not a gap", []PlanPoint{{0, 0}, {10, 0}, {20, 0}, {35, 0}, {45, 0}}, "o-o-o-o-o"},
		{"neighbours follow each other in the file", []PlanPoint{{0, 0}, {20, 0}, {10, 0}, {30, 0}, {40, 0}, {50, 0}},
			"o o-o o-o-o"},
		{"the median of an even number is between two", []PlanPoint{{0, 0}, {10, 0}, {30, 0}}, "o-o-o"},
		{"across and down", []PlanPoint{{0, 0}, {8, 6}, {16, 12}, {16, 28}}, "o-o-o o"},
		{"all at one place", []PlanPoint{{5, 5}, {5, 5}, {5, 5}}, "o-o-o"},
	} {
		h, got := compiled(t, rowPlan(line.at...)), ""
		for seat := range SeatIndex(h.Seats()) {
			switch got += "o"; {
			case h.Joined(seat):
				got += "-"
			case int(seat) < h.Seats()-1:
				got += " "
			}
		}
		if got != line.want {
			t.Errorf("%s: %s, want %s", line.about, got, line.want)
		}
	}
}

// TestStretches: they are all seats, none goes beyond a gap, the nearest are first, and no choice of
// neighbours is nearer than they say.
func TestStretches(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		at := make([]PlanPoint, rapid.IntRange(1, 120).Draw(t, "seats"))
		turn, radius := rapid.Float64Range(0, 0.2).Draw(t, "turn"), rapid.Float64Range(0, 400).Draw(t, "radius")
		for i := range at {
			angle := turn * float64(i)
			at[i] = PlanPoint{radius*math.Cos(angle) + float64(i), radius * math.Sin(angle)}
			if rapid.IntRange(0, 20).Draw(t, "aisle") == 0 {
				turn += 0.3
			}
		}
		h, err := rowPlan(at...).Compile()
		if err != nil {
			t.Fatal(err)
		}
		n := SeatIndex(rapid.IntRange(1, HallReach).Draw(t, "together"))
		seen, least := map[SeatIndex]bool{}, 0.0
		for _, s := range h.Stretches() {
			if s.Least < least {
				t.Fatalf("stretch %+v follows one with distance %g, want ascending distances", s, least)
			}
			least = s.Least
			for first := s.First; first < s.End; first++ {
				if seen[first] || first < s.End-1 && !h.Joined(first) {
					t.Fatalf("stretch %+v crosses a gap, or seat %d is in two", s, first)
				}
				seen[first] = true
				x, y, end := 0.0, 0.0, first
				for ; end < first+n && (end == first || h.Joined(end-1)); end++ {
					x, y = x+h.Position(end).X, y+h.Position(end).Y
				}
				if end < first+n {
					continue
				}
				if far := math.Hypot(x/float64(n)-h.FocalPoint.X, y/float64(n)-h.FocalPoint.Y); far < s.Least {
					t.Fatalf("%d seats from %d are at distance %g, nearer than the least of %+v", n, first, far, s)
				}
			}
		}
		if len(seen) != h.Seats() {
			t.Fatalf("%d of %d seats are in a stretch, want all", len(seen), h.Seats())
		}
	})
}
