package events

import "testing"

func TestSeatNames(t *testing.T) {
	for _, want := range []struct {
		name        SeatName
		section     SectionID
		row, number int64
	}{
		{"A-1-1", "A", 1, 1},
		{"B-2-4-11", "B-2", 4, 11},
		{"-_--100000-999999999", "-_-", 100000, 999999999},
	} {
		section, row, number, ok := ParseSeat(want.name)
		if section != want.section || row != want.row || number != want.number || !ok {
			t.Errorf("%s is %q %d %d %t, want %+v", want.name, section, row, number, ok, want)
		}
		if got := NewSeatName(section, row, number); got != want.name {
			t.Errorf("name of seat %+v = %s, want %s", want, got, want.name)
		}
	}
	for _, bad := range []SeatName{"", "-", "--", "A", "A-1", "-1-1", "A-0-1", "A-1-0", "A-01-1", "A-1-01", "A-+1-1",
		"A-1-", "A--1", "A-1-1 ", "A-1-x", "A-1-1234567890"} {
		if section, row, number, ok := ParseSeat(bad); ok {
			t.Errorf("ParseSeat(%q) = %q %d %d, want none", bad, section, row, number)
		}
	}
}

func TestHoldIDs(t *testing.T) {
	for _, want := range []struct {
		booking BookingID
		attempt int64
		id      HoldID
	}{{"b", 1, "b.1"}, {"0198c0de-0000-7000-8000-000000000003", 12, "0198c0de-0000-7000-8000-000000000003.12"},
		{"a.1", 2, "a.1.2"}} {
		if got := NewHoldID(want.booking, want.attempt); got != want.id {
			t.Errorf("HoldID is %s, want %s", got, want.id)
		}
		if booking, attempt, ok := CutHoldID(want.id); booking != want.booking || attempt != want.attempt || !ok {
			t.Errorf("CutHoldID(%q) = %q, %d, %t; want %q, %d, true", want.id, booking, attempt, ok, want.booking, want.attempt)
		}
	}
	for _, bad := range []HoldID{"", ".1", "b", "b.", "b.0", "b.01", "b.-1"} {
		if booking, attempt, ok := CutHoldID(bad); ok {
			t.Errorf("CutHoldID(%q) = %q %d, want none", bad, booking, attempt)
		}
	}
}

func TestOfPerformance(t *testing.T) {
	id := OfPerformance("gala-1", "ada~b")
	if performance, rest := CutPerformance(id); id != "gala-1~ada~b" || performance != "gala-1" || rest != "ada~b" {
		t.Errorf("parts of %s = %q and %q, want gala-1~ada~b, gala-1, ada~b", id, performance, rest)
	}
}
