package load

import (
	"strings"
	"testing"
	"time"

	"admitone/events"
)

// TestRulesOfSeats: the proof finds faults in a seat's facts.
func TestRulesOfSeats(t *testing.T) {
	day := time.Date(2026, 5, 1, 20, 0, 0, 0, time.UTC)
	held := func(hold string) events.Fact { return &events.SeatHeld{HoldID: events.HoldID(hold), ExpiresAt: day} }
	booked := func(hold string) events.Fact { return &events.SeatBooked{HoldID: events.HoldID(hold)} }
	released := func(hold string) events.Fact { return &events.SeatReleased{HoldID: events.HoldID(hold)} }
	expired := func(hold string) events.Fact { return &events.SeatExpired{HoldID: events.HoldID(hold)} }
	for _, test := range []struct {
		about string
		at    time.Duration // time of the facts, after the deadline of a hold
		facts []events.Fact
		want  string // part of the error, "" for none
	}{
		{"consecutive holds", 0, []events.Fact{held("a.1"), expired("a.1"), held("b.1"), booked("b.1"), released("b.1"),
			held("c.1")}, ""},
		{"held while held", 0, []events.Fact{held("a.1"), held("b.1")}, "while a.1 holds it"},
		{"held while booked", 0, []events.Fact{held("a.1"), booked("a.1"), held("a.2")}, "while a.1 holds it"},
		{"booked for a different booking", 0, []events.Fact{held("a.1"), booked("b.1")}, `while "a.1" holds it`},
		{"released for an earlier booking", 0, []events.Fact{held("a.1"), expired("a.1"), held("b.1"), released("a.1")},
			`while "b.1" holds it`},
		{"expired while free", 0, []events.Fact{held("a.1"), expired("a.1"), expired("a.1")}, `while "" holds it`},
		{"freed in time", seatsOverstay, []events.Fact{held("a.1"), released("a.1")}, ""},
		{"freed too late", seatsOverstay + 1, []events.Fact{held("a.1"), released("a.1")}, "beyond its deadline"},
		{"extended and freed in time", time.Minute,
			[]events.Fact{held("a.1"), &events.SeatExtended{HoldID: "a.1", ExpiresAt: day.Add(time.Minute)}, expired("a.1")},
			""},
		{"booked and freed at any time", time.Hour, []events.Fact{held("a.1"), booked("a.1"), released("a.1")}, ""},
	} {
		var s recordedSeat
		var err error
		for _, fact := range test.facts {
			if err != nil {
				t.Errorf("%s: %v for an earlier fact", test.about, err)
			}
			err = s.apply(&events.Recorded{Created: day.Add(test.at),
				Event: events.Event{Type: fact.Name(), Data: events.AppendFact(nil, fact)}})
		}
		if test.want == "" && err != nil || test.want != "" && (err == nil || !strings.Contains(err.Error(), test.want)) {
			t.Errorf("%s: %v, want %q", test.about, err, test.want)
		}
	}
}
