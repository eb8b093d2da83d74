package planfile

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"admitone/events"
)

// stand describes rows of seats that face the focal point.
type stand struct {
	zone, category string
	rows           string // their names, one letter each
	seats          []int  // numbers of seats by row; the last number applies to all further rows
	// aisle is the number of seats before the aisle, which divides a row into two parts; 0 for no aisle.
	aisle int
	// radius is that of the first row around the focal point; 0 for straight rows.
	radius float64
}

// arena describes a hall.
type arena struct {
	name   string
	stands []stand
	floors map[events.AreaID]int64
}

const (
	pitch = 10.0 // between the middles of neighbours, and of rows
	aisle = 25.0 // between the seats on both sides of an aisle
)

// plan returns the seating plan of a description.
func (a *arena) plan() *events.SeatingPlan {
	p := &events.SeatingPlan{Name: a.name, Size: events.PlanSize{Width: 1000, Height: 1000},
		FocalPoint: &events.PlanPoint{X: 500, Y: 0}}
	category := func(name string) {
		if !slices.ContainsFunc(p.Categories, func(c events.PriceCategory) bool { return c.Name == name }) {
			p.Categories = append(p.Categories, events.PriceCategory{Name: name, Color: palette[len(p.Categories)]})
		}
	}
	for i, s := range a.stands {
		category(s.category)
		zone := events.PlanZone{Name: s.zone, Position: events.PlanPoint{X: 500, Y: float64(100 * i)}}
		for r, name := range strings.Split(s.rows, "") {
			seats := s.row(r)
			for _, part := range [][]events.PlanSeat{seats[:s.aisle], seats[s.aisle:]} {
				if len(part) > 0 {
					zone.Rows = append(zone.Rows, events.PlanRow{RowNumber: name, Seats: part})
				}
			}
		}
		p.Zones = append(p.Zones, zone)
	}
	for id, capacity := range a.floors {
		category("Floor")
		p.Zones = append(p.Zones, events.PlanZone{Name: "Zone of " + string(id), Areas: []events.PlanArea{{ID: id,
			Capacity: capacity, Category: "Floor"}}})
	}
	return p
}

// row returns the seats of a row, numbered from 1.
func (s *stand) row(r int) (seats []events.PlanSeat) {
	n := s.seats[min(r, len(s.seats)-1)]
	width := pitch * float64(n-1)
	if s.aisle > 0 {
		width += aisle - pitch
	}
	along := -width / 2
	for i := range n {
		at := events.PlanPoint{X: along, Y: pitch * float64(r+1)}
		if s.radius > 0 {
			radius := s.radius + pitch*float64(r)
			at = events.PlanPoint{X: radius * math.Sin(along/radius), Y: radius * math.Cos(along/radius)}
		}
		number := fmt.Sprint(i + 1)
		seats = append(seats, events.PlanSeat{SeatGUID: fmt.Sprint(s.zone, "/", r, "/", i), SeatNumber: number, Position: at,
			Category: s.category})
		if along += pitch; i+1 == s.aisle {
			along += aisle - pitch
		}
	}
	return seats
}

// tableOf returns the seats of a hall as CSV.
func tableOf(p *events.SeatingPlan) string {
	b := strings.Builder{}
	b.WriteString(header + "\n")
	for _, z := range p.Zones {
		for _, r := range z.Rows {
			for _, s := range r.Seats {
				fmt.Fprintf(&b, "%s,%s,%s,%v,%v,%s\n", z.Name, r.RowNumber, s.SeatNumber, z.Position.X+s.Position.X,
					z.Position.Y+s.Position.Y, s.Category)
			}
		}
	}
	return b.String()
}

// rowTexts returns a line for each row: the name of its first seat, the numbers of seats between the gaps, and the
// name of its last seat.
func rowTexts(h *events.Hall) (rows []string) {
	for _, row := range h.Rows() {
		line, together := string(h.Name(row.First)), 0
		for seat := row.First; seat < row.End; seat++ {
			if together++; !h.Joined(seat) {
				line += fmt.Sprint(" ", together)
				together = 0
			}
		}
		rows = append(rows, line+" to "+string(h.Name(row.End-1)))
	}
	return rows
}

// TestDescribedHalls: the names, gaps and counts of a hall match its description, read from JSON and from CSV.
func TestDescribedHalls(t *testing.T) {
	for _, test := range []struct {
		arena         arena
		rows          []string // the first rows
		count, seats  int      // numbers of rows and of seats
		places        int64
		seatsOf       []int64 // by category
		sectionsNamed string
	}{
		{arena: arena{name: "curved rows with letters, split by an aisle", stands: []stand{{zone: "Stalls", category: "Stalls",
			rows: "ABCDEFGHJK", seats: []int{22, 24}, aisle: 11, radius: 150}}},
			rows:  []string{"Stalls-A-1 11 11 to Stalls-A-22", "Stalls-B-1 11 13 to Stalls-B-24", "Stalls-C-1 11 13 to Stalls-C-24"},
			count: 10, seats: 22 + 9*24, seatsOf: []int64{22 + 9*24}, sectionsNamed: "Stalls"},
		{arena: arena{name: "a block", stands: []stand{{zone: "B", category: "First", rows: "123", seats: []int{28, 25, 20}}}},
			rows:  []string{"B-1-1 28 to B-1-28", "B-2-1 25 to B-2-25", "B-3-1 20 to B-3-20"},
			count: 3, seats: 73, seatsOf: []int64{73}, sectionsNamed: "B"},
		{arena: arena{name: "an arena with a floor", floors: map[events.AreaID]int64{"floor": 3000}, stands: []stand{
			{zone: "North", category: "Tier", rows: "12", seats: []int{30}},
			{zone: "East", category: "Side", rows: "1", seats: []int{12}, aisle: 6},
			{zone: "South", category: "Tier", rows: "1", seats: []int{40}, radius: 300}}},
			rows: []string{"North-1-1 30 to North-1-30", "North-2-1 30 to North-2-30", "East-1-1 6 6 to East-1-12",
				"South-1-1 40 to South-1-40"},
			count: 4, seats: 112, places: 3000, seatsOf: []int64{100, 12, 0}, sectionsNamed: "North East South"},
	} {
		plan := test.arena.plan()
		text, faults := Body(plan, "")
		if faults != nil {
			t.Fatalf("%v; want no faults", faults)
		}
		_, hall, faults := ReadJSON(text)
		if faults != nil {
			t.Fatalf("%s: %v; want no faults", test.arena.name, faults)
		}
		rows := rowTexts(hall)
		if len(rows) != test.count || !slices.Equal(rows[:len(test.rows)], test.rows) || hall.Seats() != test.seats ||
			hall.Places() != test.places {
			t.Errorf("%s: rows %q, %d seats, %d places; want %d rows that begin with %q, %d seats, %d places", test.arena.name,
				rows, hall.Seats(), hall.Places(), test.count, test.rows, test.seats, test.places)
		}
		for i, seats := range test.seatsOf {
			if c := hall.Categories[i]; c.Seats != seats {
				t.Errorf("%s: %s has %d seats, want %d", test.arena.name, c.Name, c.Seats, seats)
			}
		}
		names := []string{}
		for _, s := range hall.Sections() {
			names = append(names, string(s.ID))
		}
		if got := strings.Join(names, " "); got != test.sectionsNamed {
			t.Errorf("%s: sections %q, want %q", test.arena.name, got, test.sectionsNamed)
		}
		_, same, faults := ReadCSV([]byte(tableOf(plan)), test.arena.name)
		if faults != nil || !slices.Equal(rowTexts(same), rows) {
			t.Errorf("%s as CSV: faults %v, rows %q; want no faults, rows %q", test.arena.name, faults, rowTexts(same), rows)
		}
	}
}
