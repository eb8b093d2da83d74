package plandraft

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"admitone/events"
)

const opera = `{"name":"Opera","categories":[{"name":"Stalls","color":"#0072b2"},{"name":"Front","color":"#d55e00"}],
	"stage":{"width":16,"depth":4},"blocks":[{"zone":"S","name":"Stalls","category":"Stalls","y":4,"radius":18,
	"rows":28,"seats":[19,20,21,22],"first_row":"A","numbers":"odd_left_even_right","aisles":[0.5],
	"wheelchairs":{"AB":3},"row_categories":{"A":"Front"},"restricted_view":1}]}`

const block = `{"name":"Block 12","categories":[{"name":"Tier","color":"#0072b2"}],"stage":{"width":20,"depth":6},
	"blocks":[{"zone":"12","category":"Tier","y":10,"seats":[28,25,20],"numbers":"from_right","aisles":[0.25,0.75]}]}`

const arena = `{"name":"Arena","categories":[{"name":"Tier","color":"#0072b2"},{"name":"Floor","color":"#e69f00"}],
	"stage":{"width":30,"depth":8},"blocks":[{"zone":"N","category":"Tier","y":30,"rows":10,"seats":[30],"radius":60},
	{"zone":"E","category":"Tier","y":30,"rows":10,"seats":[30],"angle":-75,"numbers":"odd"},
	{"zone":"W","category":"Tier","y":30,"rows":10,"seats":[30],"angle":75,"first_row":"11","numbers":"even"}],
	"floors":[{"id":"floor","name":"Floor","category":"Floor","capacity":5000,"y":3,"width":30,"depth":20}]}`

func generateHall(t *testing.T, text string) *events.Hall {
	t.Helper()
	draft, err := Parse([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	plan, hall, err := draft.Plan()
	if err != nil {
		t.Fatal(err)
	}
	// The encoded plan can be read and compiled too.
	decoded, err := events.ParsePlan(events.AppendPlan(nil, plan, events.PlanComplete))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := decoded.Compile(); err != nil {
		t.Fatal(err)
	}
	return hall
}

// rowTexts returns a line for each row of a hall: its name and its seat numbers, with | for a gap.
func rowTexts(hall *events.Hall) (rows []string) {
	for _, row := range hall.Rows() {
		var text strings.Builder
		fmt.Fprintf(&text, "%s-%s:", hall.Sections()[row.Section].ID, row.Number)
		for seat := row.First; seat < row.End; seat++ {
			name := string(hall.Name(seat))
			text.WriteString(" " + name[strings.LastIndex(name, "-")+1:])
			if seat+1 < row.End && !hall.Joined(seat) {
				text.WriteString(" |")
			}
		}
		rows = append(rows, text.String())
	}
	return rows
}

// TestPlan: the names, gaps and counts of a plan match the description.
func TestPlan(t *testing.T) {
	for name, c := range map[string]struct {
		draft               string
		rows, seats, places int
		has                 []string
	}{
		"split curved rows with letters": {opera, 28, 19 + 20 + 21 + 25*22, 0, []string{
			"S-A: 19 17 15 13 11 9 7 5 3 1 | 2 4 6 8 10 12 14 16 18",
			"S-B: 19 17 15 13 11 9 7 5 3 1 | 2 4 6 8 10 12 14 16 18 20",
			"S-Z: 21 19 17 15 13 11 9 7 5 3 1 | 2 4 6 8 10 12 14 16 18 20 22",
			"S-AB: 21 19 17 15 13 11 9 7 5 3 1 | 2 4 6 8 10 12 14 16 18 20 22"}},
		"rows of 28, 25 and 20": {block, 3, 73, 0, []string{
			"12-1: 28 27 26 25 24 23 22 | 21 20 19 18 17 16 15 14 13 12 11 10 9 8 | 7 6 5 4 3 2 1",
			"12-2: 25 24 23 22 21 20 | 19 18 17 16 15 14 13 12 11 10 9 8 7 | 6 5 4 3 2 1",
			"12-3: 20 19 18 17 16 | 15 14 13 12 11 10 9 8 7 6 | 5 4 3 2 1"}},
		"an arena with a floor": {arena, 30, 900, 5000, []string{
			"N-10: 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29 30",
			"E-1: 1 3 5 7 9 11 13 15 17 19 21 23 25 27 29 31 33 35 37 39 41 43 45 47 49 51 53 55 57 59",
			"W-20: 2 4 6 8 10 12 14 16 18 20 22 24 26 28 30 32 34 36 38 40 42 44 46 48 50 52 54 56 58 60"}},
	} {
		t.Run(name, func(t *testing.T) {
			hall := generateHall(t, c.draft)
			rows := rowTexts(hall)
			if len(rows) != c.rows || hall.Seats() != c.seats || hall.Places() != int64(c.places) {
				t.Errorf("%d rows, %d seats, %d places; want %d, %d, %d", len(rows), hall.Seats(), hall.Places(), c.rows, c.seats,
					c.places)
			}
			for _, want := range c.has {
				if !slices.Contains(rows, want) {
					t.Errorf("no row %q in\n%s", want, strings.Join(rows, "\n"))
				}
			}
			for seat := range events.SeatIndex(hall.Seats()) {
				at := hall.Position(seat)
				if at.X < 0 || at.Y < 0 || at.X > float64(hall.Size.Width) || at.Y > float64(hall.Size.Height) {
					t.Fatalf("%s is at %v; want a position within the size %v", hall.Name(seat), at, hall.Size)
				}
			}
		})
	}
}

// TestSeatAttributes: the seats of a plan have the described wheelchair places, companions, restricted views,
// categories and curve.
func TestSeatAttributes(t *testing.T) {
	hall := generateHall(t, opera)
	var wheelchairs, companions []string
	for seat := range events.SeatIndex(hall.Seats()) {
		if hall.Accessible(seat) {
			wheelchairs = append(wheelchairs, string(hall.Name(seat)))
		}
		if of, ok := hall.CompanionOf(seat); ok {
			companions = append(companions, string(hall.Name(seat)+" of "+hall.Name(of)))
		}
	}
	want := "[S-AB-21 S-AB-17 S-AB-22] [S-AB-19 of S-AB-21 S-AB-15 of S-AB-17 S-AB-20 of S-AB-22]"
	if got := fmt.Sprint(wheelchairs, companions); got != want {
		t.Errorf("wheelchairs and companions = %s, want %s", got, want)
	}
	at := func(name events.SeatName) events.PlanPoint { seat, _ := hall.Find(name); return hall.Position(seat) }
	if middle, end := at("S-C-1"), at("S-C-21"); middle.Y <= end.Y {
		t.Errorf("a row around the stage has its middle at %v and its end at %v; want the middle farther away", middle, end)
	}
	for name, want := range map[events.SeatName]string{"S-A-1": "Front false", "S-B-1": "Stalls false", "S-C-20": "Stalls true"} {
		seat, _ := hall.Find(name)
		if got := fmt.Sprint(hall.Categories[hall.Category(seat)].Name, " ", hall.RestrictedView(seat)); got != want {
			t.Errorf("%s: %s, want %s", name, got, want)
		}
	}
}

// TestFaults: the error for an invalid description names the fault.
func TestFaults(t *testing.T) {
	for text, want := range map[string]string{
		"":                                      "invalid description",
		block + "{}":                            "after its JSON object",
		`{"nane":"x"}`:                          `unknown field "nane"`,
		`{"name":"x"}`:                          "size",
		blockWith(`"seats":[]`):                 `block "A": seats is missing`,
		blockWith(`"seats":[0]`):                "a row has 1 to 1000 seats",
		blockWith(`"seats":[1001]`):             "a row has 1 to 1000 seats",
		blockWith(`"rows":1001`):                "a block has 1 to 1000 rows",
		blockWith(`"rows":-1`):                  "a block has 1 to 1000 rows",
		blockWith(`"x":1e9`):                    "at most 10000 seats",
		blockWith(`"radius":-1`):                "at most 10000 seats",
		blockWith(`"numbers":"odd "`):           "numbers is from_right, odd_left_even_right, odd, even, or left out",
		blockWith(`"aisles":[1]`):               "aisles are shares of a row, between 0 and 1",
		blockWith(`"first_row":"b"`):            "first_row is a number or a letter from A to Z",
		blockWith(`"first_row":"1x"`):           "first_row is a number or a letter",
		blockWith(`"category":"B"`):             `the plan has no category "B"`,
		blockWith(`"rows":1000,"seats":[1000]`): "a hall has at most 100000 seats",
		blockWith(`"wheelchairs":{"9":1}`):      `wheelchairs: there is no row "9"`,
		blockWith(`"wheelchairs":{"1":3}`):      "row 1 has 5 seats",
		blockWith(`"row_categories":{"9":"A"}`): `row_categories: there is no row "9"`,
		blockWith(`"restricted_view":-1`):       "restricted_view is the number",
		`{"name":"x","floors":[{"id":"f"}]}`:    `floor "f": it needs a width and a depth, or a radius`,
		`{"name":"x","floors":[{"id":"f","width":1,"depth":99999999}]}`:           "at most 10000 seats",
		`{"name":"x","stage":{"width":99999999,"depth":1},"blocks":[]}`:           "at most 10000 seats",
		`{"name":"x","blocks":[` + strings.Repeat(`{"seats":[1]},`, 500) + `{}]}`: "at most 500 blocks and floors",
	} {
		draft, err := Parse([]byte(text))
		if err == nil {
			_, _, err = draft.Plan()
		}
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.80s: %v, want %s", text, err, want)
		}
	}
}

// blockWith returns a hall of one block of 2 rows of 5, with additional members.
func blockWith(members string) string {
	return `{"name":"Hall","categories":[{"name":"A"}],"blocks":[{"zone":"A","category":"A","rows":2,"seats":[5],` + members + `}]}`
}
