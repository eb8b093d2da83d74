package bookings

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"admitone/events"
)

// TestAllOrNothing: a thousand callers want two seats and three places each. As many as possible
// succeed, and none gets a part: at every prefix of the log a booking has all of its seats and
// places. The area is never oversold and each seat has one owner, or folding the log would fail.
func TestAllOrNothing(t *testing.T) {
	const callers = 1000
	w := beginInMemory(t, 5, 4, 0)
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	got := atOnce(callers, func(i int) error {
		rng := rand.New(rand.NewPCG(seed, uint64(i)))
		row, number := 1+rng.IntN(5), 1+rng.IntN(3)
		_, err := w.ask(events.Holder(fmt.Sprint("holder-", i)), []areaQuantity{wantPlaces("floor", 3)},
			events.SeatName(fmt.Sprintf("A-%d-%d", row, number)), events.SeatName(fmt.Sprintf("A-%d-%d", row, number+1)))
		return err
	})
	if got["ok"] < 1 || got["ok"] > 3 || got["ok"]+got["sold_out"]+got["seat_taken"] != callers {
		t.Errorf("outcomes = %v, want successes and expected refusals only", got)
	}
	made := 0
	for _, b := range w.check(0).bookings {
		if b.Exists() { // not for abandoned attempts
			made++
		}
	}
	w.noOrphanedHolds("afterwards")
	w.checkWholeAtEveryPrefix(2, 3)
	if c := w.counts("floor"); c.Held != int64(3*got["ok"]) || made != got["ok"] {
		t.Errorf("%d bookings, %v, and the floor has %+v, want Held %v, %d",
			made, got, c, int64(3*got["ok"]), got["ok"])
	}
}

// checkWholeAtEveryPrefix checks that at every prefix of the log each held booking has this many seats
// and places.
func (w *harness) checkWholeAtEveryPrefix(seats, places int64) {
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
			w.Fatalf("at position %d %s has %d seats and %d places, want %d and %d",
				event.Position, hold, all.seats, all.places, seats, places)
		}
	}
}
