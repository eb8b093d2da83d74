package events

import (
	"os"
	"slices"
	"testing"
	"time"
)

func init() {
	addedMembers["performance.created.v1"] = append(slices.Clone(cancellation), ".SaleTimes.OpensAt", ".SaleTimes.ClosesAt",
		".Plan", ".CategoryPrices", ".CategoryPrices[].Type", ".CategoryPrices[].Restricted", ".Sections")
	addedMembers["performance.edited.v1"] = append(slices.Clone(cancellation), ".CategoryPrices",
		".CategoryPrices[].Type", ".CategoryPrices[].Restricted", ".Prices", ".Areas", ".Change")
	terms := []string{".SaleTerms.Terms", ".SaleTerms.HoldSeconds", ".SaleTerms.LimitPerHolder"}
	addedMembers["booking.held.v1"] = append(append(addedMembers["booking.held.v1"], cancellation...), terms...)
	addedMembers["booking.held.v1"] = append(addedMembers["booking.held.v1"], ".Seats[].PriceType")
	addedMembers["booking.payment_started.v1"] = append(addedMembers["booking.payment_started.v1"], terms...)
	addedMembers["booking.released.v1"] = []string{".Kept", ".Terms", ".Reason"}
	addedMembers["wallet.refunded.v1"] = []string{".RefundID"}
	addedMembers["seat.held.v1"] = append(addedMembers["seat.held.v1"], ".Terms")
	addedMembers["allowance.taken.v1"] = []string{".Terms"}
}

// TestGoldenSaleTerms checks performances with bounds of the sale, and facts that state the terms of a sale.
func TestGoldenSaleTerms(t *testing.T) {
	terms := SaleTerms{Terms: 7, HoldSeconds: 300, LimitPerHolder: 6}
	for file, fact := range map[string]Fact{
		"performance.created.v1.times": &PerformanceCreated{
			PerformanceID: "gala-2032", Title: "Winter gala", Venue: "Hall", StartsAt: moment.Add(time.Hour), HoldSeconds: 300,
			LimitPerHolder: 6, WaitingRoom: "gala-room",
			Sections:  []Section{{ID: "A", DisplayName: "Stalls", Rows: 20, SeatsPerRow: 30, Price: 9900}},
			SaleTimes: SaleTimes{OpensAt: moment, ClosesAt: moment.Add(time.Hour)},
		},
		"booking.held.v1.terms": &BookingHeld{BookingID: "b-4", PerformanceID: "gala-2032", Holder: "ada",
			Seats: []BookedSeat{{Seat: "A-1-1", Price: 9900}}, Amount: 9900, ExpiresAt: moment,
			ExtendableUntil: moment.Add(5 * time.Minute), Attempt: 1, SaleTerms: terms},
		"booking.payment_started.v1.terms": &BookingPaymentStarted{PaymentID: "b-4.2", Amount: 9900, Attempt: 2,
			Was: BookingIsExpired, SaleTerms: terms},
		"seat.held.v1.terms": &SeatHeld{HoldID: "b-4.1", BookingID: "b-4", Holder: "ada", Price: 9900, ExpiresAt: moment,
			FirstHeldAt: moment.Add(-time.Minute), Attempt: 1, Terms: 7},
		"allowance.taken.v1.terms": &AllowanceTaken{HoldID: "b-4.1", Seats: 2, Taken: 4, ExpiresAt: moment, Terms: 7},
	} {
		frozen, err := os.ReadFile("testdata/later/" + file + ".json")
		if err != nil {
			t.Fatal(err)
		}
		checkGolden(t, fact.Name(), fact, frozen)
	}
}

func init() { addGolden(goldenPerformance) }

var goldenPerformance = map[string]Fact{
	"performance.created.v1": &PerformanceCreated{
		PerformanceID: "gala-2031", Title: "Winter \"gala\" \\ größe\n\t\u0001 <b>&</b> \u2028🎻", Venue: "예술의전당",
		StartsAt: moment, HoldSeconds: 300, LimitPerHolder: 6, WaitingRoom: "gala-room",
		Sections: []Section{
			{ID: "A", DisplayName: "Stalls \"left\"", Rows: 20, SeatsPerRow: 30, Price: 9900},
			{ID: "B-2", DisplayName: "Balcony", Rows: 4, SeatsPerRow: 11, Price: 4500},
		},
	},
	"performance.edited.v1": &PerformanceEdited{
		Title: "Winter \"gala\", second night", Venue: "예술의전당", StartsAt: moment.Add(24 * time.Hour), HoldSeconds: 600,
		LimitPerHolder: 4, Prices: []SectionPrice{{"A", 9500}, {"B-2", 4000}},
		SaleTimes: SaleTimes{OpensAt: moment, ClosesAt: moment.Add(24 * time.Hour)},
	},
	"performance.opened.v1": &PerformanceOpened{OpensAt: moment},
	"performance.closed.v1": &PerformanceClosed{ClosesAt: moment.Add(time.Hour)},
}
