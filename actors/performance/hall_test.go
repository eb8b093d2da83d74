package performance

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"admitone/events"
)

// hallRow is a row of a hall in tests.
type hallRow struct {
	// x, y is the position of the first seat.
	x, y float64
	// seats has a letter for each seat: . free, x taken, w wheelchair place, c companion seat of the wheelchair place
	// before it, b free and of the second category. A blank is an aisle.
	seats string
	// number of the row, 0 for its position in the zone. Rows with the same number are parts of one row.
	number int
	// curve is added to y from seat to seat, and bend to curve.
	curve, bend float64
}

// plotHall returns a map of a hall with zones of rows, whose seats are ten units apart.
func plotHall(t interface{ Fatal(...any) }, focal events.PlanPoint, zones ...[]hallRow) *HallMap {
	plan := &events.SeatingPlan{Name: "Hall", Size: events.PlanSize{Width: 100, Height: 100}, FocalPoint: &focal,
		Categories: []events.PriceCategory{{Name: "a"}, {Name: "b"}}}
	var taken []events.SeatName
	for z, rows := range zones {
		zone := events.PlanZone{ZoneID: string(rune('A' + z))}
		for r, rowSpec := range rows {
			row, place, y := events.PlanRow{RowNumber: fmt.Sprint(r + 1)}, "", rowSpec.y
			if rowSpec.number > 0 {
				row.RowNumber = fmt.Sprint(rowSpec.number)
			}
			for i, letter := range rowSpec.seats {
				y += rowSpec.curve + rowSpec.bend*float64(i)
				if letter == ' ' {
					continue
				}
				s := events.PlanSeat{SeatGUID: fmt.Sprint(z, r, i), SeatNumber: fmt.Sprint(i + 1), Category: "a",
					Position: events.PlanPoint{X: rowSpec.x + 10*float64(i), Y: y}}
				if rowSpec.number > 0 {
					s.SeatNumber = fmt.Sprint(r+1, ".", i+1)
				}
				switch letter {
				case 'w':
					s.Accessible, place = true, s.SeatGUID
				case 'c':
					s.CompanionOf = place
				case 'b':
					s.Category = "b"
				}
				row.Seats = append(row.Seats, s)
				if letter == 'x' {
					taken = append(taken, events.SeatName(fmt.Sprint(zone.ZoneID, "-", row.RowNumber, "-", s.SeatNumber)))
				}
			}
			zone.Rows = append(zone.Rows, row)
		}
		plan.Zones = append(plan.Zones, zone)
	}
	hall, err := plan.Compile()
	if err != nil {
		t.Fatal(err)
	}
	m := HallMapOf(hall, make([]byte, hall.Seats()))
	for _, name := range taken {
		seat, _ := hall.Find(name)
		m.taken[seat] = 1
	}
	return m
}

func TestBestOfAHall(t *testing.T) {
	for _, test := range []struct {
		name  string
		w     Criteria
		want  []events.SeatName
		zones [][]hallRow
	}{
		{"nearest to the focal point, not the first in the plan", Criteria{Quantity: 2},
			[]events.SeatName{"A-2-2", "A-2-3"}, [][]hallRow{{{y: 90, seats: "..."}, {y: 10, seats: "x.."},
				{y: 50, seats: "...."}}}},
		{"the middle of a row", Criteria{Quantity: 1}, []events.SeatName{"A-1-6"},
			[][]hallRow{{{y: 50, seats: "..........."}}}},
		{"not across an aisle", Criteria{Quantity: 3}, []events.SeatName{"A-2-5", "A-2-6", "A-2-7"},
			[][]hallRow{{{x: 20, y: 10, seats: ".. .. ..x.."}, {y: 90, seats: "... ..."}}}},
		{"no single seat left, even farther away", Criteria{Quantity: 2}, []events.SeatName{"A-2-1", "A-2-2"},
			[][]hallRow{{{x: 40, y: 0, seats: "..."}, {y: 90, seats: ".."}}}},
		{"the first in the plan of equal choices", Criteria{Quantity: 2}, []events.SeatName{"A-1-1", "A-1-2"},
			[][]hallRow{{{y: 50, seats: ".."}, {y: 50, seats: ".."}}}},
		{"one category", Criteria{Quantity: 2, Categories: []bool{false, true}}, []events.SeatName{"A-2-3", "A-2-4"},
			[][]hallRow{{{x: 40, y: 0, seats: "...."}, {x: 40, y: 60, seats: "..bb"}}}},
		{"one section", Criteria{Quantity: 2, Section: 1}, []events.SeatName{"B-1-1", "B-1-2"},
			[][]hallRow{{{x: 40, y: 0, seats: "...."}}, {{x: 40, y: 60, seats: ".."}}}},
		{"no wheelchair place unless requested", Criteria{Quantity: 2}, []events.SeatName{"A-2-1", "A-2-2"},
			[][]hallRow{{{x: 40, y: 0, seats: "wcwc"}, {x: 40, y: 90, seats: ".."}}}},
		{"a free seat next to a wheelchair place counts as single", Criteria{Quantity: 2}, []events.SeatName{"A-2-1", "A-2-2"},
			[][]hallRow{{{x: 40, y: 0, seats: "wc..."}, {x: 40, y: 90, seats: ".."}}}},
		{"a wheelchair place with its companion seat", Criteria{Quantity: 2, Accessible: true}, []events.SeatName{"A-1-3", "A-1-4"},
			[][]hallRow{{{x: 30, y: 0, seats: "xxwc"}, {y: 90, seats: "wc.."}}}},
		{"no companion seat without its wheelchair place", Criteria{Quantity: 1, Accessible: true}, []events.SeatName{"A-1-1"},
			[][]hallRow{{{x: 30, y: 0, seats: "wc"}}}},
		{"apart in the fewest groups, near each other", Criteria{Quantity: 4}, []events.SeatName{"A-1-1", "A-2-1", "A-2-2", "A-2-3"},
			[][]hallRow{{{x: 30, y: 0, seats: ".x.x."}, {y: 90, seats: "...xx"}}}},
		{"apart without a single seat", Criteria{Quantity: 4}, []events.SeatName{"A-1-1", "A-1-2", "A-2-1", "A-2-2"},
			[][]hallRow{{{x: 30, y: 0, seats: "..x"}, {y: 70, seats: "..x"}, {y: 90, seats: "...x"}}}},
		{"apart with a wheelchair place", Criteria{Quantity: 3, Accessible: true},
			[]events.SeatName{"A-1-1", "A-1-2", "A-2-2"},
			[][]hallRow{{{x: 30, y: 0, seats: "wcx"}, {y: 90, seats: "x.xxw"}}}},
		{"too few", Criteria{Quantity: 3}, nil, [][]hallRow{{{x: 30, y: 0, seats: "wcx.."}}}},
		{"no wheelchair place", Criteria{Quantity: 1, Accessible: true}, nil, [][]hallRow{{{x: 30, y: 0, seats: "..."}}}},
	} {
		t.Run(test.name, func(t *testing.T) {
			m, w := plotHall(t, events.PlanPoint{X: 50}, test.zones...), test.w
			if len(test.zones) == 1 {
				w.Section = AnySection
			}
			seats, ok := m.Best(w)
			var got []events.SeatName
			for _, seat := range seats {
				got = append(got, m.hall.Name(seat))
			}
			if !slices.Equal(got, test.want) || ok != (test.want != nil) || ok != (m.Remaining(w) >= w.Quantity) {
				t.Errorf("got %q, %t with %d remaining; want %q", got, ok, m.Remaining(w), test.want)
			}
		})
	}
}

// drawHall draws a hall with straight and curved rows, some of them in several parts. Its coordinates are
// integers, so that distances are exact.
func drawHall(t *rapid.T) *HallMap {
	var zones [][]hallRow
	for range rapid.IntRange(1, 2).Draw(t, "zones") {
		var rows []hallRow
		split := rapid.Bool().Draw(t, "split")
		for range rapid.IntRange(1, 3).Draw(t, "rows") {
			x, y := rapid.IntRange(-3, 9).Draw(t, "x"), rapid.IntRange(-1, 9).Draw(t, "y")
			row := hallRow{x: float64(10 * x), y: float64(10 * y),
				seats: "." + rapid.StringOfN(rapid.SampledFrom([]rune("......xxxb wc")), 0, 7, -1).Draw(t, "seats")}
			if rapid.Bool().Draw(t, "curved") {
				row.curve = float64(rapid.IntRange(-12, 12).Draw(t, "curve"))
				row.bend = float64(rapid.IntRange(-3, 3).Draw(t, "bend"))
			}
			if split {
				row.number = rapid.IntRange(1, 2).Draw(t, "number")
			}
			rows = append(rows, row)
		}
		for i := range rows { // a companion seat needs a wheelchair place before it in its row
			for j, letter := range rows[i].seats {
				if letter == 'c' && !slices.Contains([]byte(rows[i].seats[:j]), 'w') {
					rows[i].seats = rows[i].seats[:j] + "." + rows[i].seats[j+1:]
				}
			}
		}
		zones = append(zones, rows)
	}
	return plotHall(t, events.PlanPoint{X: float64(rapid.IntRange(0, 10).Draw(t, "focal") * 5)}, zones...)
}

// isJoined reports whether a seat and the next one are neighbours, according to their positions.
func isJoined(m *HallMap, seat Seat) bool {
	row := m.hall.Rows()[m.hall.RowOf(seat)]
	if seat+1 >= row.End {
		return false
	}
	var all []float64
	between := func(s Seat) float64 {
		a, b := m.hall.Position(s), m.hall.Position(s+1)
		return math.Hypot(a.X-b.X, a.Y-b.Y)
	}
	for s := row.First; s < row.End-1; s++ {
		all = append(all, between(s))
	}
	slices.Sort(all)
	return between(seat) <= (1.5+1e-4)*(all[len(all)/2]+all[(len(all)-1)/2])/2 // coordinates may be rounded
}

// hallQuality returns the criteria of a choice in order of precedence; less is better: its groups, the single
// seats that it leaves and, if it is together, the distance of its mean position and its first seat.
func hallQuality(m *HallMap, chosen []Seat, w Criteria) [4]float64 {
	var q [4]float64
	x, y := 0.0, 0.0
	is := func(s Seat) bool { return slices.Contains(chosen, s) }
	open := func(s Seat) bool { return m.taken[s] == 0 && !is(s) && (w.Accessible || !m.hall.Reserved(s)) }
	for i, seat := range chosen {
		x, y = x+m.hall.Position(seat).X, y+m.hall.Position(seat).Y
		if i == 0 || chosen[i-1] != seat-1 || !isJoined(m, seat-1) {
			q[0]++
		}
	}
	for seat := range Seat(m.hall.Seats()) {
		left, right := seat > 0 && isJoined(m, seat-1), isJoined(m, seat)
		if open(seat) && (left && is(seat-1) || right && is(seat+1)) && !(left && open(seat-1)) && !(right && open(seat+1)) {
			q[1]++
		}
	}
	n := float64(len(chosen))
	x, y = x-n*m.hall.FocalPoint.X, y-n*m.hall.FocalPoint.Y
	if q[2], q[3] = x*x+y*y, float64(chosen[0]); q[0] > 1 {
		q[2], q[3] = 0, 0
	}
	return q
}

// TestBestOfRandomHalls compares Best with all possible choices.
func TestBestOfRandomHalls(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := drawHall(t)
		w := Criteria{Quantity: rapid.IntRange(1, 5).Draw(t, "n"),
			Section:    rapid.IntRange(AnySection, len(m.hall.Sections())-1).Draw(t, "section"),
			Accessible: rapid.IntRange(0, 3).Draw(t, "accessible") == 0}
		if rapid.IntRange(0, 3).Draw(t, "category") == 0 {
			w.Categories = []bool{false, true}
		}
		var free []Seat
		from, to := m.span(w.Section)
		for seat := from; seat < to; seat++ {
			reserved := m.hall.Accessible(seat)
			if _, companion := m.hall.CompanionOf(seat); companion {
				reserved = true
			}
			wanted := w.Categories == nil || w.Categories[m.hall.Category(seat)]
			if m.taken[seat] == 0 && (w.Accessible || !reserved) && wanted {
				free = append(free, seat)
			}
		}
		if len(free) > 20 { // leave few enough to try all choices
			for _, seat := range free[20:] {
				m.taken[seat] = 1
			}
			free = free[:20]
		}
		var best []Seat
		var least [4]float64
		choices(free, w.Quantity, nil, func(chosen []Seat) {
			accessible := false
			for _, seat := range chosen {
				of, companion := m.hall.CompanionOf(seat)
				accessible = accessible || m.hall.Accessible(seat)
				if companion && !slices.Contains(chosen, of) {
					return
				}
			}
			if w.Accessible && !accessible {
				return
			}
			if q := hallQuality(m, chosen, w); best == nil || slices.Compare(q[:], least[:]) < 0 {
				best, least = slices.Clone(chosen), q
			}
		})
		got, ok := m.Best(w)
		if ok != (best != nil) || ok != (m.Remaining(w) >= w.Quantity) {
			t.Fatalf("%+v: got %v, %t with %d remaining; want %v", w, got, ok, m.Remaining(w), best)
		}
		if !ok {
			return
		}
		q := hallQuality(m, got, w)
		if least[0] > 1 && (w.Accessible || w.Categories != nil) {
			least, q = [4]float64{min(2, least[0])}, [4]float64{min(2, q[0])} // the rules define no more in this case
		}
		if q != least || len(got) != w.Quantity || !slices.IsSorted(got) {
			t.Fatalf("%+v: got %v %v, want %v %v", w, got, q, best, least)
		}
		for _, seat := range got {
			if !slices.Contains(free, seat) {
				t.Fatalf("%+v: got seat %d in %v, want free seats that satisfy the criteria", w, seat, got)
			}
		}
	})
}

// TestAlternativesInRandomHalls checks that alternatives are free, disjoint, and together except the last.
func TestAlternativesInRandomHalls(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := drawHall(t)
		n := min(rapid.IntRange(1, 4).Draw(t, "n"), m.hall.Seats())
		wanted := seatsFrom(Seat(rapid.IntRange(0, m.hall.Seats()-n).Draw(t, "from")), n)
		before, seen := slices.Clone(m.taken), map[Seat]bool{}
		got := m.Alternatives(wanted, 3, nil)
		if !slices.Equal(before, m.taken) || len(got) > 3 {
			t.Fatalf("got choices %v, map %v; want at most 3, %v", got, m.taken, before)
		}
		w := Criteria{Quantity: n, Section: AnySection,
			Accessible: slices.ContainsFunc(wanted, m.hall.Accessible)}
		if len(got) == 0 && m.Remaining(w) >= n {
			t.Fatalf("alternatives to %v of %v: got none, want some", wanted, m.taken)
		}
		for i, choice := range got {
			if len(choice) != n || !slices.IsSorted(choice) || i < len(got)-1 && hallQuality(m, choice, w)[0] > 1 {
				t.Fatalf("alternative %d to %v: got %v, want %d sorted seats, together unless it is the last", i, wanted, choice, n)
			}
			for _, seat := range choice {
				if seen[seat] || m.taken[seat] != 0 || !w.Accessible && m.hall.Reserved(seat) {
					t.Fatalf("alternatives %v: got seat %d twice or not free, want free and disjoint", got, seat)
				}
				seen[seat] = true
			}
		}
	})
}

// arena returns a hall of a hundred thousand seats in curved rows around the stage.
func arena(tb testing.TB) *events.Hall {
	plan := &events.SeatingPlan{Name: "Arena", Size: events.PlanSize{Width: 20_000, Height: 20_000},
		FocalPoint: &events.PlanPoint{X: 10_000, Y: 10_000}, Categories: []events.PriceCategory{{Name: "a"}, {Name: "b"}}}
	for z := range 20 {
		zone := events.PlanZone{ZoneID: fmt.Sprint("Z", z)}
		for r := range 100 {
			row := events.PlanRow{RowNumber: fmt.Sprint(r + 1)}
			for i := range 50 {
				angle := 2 * math.Pi * (float64(z) + 0.9*float64(i)/50) / 20
				radius := 3_000 + 60*float64(r)
				at := events.PlanPoint{X: 10_000 + radius*math.Cos(angle), Y: 10_000 + radius*math.Sin(angle)}
				row.Seats = append(row.Seats, events.PlanSeat{SeatGUID: fmt.Sprint(z, "-", r, "-", i),
					SeatNumber: fmt.Sprint(i + 1), Category: "ab"[r/50 : r/50+1], Position: at})
			}
			zone.Rows = append(zone.Rows, row)
		}
		plan.Zones = append(plan.Zones, zone)
	}
	hall, err := plan.Compile()
	if err != nil {
		tb.Fatal(err)
	}
	return hall
}

// BenchmarkBestOfAHall chooses from the hundred thousand seats of a hall, at several stages of a sale.
func BenchmarkBestOfAHall(b *testing.B) {
	hall := arena(b)
	random := rand.New(rand.NewPCG(1, 2))
	for _, state := range []struct {
		about string
		taken func(seat int) bool
	}{
		{"empty", func(int) bool { return false }},
		{"every third free", func(seat int) bool { return seat%3 != 0 }},
		{"pairs free", func(seat int) bool { return seat%4 >= 2 }},
		{"half at random", func(int) bool { return random.IntN(2) == 0 }},
		{"the front taken", func(seat int) bool { return seat/50%100 < 70 }},
		{"the last fifty free", func(seat int) bool { return seat < hall.Seats()-50 }},
		{"full", func(int) bool { return true }},
	} {
		for _, n := range []int{2, 6, 50} {
			m := HallMapOf(hall, make([]byte, hall.Seats()))
			for seat := range hall.Seats() {
				if state.taken(seat) {
					m.taken[seat] = 1
				}
			}
			w := Criteria{Quantity: n, Section: AnySection}
			b.Run(fmt.Sprintf("%d of %s", n, state.about), func(b *testing.B) {
				for b.Loop() {
					m.Best(w)
				}
			})
			b.Run(fmt.Sprintf("alternatives to %d of %s", n, state.about), func(b *testing.B) {
				wanted, best := seatsFrom(30_000, n), m.BestChoices(w, 3)
				for b.Loop() {
					m.Alternatives(wanted, 3, func() [][]Seat { return best })
				}
			})
		}
	}
}
