package bookings

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"admitone/events"
)

// TestAllOrNothing has a thousand callers request two seats and three places each. At every prefix of the
// log, each booking has all of its seats and places.
func TestAllOrNothing(t *testing.T) {
	const callers = 1000
	w := newMemoryHarness(t, 5, 4, 0)
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	got := runConcurrently(callers, func(i int) error {
		rng := rand.New(rand.NewPCG(seed, uint64(i)))
		row, number := 1+rng.IntN(5), 1+rng.IntN(3)
		_, err := w.bookWithPlaces(events.Holder(fmt.Sprint("holder-", i)), []areaQuantity{wantPlaces("floor", 3)},
			events.SeatName(fmt.Sprintf("A-%d-%d", row, number)), events.SeatName(fmt.Sprintf("A-%d-%d", row, number+1)))
		return err
	})
	if got["ok"] < 1 || got["ok"] > 3 || got["ok"]+got["sold_out"]+got["seat_taken"] != callers {
		t.Errorf("got outcomes %v, want 1 to 3 ok, and sold_out or seat_taken for all others", got)
	}
	made := 0
	for _, b := range w.check(0).bookings {
		if b.Exists() { // not for abandoned attempts
			made++
		}
	}
	w.checkNoOrphanedHolds("afterwards")
	w.checkEachPrefix(2, 3)
	if c := w.counts("floor"); c.Held != int64(3*got["ok"]) || made != got["ok"] {
		t.Errorf("got %d bookings, outcomes %v, floor %+v; want %d places held by %d bookings",
			made, got, c, int64(3*got["ok"]), got["ok"])
	}
}

// checkEachPrefix checks that at every prefix of the log each held booking has this many seats and
// places.
func (w *harness) checkEachPrefix(seats, places int64) {
	w.Helper()
	type parts struct{ seats, places int64 }
	has, made := map[events.HoldID]parts{}, map[events.HoldID]bool{}
	for event, err := range events.All(w.ctx(), w.store, 0) {
		if err != nil {
			w.Fatal(err)
		}
		fact, err := event.Decode()
		if err != nil {
			w.Fatal(err)
		}
		hold := events.HoldOf(fact)
		all := has[hold]
		switch f := fact.(type) {
		case *events.SeatHeld:
			all.seats++
		case *events.SeatReleased, *events.SeatExpired:
			all.seats--
		case *events.AreaHeld:
			all.places += f.Places
		case *events.AreaReleased:
			all.places -= f.Places
		case *events.AreaExpired:
			all.places -= f.Places
		case *events.BookingHeld:
			hold = events.NewHoldID(f.BookingID, f.Attempt)
			all, made[hold] = has[hold], true
		default:
			continue
		}
		if has[hold] = all; made[hold] && all != (parts{seats, places}) {
			w.Fatalf("position %d: hold %s: got %d seats and %d places, want %d and %d",
				event.Position, hold, all.seats, all.places, seats, places)
		}
	}
}
