package events

import (
	"os"
	"testing"
)

func init() {
	addGolden(goldenArea)
	for name := range goldenArea {
		addedMembers[name] = append(addedMembers[name], ".AreaCounts.Blocked")
	}
	for _, name := range []string{"area.held.v1", "area.released.v1", "area.expired.v1"} {
		addedMembers[name] = append(addedMembers[name], ".Labelled.Label", ".Labelled.OfLabel")
	}
	addedMembers["area.resized.v1"] = append(addedMembers["area.resized.v1"], ".Change", ".Undo")
	for _, name := range []string{"performance.blocks_begun.v1", "performance.blocks_changed.v1"} {
		addedMembers[name] = append(addedMembers[name], ".BlockChange.Areas", ".BlockChange.Sizes")
	}
	for _, name := range []string{"booking.held.v1", "refusal.recorded.v1"} {
		addedMembers[name] = append(addedMembers[name], ".Areas")
	}
	for _, name := range []string{"booking.seat_returned.v1", "booking.seat_refunded.v1"} {
		addedMembers[name] = append(addedMembers[name], ".Seat", ".Area", ".Place")
	}
}

var goldenArea = map[string]Fact{
	"area.held.v1": &AreaHeld{
		HoldID: "0198c0de-0000-7000-8000-000000000003.2", BookingID: "0198c0de-0000-7000-8000-000000000003",
		Holder: "ada \"<&>\"", Places: 3, AreaCounts: AreaCounts{Remaining: 390, Held: 7, Booked: 3}, ExpiresAt: moment, Terms: 4,
	},
	"area.extended.v1": &AreaExtended{HoldID: "b-3.2", ExpiresAt: moment,
		Intent: "0198c0de-0000-7000-8000-000000000009"},
	"area.booked.v1": &AreaBooked{HoldID: "b-3.2", BookingID: "b-3", Places: 3,
		AreaCounts: AreaCounts{Remaining: 390, Held: 4, Booked: 6}},
	"area.released.v1": &AreaReleased{HoldID: "b-3.2", Was: AreaIsBooked, Places: 1, Left: 2,
		Reason: ReleasedCancelled, AreaCounts: AreaCounts{Remaining: 391, Held: 4, Booked: 5}},
	"area.expired.v1": &AreaExpired{HoldID: "b-3.2", Places: 3,
		AreaCounts: AreaCounts{Remaining: 394, Held: 1, Booked: 5}, ExpiresAt: moment},
	"area.resized.v1": &AreaResized{Places: 350, AreaCounts: AreaCounts{Remaining: 344, Held: 1, Booked: 5}},
	"area.blocked.v1": &AreaBlocked{Label: "Größe <1>", Places: 20, Kept: 22,
		AreaCounts: AreaCounts{Remaining: 324, Held: 1, Booked: 5, Blocked: 20}, Change: 3},
	"area.unblocked.v1": &AreaUnblocked{Label: "Größe <1>", Places: 20,
		AreaCounts: AreaCounts{Remaining: 344, Held: 1, Booked: 5, Blocked: 2}, Change: 4, Undo: true},
}

// TestGoldenAreaBlocks checks facts of areas with the members for blocks and resizes.
func TestGoldenAreaBlocks(t *testing.T) {
	labelled := Labelled{Label: "press", OfLabel: 2}
	counts := AreaCounts{Remaining: 390, Held: 3, Booked: 6, Blocked: 20}
	change := BlockChange{Number: 3, Label: "press", Unblocks: true, Seats: []SeatName{"A-1-1"},
		Areas: []AreaPlaces{{"floor", 20}, {"yard", 1}}, Sizes: []AreaResize{{AreaPlaces{"floor", 300}, 419}}}
	edited := *goldenPerformance["performance.edited.v1"].(*PerformanceEdited)
	edited.Areas, edited.Change = []AreaPlaces{{"floor", 300}}, 4
	for file, fact := range map[string]Fact{
		"area.held.v1.label": &AreaHeld{HoldID: "b-3.2", BookingID: "b-3", Holder: "ada", Places: 3, AreaCounts: counts,
			ExpiresAt: moment, Terms: 4, Labelled: labelled},
		"area.booked.v1.blocked": &AreaBooked{HoldID: "b-3.2", BookingID: "b-3", Places: 3, AreaCounts: counts},
		"area.released.v1.label": &AreaReleased{HoldID: "b-3.2", Was: AreaIsBooked, Places: 3, Left: 1,
			Reason: ReleasedCancelled, AreaCounts: counts, Labelled: labelled},
		"area.expired.v1.label": &AreaExpired{HoldID: "b-3.2", Places: 3, AreaCounts: counts, ExpiresAt: moment,
			Labelled: labelled},
		"area.resized.v1.change":              &AreaResized{Places: 419, AreaCounts: counts, Change: 4},
		"area.resized.v1.undo":                &AreaResized{Places: 419, AreaCounts: counts, Change: 4, Undo: true},
		"performance.blocks_begun.v1.areas":   &BlocksBegun{BlockChange: change, Command: "k-1", More: true},
		"performance.blocks_changed.v1.areas": &BlocksChanged{BlockChange: change, More: true},
		"performance.edited.v1.areas":         &edited,
	} {
		checkLater(t, file, fact)
	}
}

// checkLater compares a fact with its golden file in testdata/later. The flag -write-new writes missing files.
func checkLater(t *testing.T, file string, fact Fact) {
	t.Helper()
	path := "testdata/later/" + file + ".json"
	if _, err := os.Stat(path); err != nil && *writeNew {
		if err := createGolden(path, AppendFact(nil, fact)); err != nil {
			t.Fatal(err)
		}
	}
	frozen, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	checkGolden(t, fact.Name(), fact, frozen)
}

// TestGoldenPlaces checks facts with places in areas.
func TestGoldenPlaces(t *testing.T) {
	held := *goldenBooking["booking.held.v1"].(*BookingHeld)
	held.Areas = []BookedPlaces{{Area: "floor", First: 1, Quantity: 2, PriceType: "adult", Price: 5000},
		{Area: "floor", First: 3, Quantity: 1, PriceType: "student", Price: 2500}}
	held.Amount += 12500
	refused := *goldenRefusal["refusal.recorded.v1"].(*RefusalRecorded)
	refused.Areas = []WantedPlaces{{Area: "floor", PriceType: "adult", Quantity: 2}, {Area: "floor", PriceType: "student", Quantity: 1}}
	returned := *goldenSeatReturn["booking.seat_returned.v1"].(*BookingSeatReturned)
	returned.Seat, returned.Area, returned.Place = "", "floor", 2
	refunded := *goldenSeatReturn["booking.seat_refunded.v1"].(*BookingSeatRefunded)
	refunded.Seat, refunded.Area, refunded.Place = "", "floor", 2
	for _, fact := range []Fact{&held, &refused, &returned, &refunded} {
		checkLater(t, fact.Name()+".areas", fact)
	}
}
