package events

import (
	"os"
	"testing"
	"time"
)

// cancellation has the members of a cancellation policy, for addedMembers.
var cancellation = []string{".Cancellation.RefundPercent", ".Cancellation.Until"}

// TestGoldenCancellations checks facts with a cancellation policy, or with the result of applying one.
func TestGoldenCancellations(t *testing.T) {
	policy := Cancellation{Until: moment.Add(-time.Hour), RefundPercent: 50}
	for file, fact := range map[string]Fact{
		"performance.created.v1.cancellation": &PerformanceCreated{PerformanceID: "gala-2033", Title: "Gala", Venue: "Hall",
			StartsAt: moment.Add(time.Hour), HoldSeconds: 300, LimitPerHolder: 6, WaitingRoom: "gala-room",
			Sections:  []Section{{ID: "A", DisplayName: "Stalls", Rows: 20, SeatsPerRow: 30, Price: 9900}},
			SaleTimes: SaleTimes{OpensAt: moment, ClosesAt: moment.Add(time.Hour)}, Cancellation: policy},
		"performance.edited.v1.cancellation": &PerformanceEdited{Title: "Gala", Venue: "Hall",
			StartsAt: moment.Add(24 * time.Hour), HoldSeconds: 600, LimitPerHolder: 4, Prices: []SectionPrice{{"A", 9500}},
			SaleTimes: SaleTimes{OpensAt: moment, ClosesAt: moment.Add(24 * time.Hour)}, Cancellation: policy},
		"booking.held.v1.cancellation": &BookingHeld{BookingID: "b-5", PerformanceID: "gala-2033", Holder: "ada",
			Seats: []BookedSeat{{Seat: "A-1-1", Price: 9900}}, Amount: 9900, ExpiresAt: moment,
			ExtendableUntil: moment.Add(5 * time.Minute), Attempt: 1,
			SaleTerms: SaleTerms{Terms: 7, HoldSeconds: 300, LimitPerHolder: 6}, Cancellation: policy},
		"booking.released.v1.kept": &BookingReleased{Was: BookingIsBooked, RefundID: "b-5.1", Kept: 4950, Terms: 7,
			Reason: "the lift was out of order"},
		"wallet.refunded.v1.part": &WalletRefunded{PaymentID: "b-5.1", BookingID: "b-5", Amount: 4950, Balance: 5950,
			RefundID: ReleaseRefund("b-5.1")},
	} {
		frozen, err := os.ReadFile("testdata/later/" + file + ".json")
		if err != nil {
			t.Fatal(err)
		}
		checkGolden(t, fact.Name(), fact, frozen)
	}
}
