package events

import (
	"os"
	"testing"
	"time"
)

func init() { addGolden(goldenSeat) }

var goldenSeat = map[string]Fact{
	"seat.held.v1": &SeatHeld{
		HoldID: "0198c0de-0000-7000-8000-000000000003.1", BookingID: "0198c0de-0000-7000-8000-000000000003",
		Holder: "ada \"<&>\"", Price: 9900, ExpiresAt: moment, FirstHeldAt: moment.Add(-5 * time.Minute),
	},
	"seat.extended.v1": &SeatExtended{HoldID: "b-3.1", ExpiresAt: moment},
	"seat.booked.v1":   &SeatBooked{HoldID: "b-3.1", BookingID: "b-3", Holder: "ada"},
	"seat.released.v1": &SeatReleased{
		HoldID: "b-3.1", Holder: "ada", Was: SeatIsBooked, Reason: ReleasedCancelled, ReleasedAt: moment,
	},
	"seat.expired.v1":   &SeatExpired{HoldID: "b-3.1", Holder: "ada", ExpiresAt: moment},
	"seat.blocked.v1":   &SeatBlocked{},
	"seat.unblocked.v1": &SeatUnblocked{},
}

// goldenHeld is a hold with the added member Attempt.
var goldenHeld = &SeatHeld{HoldID: "b-3.2", BookingID: "b-3", Holder: "ada", Price: 9900, ExpiresAt: moment,
	FirstHeldAt: moment.Add(-time.Minute), Attempt: 2}

func TestGoldenSeatHeldWithAttempt(t *testing.T) {
	frozen, err := os.ReadFile("testdata/later/seat.held.v1.attempt.json")
	if err != nil {
		t.Fatal(err)
	}
	checkGolden(t, "seat.held.v1", goldenHeld, frozen)
}
