package events

import "testing"

func TestSeatNames(t *testing.T) {
	for _, test := range []struct {
		name        SeatName
		section     SectionID
		row, number int64
	}{
		{"A-1-1", "A", 1, 1},
		{"B-2-4-11", "B-2", 4, 11},
		{"-_--100000-999999999", "-_-", 100000, 999999999},
	} {
		section, row, number, ok := ParseSeat(test.name)
		if section != test.section || row != test.row || number != test.number || !ok {
			t.Errorf("ParseSeat(%s) = %q, %d, %d, %t; want %+v", test.name, section, row, number, ok, test)
		}
		if got := NewSeatName(test.section, test.row, test.number); got != test.name {
			t.Errorf("NewSeatName(%q, %d, %d) = %s, want %s", test.section, test.row, test.number, got, test.name)
		}
	}
	for _, bad := range []SeatName{"", "-", "--", "A", "A-1", "-1-1", "A-0-1", "A-1-0", "A-01-1", "A-1-01", "A-+1-1",
		"A-1-", "A--1", "A-1-1 ", "A-1-x", "A-1-1234567890"} {
		if section, row, number, ok := ParseSeat(bad); ok {
			t.Errorf("ParseSeat(%q) = %q, %d, %d, true; want false", bad, section, row, number)
		}
	}
}

func TestHoldIDs(t *testing.T) {
	for _, test := range []struct {
		booking BookingID
		attempt int64
		id      HoldID
	}{{"b", 1, "b.1"}, {"0198c0de-0000-7000-8000-000000000003", 12, "0198c0de-0000-7000-8000-000000000003.12"},
		{"a.1", 2, "a.1.2"}} {
		if got := NewHoldID(test.booking, test.attempt); got != test.id {
			t.Errorf("NewHoldID(%q, %d) = %s, want %s", test.booking, test.attempt, got, test.id)
		}
		if booking, attempt, ok := CutHoldID(test.id); booking != test.booking || attempt != test.attempt || !ok {
			t.Errorf("CutHoldID(%q) = %q, %d, %t; want %q, %d, true", test.id, booking, attempt, ok, test.booking,
				test.attempt)
		}
	}
	for _, bad := range []HoldID{"", ".1", "b", "b.", "b.0", "b.01", "b.-1"} {
		if booking, attempt, ok := CutHoldID(bad); ok {
			t.Errorf("CutHoldID(%q) = %q, %d, true; want false", bad, booking, attempt)
		}
	}
}

func TestOfPerformance(t *testing.T) {
	id := OfPerformance("gala-1", "ada~b")
	if performance, rest := CutPerformance(id); id != "gala-1~ada~b" || performance != "gala-1" || rest != "ada~b" {
		t.Errorf("OfPerformance = %s, CutPerformance = %q, %q; want gala-1~ada~b, gala-1, ada~b", id, performance, rest)
	}
}
