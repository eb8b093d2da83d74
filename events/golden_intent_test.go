package events

import (
	"os"
	"testing"
)

func init() {
	addGolden(goldenIntent)
	addedMembers["seat.extended.v1"] = append(addedMembers["seat.extended.v1"], ".Intent")
	addedMembers["booking.intent_begun.v1"] = append(addedMembers["booking.intent_begun.v1"], ".Checkout.SuccessURL",
		".Checkout.CancelURL", ".Checkout.Title")
}

var goldenIntent = map[string]Fact{
	"booking.intent_begun.v1": &BookingIntentBegun{Intent: "0198c0de-0000-7000-8000-000000000008", Provider: "bank",
		Seconds: 1800, ExpiresAt: moment},
	"booking.intent_opened.v1": &BookingIntentOpened{Intent: "0198c0de-0000-7000-8000-000000000008"},
	"booking.intent_ended.v1": &BookingIntentEnded{Intent: "0198c0de-0000-7000-8000-000000000008",
		Reason: IntentLapsed, Status: BookingIsExpired, ExpiresAt: moment},
	"booking.checkout_made.v1": &BookingCheckoutMade{Intent: "0198c0de-0000-7000-8000-000000000008", Session: "cs_1",
		URL: "https://pay.example/c/cs_1"},
}

// TestGoldenSeatExtendedForIntent checks an extension that names an intent.
func TestGoldenSeatExtendedForIntent(t *testing.T) {
	frozen, err := os.ReadFile("testdata/later/seat.extended.v1.intent.json")
	if err != nil {
		t.Fatal(err)
	}
	checkGolden(t, "seat.extended.v1", &SeatExtended{HoldID: "b-3.1", ExpiresAt: moment, Intent: "i-1"}, frozen)
}

// TestGoldenIntentWithCheckout checks an intent with a payment page.
func TestGoldenIntentWithCheckout(t *testing.T) {
	frozen, err := os.ReadFile("testdata/later/booking.intent_begun.v1.checkout.json")
	if err != nil {
		t.Fatal(err)
	}
	checkGolden(t, "booking.intent_begun.v1", &BookingIntentBegun{Intent: "i-1", Provider: "bank", Seconds: 1920,
		ExpiresAt: moment, Checkout: Checkout{SuccessURL: "https://shop.example/paid", CancelURL: "https://shop.example/back",
			Title: "Gala"}}, frozen)
}
