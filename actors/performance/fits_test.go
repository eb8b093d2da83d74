package performance

import (
	"testing"

	"admitone/events"
)

// TestFits checks which seats a retry of a request for the best available seats can continue with.
func TestFits(t *testing.T) {
	hall := plotHall(t, events.PlanPoint{X: 50}, []hallRow{{y: 10, seats: ".wcb.x"}}, []hallRow{{y: 90, seats: ".."}})
	m := MapOf(events.NewHallLayout(hall.hall, nil), hall.taken)
	any := func(n int) Criteria { return Criteria{Quantity: n, Section: AnySection} }
	accessible := func(n int) Criteria { return Criteria{Quantity: n, Section: AnySection, Accessible: true} }
	ofB := Criteria{Quantity: 1, Section: AnySection, Categories: []bool{false, true}}
	for i, test := range []struct {
		seats []Seat
		w     Criteria
		want  bool
	}{
		{[]Seat{0, 4}, any(2), true},
		{[]Seat{0, 4}, any(1), false},
		{[]Seat{0, 5}, any(2), false}, // taken
		{[]Seat{1}, any(1), false},    // wheelchair place
		{[]Seat{2}, any(1), false},    // companion seat
		{[]Seat{1, 2}, accessible(2), true},
		{[]Seat{0, 4}, accessible(2), false},
		{[]Seat{0, 2}, accessible(2), false}, // companion seat without its place
		{[]Seat{3}, ofB, true},
		{[]Seat{0}, ofB, false},
		{[]Seat{6}, Criteria{Quantity: 1, Section: 1}, true},
		{[]Seat{0}, Criteria{Quantity: 1, Section: 1}, false},
	} {
		if got := m.Fits(test.seats, test.w); got != test.want {
			t.Errorf("case %d: Fits(%v, %+v): got %t, want %t", i+1, test.seats, test.w, got, test.want)
		}
	}
	plain := NewMap(events.NewLayout([]events.Section{{ID: "A", Rows: 1, SeatsPerRow: 2}}))
	if two, one := plain.Fits([]Seat{0, 1}, any(2)), plain.Fits([]Seat{0}, any(2)); !two || one {
		t.Errorf("without a hall: got %t for two seats, %t for one; want true, false", two, one)
	}
}
