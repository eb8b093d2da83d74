package events

import (
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"
)

// smallPlan returns a plan with two zones with seats, one with standing room, and a stage that is only drawn.
func smallPlan() *SeatingPlan {
	seat := func(guid, number, category string, x float64) PlanSeat {
		return PlanSeat{SeatGUID: guid, SeatNumber: number, Category: category, Position: PlanPoint{X: x}}
	}
	wheelchair, companion := seat("b-1", "1", "Rang", 0), seat("b-2", "2", "Rang", 30)
	wheelchair.Accessible, companion.CompanionOf, companion.RestrictedView = true, "b-1", true
	return &SeatingPlan{
		ID: "hall", Name: "Kleines Haus", Size: PlanSize{Width: 400, Height: 300},
		Categories: []PriceCategory{{"Parkett", "#A0c1ff"}, {"Rang", "red"}, {"Steh", ""}, {Name: "Unused"}},
		Zones: []PlanZone{
			{Name: "Parkett links", ZoneID: "PL", Position: PlanPoint{100, 50}, Rows: []PlanRow{
				{
					RowNumber: "1",
					Position:  PlanPoint{0, 10},
					Seats:     []PlanSeat{seat("a-1", "1", "Parkett", 5), seat("a-2", "2", "Parkett", 25)},
				},
				{RowNumber: "2", Position: PlanPoint{0, 40}, Seats: []PlanSeat{seat("a-3", "1a", "Parkett", 5)}},
				{RowNumber: "1", Position: PlanPoint{90, 12}, RowLabel: "Reihe", RowGUID: "ignored",
					Seats: []PlanSeat{seat("a-4", "3", "Rang", 0)}},
				{RowNumber: "9"},
			}},
			{Name: "Stage", Rows: []PlanRow{}, Areas: []PlanArea{
				{Shape: "text", Text: &PlanAreaLabel{Text: "Bühne", Size: 12}},
				{Shape: "polygon", Rotation: 12.5, Polygon: &PlanPolygon{[]PlanPoint{{0, 0}, {1e-9, 3}}}},
			}},
			{Name: "Balkon", Rows: []PlanRow{{RowNumber: "1", Seats: []PlanSeat{wheelchair, companion}}}},
			{Name: "Floor", Position: PlanPoint{10, 20}, Rows: []PlanRow{}, Areas: []PlanArea{
				{ID: "floor", Capacity: 300, Category: "Steh", Shape: "rectangle", Rectangle: &PlanSize{100, 50},
					Position: PlanPoint{5, 5}}}},
		},
	}
}

func compiled(t *testing.T, p *SeatingPlan) *Hall {
	t.Helper()
	hall, err := p.Compile()
	if err != nil {
		t.Fatal(err)
	}
	return hall
}

func TestHall(t *testing.T) {
	h := compiled(t, smallPlan())
	var seats []string
	for seat := range SeatIndex(h.Seats()) {
		at := h.Position(seat)
		seats = append(seats, fmt.Sprint(h.Name(seat), " ", at.X, ",", at.Y, " ", h.Categories[h.Category(seat)].Name))
		if found, ok := h.Find(h.Name(seat)); !ok || found != seat {
			t.Errorf("Find(%s) = %d, %t; want seat %d", h.Name(seat), found, ok, seat)
		}
	}
	if want := []string{"PL-1-1 105,60 Parkett", "PL-1-2 125,60 Parkett", "PL-1-3 190,62 Rang", "PL-2-1a 105,90 Parkett",
		"Balkon-1-1 0,0 Rang", "Balkon-1-2 30,0 Rang"}; !reflect.DeepEqual(seats, want) {
		t.Errorf("seats = %q, want %q", seats, want)
	}
	for _, name := range []SeatName{"", "PL", "PL-1-4", "PL-9-1", "Parkett links-1-1"} {
		if seat, ok := h.Find(name); ok {
			t.Errorf("Find(%q) = %d, true; want none", name, seat)
		}
	}
	rows := []HallRow{{0, "1", 0, 3, "PL-1"}, {0, "2", 3, 4, "PL-2"}, {1, "1", 4, 6, "Balkon-1"}}
	if !reflect.DeepEqual(h.Rows(), rows) {
		t.Errorf("rows = %+v, want %+v", h.Rows(), rows)
	}
	if row, ok := h.FindRow("PL-2"); !ok || row != 1 || h.RowOf(3) != 1 || h.RowOf(2) != 0 || len(h.RowsOf(1)) != 1 {
		t.Errorf("FindRow(PL-2) = %d, %t, RowOf(3) = %d, RowOf(2) = %d, RowsOf(1) = %+v; want 1, true, 1, 0, one row",
			row, ok, h.RowOf(3), h.RowOf(2), h.RowsOf(1))
	}
	if row, ok := h.FindRow("PL-3"); ok {
		t.Errorf("FindRow(PL-3) = %d, true; want none", row)
	}
	sections := []Section{{ID: "PL", DisplayName: "Parkett links", Rows: 2}, {ID: "Balkon", DisplayName: "Balkon", Rows: 1}}
	if !reflect.DeepEqual(h.Sections(), sections) {
		t.Errorf("sections = %+v, want %+v", h.Sections(), sections)
	}
	categories := []HallCategory{{"Parkett", "#A0c1ff", 3, 0}, {"Rang", "#808080", 3, 0}, {"Steh", "#808080", 0, 300},
		{"Unused", "#808080", 0, 0}}
	if !reflect.DeepEqual(h.Categories, categories) || h.Categories[3].InUse() || !h.Categories[2].InUse() {
		t.Errorf("categories = %+v, want %+v, the last not in use", h.Categories, categories)
	}
	areas := []HallArea{{"floor", 300, 2, "Floor", PlanPoint{15, 25}}}
	if !reflect.DeepEqual(h.Areas, areas) || h.Places() != 300 || h.Area("floor") != 0 || h.Area("x") != -1 {
		t.Errorf("areas = %+v, %d places, Area(floor) = %d, Area(x) = %d; want %+v, 300, 0, -1", h.Areas, h.Places(),
			h.Area("floor"), h.Area("x"), areas)
	}
	accompanied, ok := h.CompanionOf(5)
	if !h.Accessible(4) || h.Accessible(5) || !h.RestrictedView(5) || h.RestrictedView(4) || !ok || accompanied != 4 {
		t.Errorf("seats 4 and 5: accessible %t, %t, restricted view %t, %t, companion of %d, %t; want true, false, false, "+
			"true, 4, true", h.Accessible(4), h.Accessible(5), h.RestrictedView(4), h.RestrictedView(5), accompanied, ok)
	}
	if of, ok := h.CompanionOf(4); ok || h.FocalPoint != (PlanPoint{200, 0}) {
		t.Errorf("focal point = %+v, CompanionOf(4) = %d, %t; want 200, 0 and none", h.FocalPoint, of, ok)
	}
}

// TestCompileRefuses: each fault is reported with its path in the file.
func TestCompileRefuses(t *testing.T) {
	for _, test := range []struct {
		change       func(*SeatingPlan)
		path, detail string
	}{
		{func(p *SeatingPlan) { p.Name = " " }, "name", "characters"},
		{func(p *SeatingPlan) { p.Size.Width = 0 }, "size", "width"},
		{func(p *SeatingPlan) { p.Zones = nil }, "zones", "zones"},
		{func(p *SeatingPlan) { p.Zones = p.Zones[1:2] }, "zones", "needs a seat"},
		{func(p *SeatingPlan) { p.Zones = make([]PlanZone, MaxPlanZones+1) }, "zones", "1000"},
		{func(p *SeatingPlan) { p.Categories = nil }, "categories", "1 to 100"},
		{func(p *SeatingPlan) { p.Categories[1].Name = "Parkett" }, "categories.1.name", "categories.0"},
		{func(p *SeatingPlan) { p.Categories[1].Name = "a\tb" }, "categories.1.name", "control"},
		{func(p *SeatingPlan) { p.FocalPoint = &PlanPoint{X: 1e8} }, "focal_point", "coordinates"},
		{func(p *SeatingPlan) { p.Zones[1].Name = "" }, "zones.1", "zone_id or a name"},
		{func(p *SeatingPlan) { p.Zones[1].ZoneID = "a\nb" }, "zones.1", "control character"},
		{func(p *SeatingPlan) { p.Zones[0].Name = "a\x7f" }, "zones.0.name", "control character"},
		{func(p *SeatingPlan) { p.Zones[1].ZoneID = strings.Repeat("z", 65) }, "zones.1", "64 bytes"},
		{func(p *SeatingPlan) { p.Zones[2].ZoneID = "PL" }, "zones.2", `duplicate zone "PL", also at zones.0`},
		{func(p *SeatingPlan) { p.Zones[2].Position.Y = -1e8 }, "zones.2.position", "coordinates"},
		{func(p *SeatingPlan) { p.Zones[0].Rows[1].RowNumber = "" }, "zones.0.rows.1.row_number", "number"},
		{func(p *SeatingPlan) { p.Zones[0].Rows[1].RowNumberPosition = "left" }, "zones.0.rows.1.row_number_position", "both"},
		{func(p *SeatingPlan) { p.Zones[0].Rows[1].Seats[0].SeatNumber = "" }, "zones.0.rows.1.seats.0.seat_number", "number"},
		{func(p *SeatingPlan) { p.Zones[0].Rows[1].Seats[0].SeatNumber = "\u0085" }, "zones.0.rows.1.seats.0", "control"},
		{func(p *SeatingPlan) { p.Zones[0].Rows[1].Seats[0].SeatNumber = strings.Repeat("ä", 31) }, "zones.0.rows.1.seats.0", "64 bytes"},
		{func(p *SeatingPlan) { p.Zones[0].Rows[2].Seats[0].SeatNumber = "2" }, "zones.0.rows.2.seats.0", `"PL-1-2", also at zones.0.rows.0.seats.1`},
		{func(p *SeatingPlan) {
			p.Zones[2].ZoneID, p.Zones[2].Rows[0].RowNumber = "PL-1", "x"
			p.Zones[0].Rows[1].RowNumber = "1-x"
		},
			"zones.2.rows.0", `"PL-1-x", also at zones.0.rows.1`},
		{func(p *SeatingPlan) { p.Zones[2].Rows[0].Seats[1].SeatGUID = "a-3" }, "zones.2.rows.0.seats.1.seat_guid", "zones.0.rows.1.seats.0"},
		{func(p *SeatingPlan) { p.Zones[2].Rows[0].Seats[1].SeatGUID = "" }, "zones.2.rows.0.seats.1.seat_guid", "needs a seat_guid"},
		{func(p *SeatingPlan) { p.Zones[2].Rows[0].Seats[1].Category = "Loge" }, "zones.2.rows.0.seats.1.category", `"Loge"`},
		{func(p *SeatingPlan) { p.Zones[2].Rows[0].Seats[1].CompanionOf = "c" }, "zones.2.rows.0.seats.1.companion_of", `"c"`},
		{func(p *SeatingPlan) { p.Zones[2].Rows[0].Seats[1].CompanionOf = "b-2" }, "zones.2.rows.0.seats.1.companion_of",
			`no other seat has the seat_guid "b-2"`},
		{func(p *SeatingPlan) { p.Zones[3].Areas[0].ID = "" }, "zones.3.areas.0.id", "needs an id"},
		{func(p *SeatingPlan) { p.Zones[3].Areas[0].ID = "a b" }, "zones.3.areas.0.id", "1 to 64"},
		{func(p *SeatingPlan) { p.Zones[1].Areas[0].ID = "floor" }, "zones.3.areas.0.id", "zones.1.areas.0"},
		{func(p *SeatingPlan) { p.Zones[3].Areas[0].Capacity = 0 }, "zones.3.areas.0.capacity", "from 1"},
		{func(p *SeatingPlan) { p.Zones[3].Areas[0].Category = "" }, "zones.3.areas.0.category", "needs a category"},
		{func(p *SeatingPlan) { p.Zones[3].Areas[0].Category = "Loge" }, "zones.3.areas.0.category", `"Loge"`},
		{func(p *SeatingPlan) { p.Zones[3].Areas[0].Shape = "star" }, "zones.3.areas.0.shape", "polygon"},
		{func(p *SeatingPlan) { p.Zones[1].Areas[1].Polygon.Points[1].X = 1e9 }, "zones.1.areas.1", "coordinates"},
		{func(p *SeatingPlan) { p.Zones[0].Rows[0].Seats = make([]PlanSeat, 1) }, "zones.0.rows.0.seats.0.seat_number", "number"},
	} {
		p := smallPlan()
		test.change(p)
		_, err := p.Compile()
		if fault := (*PlanError)(nil); !errors.As(err, &fault) || fault.Path != test.path ||
			!strings.Contains(fault.Detail, test.detail) {
			t.Errorf("Compile: %v, want %s: …%s…", err, test.path, test.detail)
		}
	}
}

// TestPlanText: a plan survives encoding in the complete form, and the form of pretix has only its members.
func TestPlanText(t *testing.T) {
	p := smallPlan()
	text := AppendPlan(nil, p, PlanComplete)
	read, err := ParsePlan(text)
	if err != nil {
		t.Fatalf("ParsePlan(%s): %v", text, err)
	}
	p.ID, p.Zones[0].Rows[2].RowGUID = "", ""
	p.Zones[0].Rows[3].Seats = []PlanSeat{}
	if !reflect.DeepEqual(read, p) {
		t.Errorf("ParsePlan = %+v, want %+v", read, p)
	}
	if again := AppendPlan(nil, read, PlanComplete); string(again) != string(text) {
		t.Errorf("AppendPlan of the parsed plan = %s, want %s", again, text)
	}
	for _, bad := range []string{"", "null", "[]", `{"name":1}`, string(text) + "x", `{"colour":"x"}`,
		`{"zones":[` + strings.Repeat("{},", 2*MaxPlanObjects) + "{}]}"} {
		if _, err := ParsePlan([]byte(bad)); !errors.Is(err, ErrPlanText) {
			t.Errorf("ParsePlan(%.20q): %v, want %v", bad, err, ErrPlanText)
		}
	}
	pretix := string(AppendPlan(nil, p, PlanPretix))
	for _, ours := range []string{"focal_point", "accessible", "companion_of", "restricted_view", `"id"`, "capacity"} {
		if strings.Contains(pretix, ours) {
			t.Errorf("the form of pretix contains %s, want only members of its schema: %s", ours, pretix)
		}
	}
}

// TestLargestPlan: a plan with the largest number of seats is compiled, and one more seat is refused.
func TestLargestPlan(t *testing.T) {
	p := smallPlan()
	p.Zones = []PlanZone{{Name: "A"}}
	for i := range MaxPlanSeats {
		if i%100 == 0 {
			p.Zones[0].Rows = append(p.Zones[0].Rows, PlanRow{RowNumber: fmt.Sprint(i / 100)})
		}
		row := &p.Zones[0].Rows[i/100]
		row.Seats = append(row.Seats, PlanSeat{SeatGUID: fmt.Sprint(i), SeatNumber: fmt.Sprint(i % 100), Category: "Rang"})
	}
	h := compiled(t, p)
	for seat := range SeatIndex(h.Seats()) {
		if found, ok := h.Find(h.Name(seat)); !ok || found != seat {
			t.Fatalf("Find(%s) = %d, %t; want %d", h.Name(seat), found, ok, seat)
		}
	}
	last := &p.Zones[0].Rows[len(p.Zones[0].Rows)-1]
	last.Seats = append(last.Seats, PlanSeat{SeatGUID: "more", SeatNumber: "more", Category: "Rang"})
	if _, err := p.Compile(); err == nil || !strings.Contains(err.Error(), "at most 100000 seats") {
		t.Errorf("Compile with one more seat: %v, want an error with the limit", err)
	}
}

// TestPlanTooLarge: braces in strings and members that are null do not count; nulls in an array do, because a seat
// that is null takes as much memory as any other.
func TestPlanTooLarge(t *testing.T) {
	for text, want := range map[string]bool{
		strings.Repeat("{}", MaxPlanObjects):                                false,
		strings.Repeat("{}", MaxPlanObjects+1):                              true,
		`"` + strings.Repeat(`{\"`, 500_000) + `"`:                          false,
		`"\\"` + strings.Repeat("{", MaxPlanObjects+1):                      true,
		strings.Repeat(`{"row_label": null, "n":"n"}`, MaxPlanObjects):      false,
		`{"seats": [` + strings.Repeat(" null,", MaxPlanObjects) + `null]}`: true,
	} {
		if got := PlanTooLarge([]byte(text)); got != want {
			t.Errorf("PlanTooLarge(%.10q…) of %d bytes = %t, want %t", text, len(text), got, want)
		}
	}
}

func FuzzCompile(f *testing.F) {
	f.Add(AppendPlan(nil, smallPlan(), PlanComplete))
	f.Fuzz(func(t *testing.T, text []byte) {
		p, err := ParsePlan(text)
		if err != nil {
			return
		}
		h, err := p.Compile()
		if err != nil {
			return
		}
		for seat := range SeatIndex(h.Seats()) {
			if found, ok := h.Find(h.Name(seat)); !ok || found != seat || len(h.Name(seat)) > MaxSeatName {
				t.Fatalf("Find(%s) = %d, %t; want %d", h.Name(seat), found, ok, seat)
			}
		}
		written := AppendPlan(nil, p, PlanComplete)
		again, err := ParsePlan(written)
		if err != nil || string(AppendPlan(nil, again, PlanComplete)) != string(written) {
			t.Fatalf("the encoded plan can't be parsed (%v), or its encoding differs: %s", err, written)
		}
	})
}
