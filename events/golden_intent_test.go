package events

import (
	"os"
	"testing"
)

func init() {
	addGolden(goldenIntent)
	addedMembers["seat.extended.v1"] = append(addedMembers["seat.extended.v1"], ".Intent")
}

var goldenIntent = map[string]Fact{
	"booking.intent_begun.v1": &BookingIntentBegun{Intent: "0198c0de-0000-7000-8000-000000000008", Provider: "bank",
		Seconds: 1800, ExpiresAt: moment},
	"booking.intent_opened.v1": &BookingIntentOpened{Intent: "0198c0de-0000-7000-8000-000000000008"},
	"booking.intent_ended.v1": &BookingIntentEnded{Intent: "0198c0de-0000-7000-8000-000000000008",
		Reason: IntentLapsed, Status: BookingIsExpired, ExpiresAt: moment},
}

// TestSeatExtendedForIntent decodes an extension that names an intent.
func TestSeatExtendedForIntent(t *testing.T) {
	frozen, err := os.ReadFile("testdata/later/seat.extended.v1.intent.json")
	if err != nil {
		t.Fatal(err)
	}
	checkGolden(t, "seat.extended.v1", &SeatExtended{HoldID: "b-3.1", ExpiresAt: moment, Intent: "i-1"}, frozen)
}
