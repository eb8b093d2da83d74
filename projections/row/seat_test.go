package row

import (
	"errors"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"admitone/events"
	"admitone/projections/logtest"
)

// TestSeatAt: at any position, SeatAt returns the status that the map has, and the current holder.
func TestSeatAt(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		log := logtest.NewMemory()
		c := logtest.NewBookingModel(func(stream events.StreamID, fact events.Fact) { log.Add(stream, fact) })
		for range rapid.IntRange(1, 60).Draw(t, "steps") {
			c.RandomAction(t)
		}
		at := events.Position(rapid.IntRange(0, len(log.Recorded)).Draw(t, "at"))
		owner, taken := map[string]events.Holder{}, map[string]int64{}
		for i := range log.Recorded[:at] {
			e := &log.Recorded[i]
			fact, err := e.Decode()
			if err != nil {
				t.Fatal(err)
			}
			switch f := fact.(type) {
			case *events.SeatHeld:
				owner[e.Stream.Entity()] = f.Holder
			case *events.SeatReleased, *events.SeatExpired:
				delete(owner, e.Stream.Entity())
			case *events.AllowanceTaken:
				taken[e.Stream.Entity()] = f.Taken
			case *events.AllowanceReduced:
				taken[e.Stream.Entity()] = f.Taken
			case *events.AllowanceReleased:
				taken[e.Stream.Entity()] = f.Taken
			case *events.AllowanceExpired:
				taken[e.Stream.Entity()] = f.Taken
			}
		}
		for _, id := range []string{"a", "a-b", "c"} {
			_, m, err := PerformanceAt(t.Context(), log, events.PerformanceID(id), at, nil)
			if err != nil {
				t.Fatal(err)
			}
			if m == nil {
				if s, err := SeatAt(t.Context(), log, id+"~A-1-1", at); s != nil || err != nil {
					t.Fatalf("SeatAt without a performance: %+v, %v; want none", s, err)
				}
				continue
			}
			seats, _ := m.Seats("", "", 0, m.Len())
			for _, want := range seats {
				s, err := SeatAt(t.Context(), log, id+"~"+string(want.Seat), at)
				holder := owner[id+"~"+string(want.Seat)]
				if err != nil || s == nil || s.Status != want.Status || s.Holder != holder || s.Name != want.Seat ||
					s.PerformanceID != events.PerformanceID(id) {
					t.Fatalf("%s of %s at %d is %+v, %v; want %+v of %q", want.Seat, id, at, s, err, want, holder)
				}
				if (s.Holder != "") != (s.BookingID() != "") || (s.Status == events.SeatIsHeld) == s.ExpiresAt.IsZero() {
					t.Fatalf("%s of %s at %d is %+v; want a booking iff it has a holder, a deadline iff it is held",
						want.Seat, id, at, s)
				}
			}
			if s, err := SeatAt(t.Context(), log, id+"~Z-9-9", at); s != nil || err != nil {
				t.Fatalf("SeatAt of an unknown seat: %+v, %v; want none", s, err)
			}
		}
		for id, want := range taken {
			a, err := AllowanceAt(t.Context(), log, id, at)
			if err != nil || a == nil || a.Taken != want || string(a.PerformanceID)+"~"+a.Holder != id {
				t.Fatalf("%s at %d is %+v, %v; want %d", id, at, a, err, want)
			}
		}
	})
}

// TestForeignFactInASeat: a fact of a different kind in the stream of a seat or an allowance is an error.
func TestForeignFactInASeat(t *testing.T) {
	log := logtest.NewMemory()
	log.Add("performance-p", &events.PerformanceCreated{PerformanceID: "p", Title: "P", Venue: "V",
		Sections: []events.Section{{ID: "A", Rows: 1, SeatsPerRow: 1}}})
	log.Add("seat-p~A-1-1", &events.TeamRegistered{TeamID: "a", DisplayName: "A"})
	log.Add("allowance-p~ada", &events.TeamRegistered{TeamID: "a", DisplayName: "A"})
	_, seat := SeatAt(t.Context(), log, "p~A-1-1", 9)
	_, allowance := AllowanceAt(t.Context(), log, "p~ada", 9)
	for _, err := range []error{seat, allowance} {
		if !errors.Is(err, ErrViolated) || !strings.Contains(err.Error(), "team.registered.v1") {
			t.Errorf("%v, want ErrViolated that names the fact", err)
		}
	}
}
