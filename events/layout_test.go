package events

import (
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// TestLayout checks that names, indexes, places and neighbours are consistent.
func TestLayout(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var sections []Section
		ids := rapid.Permutation([]SectionID{"A", "A-1", "B", "1"}).Draw(t, "ids")
		for _, id := range ids[:rapid.IntRange(1, 4).Draw(t, "sections")] {
			sections = append(sections, Section{ID: id, Rows: rapid.Int64Range(1, 12).Draw(t, "rows"),
				SeatsPerRow: rapid.Int64Range(1, 12).Draw(t, "seats"), Price: rapid.Int64Range(0, 9).Draw(t, "price")})
		}
		l, next := NewLayout(sections), SeatIndex(0)
		for i, s := range sections {
			if first, _ := l.Span(i); l.Section(s.ID) != i || first != next {
				t.Fatalf("section %s has index %d and begins at %d, want %d and %d", s.ID, l.Section(s.ID), first, i, next)
			}
			for row := int64(1); row <= s.Rows; row++ {
				for number := int64(1); number <= s.SeatsPerRow; number++ {
					checkSeat(t, l, next, i, row, number)
					next++
				}
			}
			if _, end := l.Span(i); end != next {
				t.Fatalf("section %s ends at %d, want %d", s.ID, end, next)
			}
		}
		if l.Seats() != int(next) {
			t.Fatalf("%d seats, want %d", l.Seats(), next)
		}
	})
}

func checkSeat(t *rapid.T, l *Layout, seat SeatIndex, section int, row, number int64) {
	s := l.Sections()[section]
	name := NewSeatName(s.ID, row, number)
	if got, ok := l.Find(name); got != seat || !ok || l.Name(seat) != name || l.Price(seat) != s.Price {
		t.Fatalf("Find(%s) = %d, %t, Name(%d) = %s, Price(%d) = %d; want %d, true, %s, %d", name, got, ok, seat,
			l.Name(seat), seat, l.Price(seat), seat, name, s.Price)
	}
	if gs, gr, gn := l.Place(seat); gs != section || gr != row || gn != number {
		t.Fatalf("Place(%s) = %d, %d, %d; want %d, %d, %d", name, gs, gr, gn, section, row, number)
	}
	left, right := l.Neighbours(seat)
	wantLeft, okLeft := l.Find(NewSeatName(s.ID, row, number-1))
	wantRight, okRight := l.Find(NewSeatName(s.ID, row, number+1))
	if okLeft != (left >= 0) || okRight != (right >= 0) || okLeft && left != wantLeft || okRight && right != wantRight {
		t.Fatalf("Neighbours(%s) = %d, %d; want %d (%t), %d (%t)", name, left, right, wantLeft, okLeft, wantRight, okRight)
	}
}

func TestCanonicalOrder(t *testing.T) {
	l := NewLayout([]Section{{ID: "A", Rows: 2, SeatsPerRow: 3}, {ID: "B-1", Rows: 1, SeatsPerRow: 2}})
	seats, unknown, repeated := l.Canonical([]SeatName{"B-1-1-2", "A-2-1", "C-1-1", "A-1-3", "A-1-4", "A-3-1", "A-1-03",
		"A-2-1", ""})
	if got, want := l.Names(seats), []SeatName{"A-1-3", "A-2-1", "B-1-1-2"}; !slices.Equal(got, want) {
		t.Errorf("seats = %v, want %v", got, want)
	}
	if want := []SeatName{"C-1-1", "A-1-4", "A-3-1", "A-1-03", ""}; !slices.Equal(unknown, want) {
		t.Errorf("unknown = %q, want %q", unknown, want)
	}
	if want := []SeatName{"A-2-1"}; !slices.Equal(repeated, want) {
		t.Errorf("repeated = %v, want %v", repeated, want)
	}
	if l.Section("C") != -1 {
		t.Errorf("Section(C) = %d, want -1", l.Section("C"))
	}
}

// TestHallLayout: the layout of a hall has the names, rows and prices of the hall.
func TestHallLayout(t *testing.T) {
	h := compiled(t, smallPlan())
	l := NewHallLayout(h, []CategoryPrice{{"Parkett", "adult", 50, false}, {"Parkett", "student", 30, true},
		{"Nowhere", "", 1, false}, {"Rang", "", 20, false}, {"Steh", "", 10, false}})
	if l.Seats() != 6 || len(l.Sections()) != 2 || l.Section("Balkon") != 1 || l.Section("Floor") != -1 || l.Hall() != h {
		t.Fatalf("layout has %d seats in sections %+v, want 6 in 2 sections", l.Seats(), l.Sections())
	}
	next := SeatIndex(0)
	for section := range l.Sections() {
		if first, _ := l.Span(section); first != next {
			t.Errorf("section %d begins at %d, want %d", section, first, next)
		}
		for row := range l.Rows(section) {
			first, end := l.Row(section, row)
			for seat := first; seat < end; seat++ {
				s, r, n := l.Place(seat)
				left, right := l.Neighbours(seat)
				found, ok := l.Find(l.Name(seat))
				if seat != next || s != section || l.SectionOf(seat) != section || r != int64(row)+1 || n != int64(seat-first)+1 ||
					!ok || found != seat || (left < 0) != (seat == first) || (right < 0) != (seat == end-1) {
					t.Errorf("seat %d (%s): Place = %d, %d, %d, Neighbours = %d, %d, Find = %d; want section %d, row %d from %d to %d",
						next, l.Name(seat), s, r, n, left, right, found, section, row+1, first, end)
				}
				next++
			}
		}
		if _, end := l.Span(section); end != next {
			t.Errorf("section %d ends at %d, want %d", section, end, next)
		}
	}
	if l.Price(0) != 50 || l.Price(2) != 20 || len(l.Prices(0)) != 2 || len(l.CategoryPrices(2)) != 1 ||
		l.CategoryPrices(3) != nil {
		t.Errorf("prices of seats 0 and 2 = %v and %v, want 2 from 50, and 20", l.Prices(0), l.Prices(2))
	}
	seats, unknown, repeated := l.Canonical([]SeatName{"Balkon-1-1", "PL-2-1a", "PL-1-9", "Balkon-1-1"})
	if !slices.Equal(seats, []SeatIndex{3, 4}) || !slices.Equal(unknown, []SeatName{"PL-1-9"}) || len(repeated) != 1 {
		t.Errorf("Canonical = %v, %v, %v; want %v, %v, one name", seats, unknown, repeated, []SeatIndex{3, 4},
			[]SeatName{"PL-1-9"})
	}
	if p, ok := DefaultPrice([]CategoryPrice{{"C", "a", 1, true}, {"C", "b", 2, false}}); !ok || p.Type != "b" {
		t.Errorf("DefaultPrice = %+v, %t; want type b", p, ok)
	}
	if p, ok := DefaultPrice([]CategoryPrice{{"C", "a", 1, true}}); ok {
		t.Errorf("DefaultPrice = %+v, want none, because the only type is restricted", p)
	}
	if p, ok := PriceOf(l.Prices(0), "student"); !ok || p.Amount != 30 {
		t.Errorf("PriceOf(student) = %+v, %t; want 30", p, ok)
	}
}
