package events

import (
	"os"
	"testing"
)

func init() {
	for _, name := range []string{"seat.held.v1", "seat.released.v1", "seat.expired.v1", "seat.blocked.v1", "booking.held.v1"} {
		addedMembers[name] = append(addedMembers[name], ".Label")
	}
	addedMembers["seat.blocked.v1"] = append(addedMembers["seat.blocked.v1"], ".Change")
	addGolden(goldenBlocks)
}

var goldenBlocks = map[string]Fact{
	"performance.blocks_begun.v1": &BlocksBegun{
		Command: "k-1",
		More:    true,
		BlockChange: BlockChange{Number: 3, Label: "Größe <1>",
			Unblocks: true, Seats: []SeatName{"A-1-1", "Rang links-1-3b"}},
	},
	"performance.blocks_changed.v1": &BlocksChanged{More: true, BlockChange: BlockChange{Number: 3, Label: "Größe <1>",
		Unblocks: true, Seats: []SeatName{"A-1-1", "Rang links-1-3b"}}},
	"performance.blocks_withdrawn.v1": &BlocksWithdrawn{Number: 3},
	"performance.blocks_undone.v1":    &BlocksUndone{Number: 3},
}

// TestGoldenLabels checks facts with the label of a block.
func TestGoldenLabels(t *testing.T) {
	for file, fact := range map[string]Fact{
		"seat.blocked.v1.label":  &SeatBlocked{Label: "press"},
		"seat.blocked.v1.change": &SeatBlocked{Label: "press", Change: 3},
		"seat.held.v1.label": &SeatHeld{HoldID: "b-3.1", BookingID: "b-3", Holder: "ann", Price: 100, ExpiresAt: moment,
			FirstHeldAt: moment, Attempt: 1, Label: "press"},
		"seat.released.v1.label": &SeatReleased{HoldID: "b-3.1", Holder: "ann", Was: SeatIsBooked, Reason: ReleasedCancelled,
			ReleasedAt: moment, Label: "press"},
		"seat.expired.v1.label": &SeatExpired{HoldID: "b-3.1", Holder: "ann", ExpiresAt: moment, Label: "press"},
	} {
		frozen, err := os.ReadFile("testdata/later/" + file + ".json")
		if err != nil {
			t.Fatal(err)
		}
		checkGolden(t, fact.Name(), fact, frozen)
	}
}
