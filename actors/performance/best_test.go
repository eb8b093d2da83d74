package performance

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"admitone/events"
)

// draw returns a map of sections A, B, … from drawings, in which each word is a row, a point a free seat, and an x a
// taken seat.
func draw(sections ...events.SectionID) *Map {
	var layout []events.Section
	var seats string
	for i, section := range sections {
		rows := strings.Fields(string(section))
		layout = append(
			layout,
			events.Section{ID: events.SectionID(rune('A' + i)), Rows: int64(len(rows)), SeatsPerRow: int64(len(rows[0]))},
		)
		seats += strings.Join(rows, "")
	}
	m := NewMap(events.NewLayout(layout))
	for i, c := range seats {
		if c == 'x' {
			m.Take(Seat(i))
		}
	}
	return m
}

// drawn returns the drawing of a map, with an O for each chosen seat.
func drawn(m *Map, chosen []Seat) string {
	var out []string
	for i := range m.layout.Sections() {
		var rows []string
		for r := range m.rows(i) {
			taken, first := m.row(i, r)
			row := make([]byte, len(taken))
			for j := range row {
				row[j] = ".x"[taken[j]]
				if slices.Contains(chosen, first+Seat(j)) {
					row[j] = 'O'
				}
			}
			rows = append(rows, string(row))
		}
		out = append(out, strings.Join(rows, " "))
	}
	return strings.Join(out, " / ")
}

var bestRules = []struct {
	name     string
	sections []events.SectionID
	n        int
	want     string // "none" if there is no choice
}{
	{"the middle of the front row", []events.SectionID{"..... ....."}, 1, "..O.. ....."},
	{"left of the middle if no choice is in the middle", []events.SectionID{"......."}, 2, "..OO..."},
	{"left of the middle if both sides are equal", []events.SectionID{"...x..."}, 2, ".OOx..."},
	{"together before in front", []events.SectionID{".x.x. ..... ....."}, 3, ".x.x. OOO.. ....."},
	{"in front before in the middle", []events.SectionID{"...xxxx ......."}, 3, "OOOxxxx ......."},
	{"the first section first", []events.SectionID{"xxx ...", "...", "..."}, 3, "xxx OOO / ... / ..."},
	{"together in another section before apart in the first", []events.SectionID{"..x..", "....."}, 3, "..x.. / OOO.."},
	{"no single seat between two taken ones", []events.SectionID{"x....x"}, 2, "xOO..x"},
	{"no single seat at the end of a row, rather than nearer to the middle", []events.SectionID{"....."}, 3, "OOO.."},
	{"a single seat that was there before does not count", []events.SectionID{"....x."}, 2, "..OOx."},
	{"a single seat at the end of a row before one between two taken seats", []events.SectionID{"x..."}, 2, "xOO."},
	{"a gap that fits is filled", []events.SectionID{"x..x..."}, 2, "xOOx..."},
	{"a single seat that was there before may be chosen", []events.SectionID{"x.x.x..x"}, 1, "x.xOx..x"},
	{"a single seat is left rather than taking a row behind", []events.SectionID{"x...x ....."}, 2, "xOO.x ....."},
	{"the whole row", []events.SectionID{"xx.. ...."}, 4, "xx.. OOOO"},
	{"apart in two before in three", []events.SectionID{".x.x.. ..x.x."}, 4, ".x.xOO OOx.x."},
	{"apart in one row before in two", []events.SectionID{"..x.. ..x.."}, 4, "OOxOO ..x.."},
	{"apart in rows next to each other", []events.SectionID{"..xxx xxxxx ..xxx ..xxx"}, 4, "..xxx xxxxx OOxxx OOxxx"},
	{"apart in one section before in two", []events.SectionID{"..x", "..x ..x"}, 4, "..x / OOx OOx"},
	{"apart in two sections if one is too small", []events.SectionID{"..x", "..x"}, 4, "OOx / OOx"},
	{"apart without a single seat", []events.SectionID{"...x..x..."}, 5, "OOOxOOx..."},
	{"the remaining seats stay together", []events.SectionID{"x...x...x"}, 4, "xOOOxO..x"},
	{"a single seat at the end of a row if it can't be avoided", []events.SectionID{"x...x..."}, 5, "xOOOxOO."},
	{"the last seats", []events.SectionID{".xx ", "x.x"}, 2, "Oxx / xOx"},
	{"too few", []events.SectionID{".xx", "x.x"}, 3, "none"},
	{"none", []events.SectionID{"xxx"}, 1, "none"},
}

func TestBest(t *testing.T) {
	for _, rule := range bestRules {
		t.Run(rule.name, func(t *testing.T) {
			m := draw(rule.sections...)
			seats, ok := m.Best(AnySection, rule.n)
			got := "none"
			if ok {
				got = drawn(m, seats)
			}
			if got != rule.want {
				t.Errorf("best %d of %s:\n got %s\nwant %s", rule.n, drawn(m, nil), got, rule.want)
			}
		})
	}
}

func TestBestOfOneSection(t *testing.T) {
	m := draw(".....", "xx.x..", ".....")
	for n, want := range map[int]string{1: "..... / xxOx.. / .....", 2: "..... / xx.xOO / .....", 3: "..... / xxOxOO / .....", 4: "none"} {
		got := "none"
		if seats, ok := m.Best(1, n); ok {
			got = drawn(m, seats)
		}
		if got != want {
			t.Errorf("best %d of section B: got %s, want %s", n, got, want)
		}
	}
}

// quality returns the criteria of the package comment, in order of precedence; less is better.
func quality(m *Map, chosen []Seat) [6]int {
	is := func(s Seat) bool { return s >= 0 && slices.Contains(chosen, s) }
	gone := func(s Seat) bool { return s < 0 || is(s) || !m.Free(s) }
	groups, singles, firstRow, lastRow, section := 0, 0, 1<<30, 0, -1
	for seat := range Seat(m.layout.Seats()) {
		left, right := m.layout.Neighbours(seat)
		if !is(seat) {
			alone := m.Free(seat) && gone(left) && gone(right)
			if alone && (is(left) || is(right)) { // because of this choice
				singles += gapPenalty(left >= 0 && right >= 0)
			}
			continue
		}
		if !is(left) {
			groups++
		}
		s, row, _ := m.layout.Place(seat)
		for i := range s {
			row += m.layout.Sections()[i].Rows
		}
		firstRow, lastRow = min(firstRow, int(row)), max(lastRow, int(row))
		if section >= 0 && section != s {
			s = len(m.layout.Sections()) // several sections
		}
		section = s
	}
	q := [6]int{groups, section, lastRow - firstRow, firstRow, singles, 0}
	if groups == 1 {
		s, _, number := m.layout.Place(chosen[0])
		q[5] = int(2*(number-1)) + len(chosen) - int(m.layout.Sections()[s].SeatsPerRow)
		q[5] = max(q[5], -q[5])
	}
	return q
}

// choices calls visit with every choice of n of the seats.
func choices(seats []Seat, n int, chosen []Seat, visit func([]Seat)) {
	if n == 0 {
		visit(chosen)
		return
	}
	for i := range len(seats) - n + 1 {
		choices(seats[i+1:], n-1, append(chosen, seats[i]), visit)
	}
}

// drawMap draws a random map.
func drawMap(t *rapid.T) *Map {
	var sections []events.SectionID
	for range rapid.IntRange(1, 3).Draw(t, "sections") {
		perRow, rows := rapid.IntRange(1, 6).Draw(t, "seats per row"), []string{}
		for range rapid.IntRange(1, 3).Draw(t, "rows") {
			row := make([]byte, perRow)
			for j := range row {
				row[j] = rapid.SampledFrom([]byte("...x")).Draw(t, "seat")
			}
			rows = append(rows, string(row))
		}
		sections = append(sections, events.SectionID(strings.Join(rows, " ")))
	}
	return draw(sections...)
}

// TestBestOfAllChoices compares Best with all possible choices.
func TestBestOfAllChoices(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := drawMap(t)
		n := rapid.IntRange(1, 5).Draw(t, "n")
		section := rapid.IntRange(AnySection, len(m.layout.Sections())-1).Draw(t, "section")
		var free []Seat
		for seat := range Seat(m.layout.Seats()) {
			if s, _, _ := m.layout.Place(seat); m.Free(seat) && (section == AnySection || s == section) {
				free = append(free, seat)
			}
		}
		var best []Seat
		var least [6]int
		if len(free) > 24 {
			free = free[:24] // few enough to try all choices
			for seat := free[23] + 1; seat < Seat(m.layout.Seats()); seat++ {
				m.Take(seat)
			}
		}
		choices(free, n, nil, func(chosen []Seat) {
			if q := quality(m, chosen); best == nil || slices.Compare(q[:], least[:]) < 0 {
				best, least = slices.Clone(chosen), q
			}
		})
		got, ok := m.Best(section, n)
		if ok != (best != nil) {
			t.Fatalf("best %d of section %d in %s: got ok %t, want %t", n, section, drawn(m, nil), ok, best != nil)
		}
		if !ok {
			return
		}
		if q := quality(m, got); q != least || len(got) != n || !slices.IsSorted(got) {
			t.Fatalf("best %d of section %d in %s:\n got %s %v\nwant %s %v", n, section, drawn(m, nil), drawn(m, got), q,
				drawn(m, best), least)
		}
		for _, seat := range got {
			if !m.Free(seat) {
				t.Fatalf("got seat %s, want free seats only", m.layout.Name(seat))
			}
		}
	})
}

func TestAlternatives(t *testing.T) {
	for _, rule := range []struct {
		name     string
		sections []events.SectionID
		wanted   []events.SeatName
		want     []string
	}{
		{"near the wanted seats", []events.SectionID{"..... .xx.. .....", "....."}, []events.SeatName{"A-2-2", "A-2-3"},
			[]string{"..... .xxOO ..... / .....", "OO... .xx.. ..... / .....", "..... .xx.. OO... / ....."}},
		{"disjoint, and the others in another section", []events.SectionID{"xx.x", ".....", "."}, []events.SeatName{"A-1-1"},
			[]string{"xxOx / ..... / .", "xx.x / ..O.. / .", "xx.x / .O... / ."}},
		{"apart if it can't be together", []events.SectionID{"x.x.x"}, []events.SeatName{"A-1-1", "A-1-2"}, []string{"xOxOx"}},
		{"none if too few are left", []events.SectionID{"xxx.x"}, []events.SeatName{"A-1-1", "A-1-2"}, nil},
	} {
		t.Run(rule.name, func(t *testing.T) {
			m := draw(rule.sections...)
			wanted, unknown, _ := m.layout.Canonical(rule.wanted)
			if unknown != nil {
				t.Fatalf("unknown seats: %v", unknown)
			}
			before := drawn(m, nil)
			var got []string
			for _, choice := range m.Alternatives(wanted, 3, nil) {
				got = append(got, drawn(m, choice))
			}
			if !slices.Equal(got, rule.want) {
				t.Errorf("alternatives to %v in %s:\ngot\n%s\nwant\n%s", rule.wanted, before, strings.Join(got, "\n"),
					strings.Join(rule.want, "\n"))
			}
			if drawn(m, nil) != before {
				t.Errorf("map afterwards: got %s, want %s", drawn(m, nil), before)
			}
		})
	}
}

// TestAlternativesAreFreeAndDisjoint checks alternatives in random maps.
func TestAlternativesAreFreeAndDisjoint(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := drawMap(t)
		n := min(rapid.IntRange(1, 4).Draw(t, "n"), m.layout.Seats())
		wanted := seatsFrom(Seat(rapid.IntRange(0, m.layout.Seats()-n).Draw(t, "from")), n)
		free, seen := 0, map[Seat]bool{}
		for i := range m.layout.Sections() {
			free += m.Remaining(i)
		}
		got := m.Alternatives(wanted, 3, nil)
		apart := len(got) > 0 && quality(m, got[len(got)-1])[0] > 1
		if want := min(3, free/n); len(got) != want && !apart || len(got) > want {
			t.Fatalf("got %d alternatives of %d seats in %s, want %d", len(got), n, drawn(m, nil), want)
		}
		for i, choice := range got {
			if q := quality(m, choice); len(choice) != n || !slices.IsSorted(choice) || q[0] > 1 && i < len(got)-1 {
				t.Fatalf("alternative %d to %v: got %v, want %d sorted seats, together unless it is the last", i, wanted, choice, n)
			}
			for _, seat := range choice {
				if seen[seat] || !m.Free(seat) {
					t.Fatalf("alternatives %v: got seat %s twice or not free, want free and disjoint", got, m.layout.Name(seat))
				}
				seen[seat] = true
			}
		}
	})
}

// drawRow draws a row with runs of free seats that are shorter than freeSeats, as long, and longer.
func drawRow(t *rapid.T) (row []byte) {
	for range rapid.IntRange(1, 8).Draw(t, "runs") {
		free := rapid.OneOf(rapid.IntRange(0, 9), rapid.IntRange(127, 129), rapid.IntRange(255, 257)).Draw(t, "free")
		row = append(row, make([]byte, free)...)
		row = append(row, rapid.SliceOfN(rapid.ByteRange(0, 3), 0, 6).Draw(t, "others")...)
	}
	return row
}

// TestSpans compares nextSpan and previousSpan with a search seat by seat.
func TestSpans(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		row := drawRow(t)
		from := rapid.OneOf(rapid.SampledFrom([]int{0, len(row)}), rapid.IntRange(0, len(row))).Draw(t, "from")
		next, previous := span{from, 0}, span{0, from}
		for next.start < len(row) && row[next.start] != 0 {
			next.start++
		}
		for next.end = next.start; next.end < len(row) && row[next.end] == 0; {
			next.end++
		}
		for previous.end > 0 && row[previous.end-1] != 0 {
			previous.end--
		}
		for previous.start = previous.end; previous.start > 0 && row[previous.start-1] == 0; {
			previous.start--
		}
		if got := nextSpan(row, from); got != next {
			t.Fatalf("nextSpan from %d: got %v, want %v", from, got, next)
		}
		if got := previousSpan(row, from); got != previous {
			t.Fatalf("previousSpan from %d: got %v, want %v", from, got, previous)
		}
	})
}

// TestNearestInRow compares nearestInRow with bestInRow, which tries all positions.
func TestNearestInRow(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		row := drawRow(t)
		n, near := rapid.IntRange(1, 6).Draw(t, "n"), rapid.IntRange(-1, 2*len(row)+1).Draw(t, "near")
		got, ok := nearestInRow(row, n, near)
		if want, fits := bestInRow(row, n, near); got != want || ok != fits {
			t.Fatalf("got %v, %t; want %v, %t", got, ok, want, fits)
		}
	})
}

// hall returns a layout of a hundred thousand seats.
func hall() *events.Layout {
	return events.NewLayout([]events.Section{
		{ID: "A", Rows: 100, SeatsPerRow: 400},
		{ID: "B", Rows: 500, SeatsPerRow: 100},
		{ID: "C", Rows: 10_000, SeatsPerRow: 1},
	})
}

// BenchmarkBest chooses from a hundred thousand seats, at several stages of a sale.
func BenchmarkBest(b *testing.B) {
	layout := hall()
	for _, state := range []struct {
		about string
		taken func(seat int) bool
	}{
		{"empty", func(int) bool { return false }},
		{"every third free", func(seat int) bool { return seat%3 != 0 }},
		{"pairs free", func(seat int) bool { return seat%4 >= 2 }},
		{"the last fifty free", func(seat int) bool { return seat < layout.Seats()-50 }},
		{"full", func(int) bool { return true }},
	} {
		for _, n := range []int{2, 6, 50} {
			m := NewMap(layout)
			for seat := range layout.Seats() {
				if state.taken(seat) {
					m.Take(Seat(seat))
				}
			}
			b.Run(fmt.Sprintf("%d of %s", n, state.about), func(b *testing.B) {
				for b.Loop() {
					m.Best(AnySection, n)
				}
			})
			b.Run(fmt.Sprintf("alternatives to %d of %s", n, state.about), func(b *testing.B) {
				wanted, best := seatsFrom(30_000, n), m.BestChoices(n, 3)
				for b.Loop() {
					m.Alternatives(wanted, 3, func() [][]Seat { return best })
				}
			})
		}
	}
}
