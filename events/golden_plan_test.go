package events

import (
	"os"
	"testing"
	"time"
)

func init() { addGolden(goldenPlan) }

var goldenPlan = map[string]Fact{
	"plan.part_added.v1": &PlanPartAdded{PlanID: "opera", Offset: 24000,
		Digest: "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08", Text: `"name":"Große Bühne",`},
	"plan.sealed.v1": &PlanSealed{PlanID: "opera", Digest: "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
		Bytes: 1200345, DisplayName: "Opera", Seats: 2300, Places: 400},
}

// TestGoldenPerformanceWithPlan checks performances with a seating plan and its prices.
func TestGoldenPerformanceWithPlan(t *testing.T) {
	prices := []CategoryPrice{{Category: "Stalls", Type: "adult", Amount: 5000},
		{Category: "Stalls", Type: "press \"ü\"", Amount: 100, Restricted: true}, {Category: "Floor", Amount: 900}}
	policy := Cancellation{Until: moment.Add(-time.Hour), RefundPercent: 50}
	for file, fact := range map[string]Fact{
		"performance.created.v1.plan": &PerformanceCreated{PerformanceID: "gala-2034", Title: "Gala", Venue: "Hall",
			StartsAt: moment.Add(time.Hour), HoldSeconds: 300, LimitPerHolder: 6, WaitingRoom: "gala-room", Sections: []Section{},
			SaleTimes: SaleTimes{OpensAt: moment, ClosesAt: moment.Add(time.Hour)}, Cancellation: policy, Plan: "opera",
			CategoryPrices: prices},
		"booking.held.v1.types": &BookingHeld{BookingID: "b-6", PerformanceID: "gala-2034", Holder: "ada",
			Seats: []BookedSeat{{Seat: "Rang links-1-3b", Price: 3000, PriceType: "student"}}, Amount: 3000, ExpiresAt: moment,
			ExtendableUntil: moment.Add(5 * time.Minute), Attempt: 1, Cancellation: policy,
			SaleTerms: SaleTerms{Terms: 7, HoldSeconds: 300, LimitPerHolder: 6}},
		"performance.edited.v1.plan": &PerformanceEdited{Title: "Gala", Venue: "Hall", StartsAt: moment.Add(24 * time.Hour),
			HoldSeconds: 600, LimitPerHolder: 4, Prices: []SectionPrice{}, Cancellation: policy,
			SaleTimes: SaleTimes{OpensAt: moment, ClosesAt: moment.Add(24 * time.Hour)}, CategoryPrices: prices},
	} {
		path := "testdata/later/" + file + ".json"
		if *writeNew {
			if err := createGolden(path, AppendFact(nil, fact)); err != nil && !os.IsExist(err) {
				t.Fatal(err)
			}
		}
		frozen, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		checkGolden(t, fact.Name(), fact, frozen)
	}
}
