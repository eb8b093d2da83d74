package planfile

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"admitone/events"
)

const seats = "zone,row,number,x,y,category\nA,1,1,-10,5,Stalls\nB,1,1,20,50,Balcony\nA,2,1,0,15.5,Stalls\nA,1,2b,10,5,Stalls\n"

// TestReadCSV: rows and seats have the order of the file, and the positions and colors of a plan.
func TestReadCSV(t *testing.T) {
	plan, hall, faults := ReadCSV([]byte("\xef\xbb\xbf"+strings.ReplaceAll(seats, "\n", "\r\n")), "Parlour")
	if faults != nil {
		t.Fatalf("%v; want no faults", faults)
	}
	var got []string
	for seat := range events.SeatIndex(hall.Seats()) {
		got = append(got, fmt.Sprint(hall.Name(seat), " ", hall.Position(seat), " ", hall.Category(seat)))
	}
	want := []string{"A-1-1 {0 5} 0", "A-1-2b {20 5} 0", "A-2-1 {10 15.5} 0", "B-1-1 {30 50} 1"}
	if !slices.Equal(got, want) || hall.DisplayName != "Parlour" || hall.Size != (events.PlanSize{Width: 30, Height: 55}) {
		t.Errorf("%q in %q with size %+v; want %q in \"Parlour\" with size {30 55}", got, hall.DisplayName, hall.Size, want)
	}
	if len(plan.Categories) != 2 || plan.Categories[0].Color != palette[0] || plan.Categories[1].Color != palette[1] {
		t.Errorf("categories = %+v; want two with the first colors of the palette, %q", plan.Categories, palette[:2])
	}
	if !IsCSV("x", []byte(seats)) || !IsCSV("x.CSV", []byte("{}")) || IsCSV("x", []byte("\xef\xbb\xbf\n{}")) || IsCSV("a.json", nil) {
		t.Error("IsCSV misclassifies a file")
	}
}

// TestFaultsOfCSV: each fault names its line.
func TestFaultsOfCSV(t *testing.T) {
	const begin = header + "\nA,1,1,0,0,S\n"
	many, wide := strings.Builder{}, strings.Builder{}
	many.WriteString(header + "\n")
	for i := range events.MaxPlanSeats + 1 {
		fmt.Fprintf(&many, "A,%d,%d,%d,%d,S\n", i/100, i%100, i%100, i/100)
	}
	wide.WriteString(header + "\n")
	for i := range events.MaxPlanZones + 1 {
		fmt.Fprintf(&wide, "Z%d,1,1,0,0,S\n", i)
	}
	for text, want := range map[string][]string{
		"":                                  {"line 1: expected the header " + header},
		"A,1,1,0,0,S\n":                     {"line 1: expected the header"},
		strings.ReplaceAll(begin, ",", ";"): {"line 1: expected the header"},
		header + "\n":                       {"line 1: no seat follows"},
		begin + "A,1,2,0,0\nA,1,3,0,0,S,\n,1,4,0,0,S\n": {
			"line 3: expected 6 fields (" + header + "), got 5", "line 4: expected 6 fields",
			"line 5: missing zone"},
		begin + "A,1,2,left,0,S\nA,1,2,0,NaN,S\nA,1,2,0x1p3,0,S\nA,1,2,1e9,0,S\nA,1,2,\"1,5\",0,S\n": {
			"line 3: x must be a number", `line 4: y must be a number from -10000000 to 10000000, got "NaN"`,
			"line 5: x must", "line 6: x must", `line 7: x must be a number from -10000000 to 10000000, got "1,5"`},
		begin + "\nA,1,2,0,0,S\nA,1,1,5,5,S\n":       {`line 5: duplicate seat "A-1-1", first on line 2`},
		begin + "A-1,2,1,0,0,S\nA,1-2,2,0,0,S\n":     {`line 3: duplicate row "A-1-2", also at line 4`},
		begin + "A,1,\"2\n\",0,0,S\n":                {"line 3: the seat's name"},
		begin + "A,1,2,0,0,S\nS\xfcd,1,3,0,0,\xff\n": {"line 4: the zone is not UTF-8"},
		begin + "A,1,2,0,0,S\nA,1,3,0,0,\xff\n":      {"line 4: the category is not UTF-8"},
		begin + "A\u202e\t,1,2,0,0,S\n":              {"line 3: the zone_id of a zone"},
		begin + "A,1,\"2,0,0,S\n":                    {"line 3: "},
		begin + "A,1,2\"3,0,0,S\n":                   {`line 3: bare "`},
		begin + strings.Repeat("A,1,x\n", 100):       slices.Repeat([]string{"expected 6 fields"}, maxFaults),
		many.String():                                {"line 100002: a plan has at most 100000 seats"},
		wide.String():                                {"zones: a plan has 1 to 1000 zones"},
		begin + strings.Repeat(" ", MaxBytes):        {"the file is larger than 32 MiB"},
		header + "\nA,1,1,-9e6,0,S\nA,1,2,9e6,0,S\n": {"size: a plan needs"},
	} {
		_, hall, faults := ReadCSV([]byte(text), "Hall")
		if hall != nil || len(faults) != len(want) {
			t.Errorf("%.60q: %v, want %q", text, faults, want)
			continue
		}
		for i, fault := range faults {
			if !strings.Contains(fault.String(), want[i]) {
				t.Errorf("%.60q: %s, want %s", text, fault, want[i])
			}
		}
	}
}

// TestReadJSON: a fault names its path, and prints as one line.
func TestReadJSON(t *testing.T) {
	plan, hall, faults := ReadCSV([]byte(seats), "Parlour")
	if faults != nil {
		t.Fatalf("%v; want no faults", faults)
	}
	text, faults := Body(plan, "parlour")
	decoded, decodedHall, readFaults := ReadJSON(text)
	if faults != nil || readFaults != nil || decoded.ID != "parlour" || decodedHall.Seats() != hall.Seats() {
		t.Errorf("Body: %v, ReadJSON: %v, of %s; want no faults and the same plan", faults, readFaults, text)
	}
	for change, want := range map[[2]string]string{
		{`"Balcony"}`, `"Circle"}`}:   `zones.1.rows.0.seats.0.category: the plan has no category "Circle"`,
		{`"parlour"`, `"par lour"`}:   "id: 1 to 64",
		{`"zones"`, `"zo\u001b[nes"`}: "unknown field",
		{`"zones":`, `"zones"`}:       "the file is not valid JSON, from byte",
	} {
		_, _, faults := ReadJSON([]byte(strings.Replace(string(text), change[0], change[1], 1)))
		if len(faults) != 1 || !strings.Contains(faults[0].String(), want) || strings.ContainsAny(faults[0].String(), "\x1b\n") {
			t.Errorf("%q: %v, want %s", change, faults, want)
		}
	}
	if _, _, faults := ReadJSON([]byte(string(text) + strings.Repeat(" ", MaxBytes))); len(faults) != 1 {
		t.Errorf("ReadJSON of more than 32 MiB: %v; want one fault", faults)
	}
	for i := range plan.Zones {
		for j := range plan.Zones[i].Rows {
			plan.Zones[i].Rows[j].UUID = strings.Repeat("u", MaxBytes/4)
		}
	}
	if _, faults := Body(plan, ""); len(faults) != 0 {
		t.Error("Body refused a plan of 24 MiB")
	}
	plan.Zones[0].UUID = strings.Repeat("u", MaxBytes/4)
	if _, faults := Body(plan, ""); len(faults) != 1 {
		t.Error("Body accepted a plan of more than 32 MiB")
	}
}

func FuzzReadCSV(f *testing.F) {
	f.Add(seats)
	f.Add(header + "\nA,1,\"2\n\",0,0,S\n")
	f.Fuzz(func(t *testing.T, text string) {
		plan, hall, faults := ReadCSV([]byte(text), "Hall")
		if (hall == nil) == (faults == nil) || len(faults) > maxFaults {
			t.Fatalf("ReadCSV: %v, and a hall: %t", faults, hall != nil)
		}
		if hall == nil {
			return
		}
		sent, faults := Body(plan, "")
		if _, again, others := ReadJSON(sent); faults != nil || others != nil || again.Seats() != hall.Seats() {
			t.Fatalf("Body: %v, %v: %s", faults, others, sent)
		}
	})
}

func FuzzReadJSON(f *testing.F) {
	plan, _, _ := ReadCSV([]byte(seats), "Parlour")
	text, _ := Body(plan, "parlour")
	f.Add(string(text))
	f.Add(strings.Replace(string(text), `"rows":[`, `"areas":[{"id":"floor","capacity":9,"category":"Stalls","shape":"polygon",
		"polygon":{"points":[{"x":1e7,"y":-0}]}}],"rows":[null,`, 1))
	f.Fuzz(func(t *testing.T, text string) {
		plan, hall, faults := ReadJSON([]byte(text))
		if (hall == nil) != (len(faults) == 1) || hall == nil && faults[0].Detail == "" {
			t.Fatalf("ReadJSON: %v, and a hall: %t", faults, hall != nil)
		}
		if hall == nil {
			return
		}
		stored, faults := Body(plan, plan.ID)
		_, again, others := ReadJSON(stored)
		if faults != nil || others != nil || again.Seats() != hall.Seats() || again.Places() != hall.Places() {
			t.Fatalf("Body: %v, %v: %s", faults, others, stored)
		}
		for seat := range events.SeatIndex(hall.Seats()) {
			if again.Name(seat) != hall.Name(seat) || again.Position(seat) != hall.Position(seat) {
				t.Fatalf("seat %s at %v is %s at %v after Body and ReadJSON", hall.Name(seat), hall.Position(seat),
					again.Name(seat), again.Position(seat))
			}
		}
	})
}
