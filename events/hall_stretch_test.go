package events

import (
	"fmt"
	"math"
	"testing"

	"pgregory.net/rapid"
)

// rowPlan returns a plan with one row of seats at the given points.
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

func TestJoined(t *testing.T) {
	for _, test := range []struct {
		about string
		at    []PlanPoint
		want  string // o for a seat, - between neighbours
	}{
		{"one seat", []PlanPoint{{0, 0}}, "o"},
		{"two seats far apart", []PlanPoint{{0, 0}, {90, 0}}, "o-o"},
		{"an aisle", []PlanPoint{{0, 0}, {10, 0}, {20, 0}, {35.1, 0}, {45, 0}}, "o-o-o o-o"},
		{"a distance of 1.5 times the median", []PlanPoint{{0, 0}, {10, 0}, {20, 0}, {35, 0}, {45, 0}}, "o-o-o-o-o"},
		{"an order that differs from the positions", []PlanPoint{{0, 0}, {20, 0}, {10, 0}, {30, 0}, {40, 0}, {50, 0}},
			"o o-o o-o-o"},
		{"an even number of distances", []PlanPoint{{0, 0}, {10, 0}, {30, 0}}, "o-o-o"},
		{"a diagonal row", []PlanPoint{{0, 0}, {8, 6}, {16, 12}, {16, 28}}, "o-o-o o"},
		{"all seats at one point", []PlanPoint{{5, 5}, {5, 5}, {5, 5}}, "o-o-o"},
	} {
		h, got := compiled(t, rowPlan(test.at...)), ""
		for seat := range SeatIndex(h.Seats()) {
			switch got += "o"; {
			case h.Joined(seat):
				got += "-"
			case int(seat) < h.Seats()-1:
				got += " "
			}
		}
		if got != test.want {
			t.Errorf("%s: %s, want %s", test.about, got, test.want)
		}
	}
}

// TestStretches: each seat is in one stretch, no stretch crosses a gap, stretches are sorted by Least, and Least
// is a lower bound for all groups of neighbours.
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
		n := SeatIndex(rapid.IntRange(1, MaxNeighbours).Draw(t, "together"))
		seen, least := map[SeatIndex]bool{}, 0.0
		for _, s := range h.Stretches() {
			if s.Least < least {
				t.Fatalf("stretch %+v follows one with Least %g, want ascending order", s, least)
			}
			least = s.Least
			for first := s.First; first < s.End; first++ {
				if seen[first] || first < s.End-1 && !h.Joined(first) {
					t.Fatalf("stretch %+v crosses a gap, or seat %d is in two stretches", s, first)
				}
				seen[first] = true
				x, y, end := 0.0, 0.0, first
				for ; end < first+n && (end == first || h.Joined(end-1)); end++ {
					x, y = x+h.Position(end).X, y+h.Position(end).Y
				}
				if end < first+n {
					continue
				}
				if distance := math.Hypot(x/float64(n)-h.FocalPoint.X, y/float64(n)-h.FocalPoint.Y); distance < s.Least {
					t.Fatalf("%d seats from %d are at distance %g, want at least that of %+v", n, first, distance, s)
				}
			}
		}
		if len(seen) != h.Seats() {
			t.Fatalf("%d of %d seats are in a stretch, want all", len(seen), h.Seats())
		}
	})
}
