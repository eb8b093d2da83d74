package verify_test

import (
	"errors"
	"testing"
	"time"

	"admitone/events"
	"admitone/projections/logtest"
	"admitone/projections/verify"
)

var page = events.Checkout{SuccessURL: "https://shop.example/paid", CancelURL: "https://shop.example", Title: "Gala"}

// TestVerifierAcceptsAnIntent: an announced intent extends the hold of a seat, and its facts are in order.
func TestVerifierAcceptsAnIntent(t *testing.T) {
	const grace = 30 * time.Second
	for _, test := range []struct {
		name  string
		rule  verify.Rule // "" for none
		forge func(b *logtest.ForgedLog, stream, seat events.StreamID, hold events.HoldID)
	}{
		{"announced, opened and lapsed", "", func(b *logtest.ForgedLog, stream, seat events.StreamID, hold events.HoldID) {
			until := b.BookingModel.Now.Add(time.Hour)
			b.Add(seat, &events.SeatExtended{HoldID: hold, ExpiresAt: until.Add(grace), Intent: "i"})
			b.Add(stream, &events.BookingIntentOpened{Intent: "i"})
			b.Forgery.Now = until.Add(1)
			b.Add(stream, &events.BookingIntentEnded{Intent: "i", Reason: events.IntentLapsed, Status: events.BookingIsExpired,
				ExpiresAt: b.Bookings[stream.Entity()].Until})
		}},
		{"a seat held for a different intent", verify.RuleStay,
			func(b *logtest.ForgedLog, _, seat events.StreamID, hold events.HoldID) {
				b.Add(seat, &events.SeatExtended{HoldID: hold, ExpiresAt: b.BookingModel.Now.Add(time.Hour), Intent: "j"})
			}},
		{"a seat held longer than the intent", verify.RuleStay,
			func(b *logtest.ForgedLog, _, seat events.StreamID, hold events.HoldID) {
				b.Add(seat, &events.SeatExtended{HoldID: hold, ExpiresAt: b.BookingModel.Now.Add(time.Hour + grace + 1), Intent: "i"})
			}},
		{"a seat held longer without an intent", verify.RuleStay,
			func(b *logtest.ForgedLog, _, seat events.StreamID, hold events.HoldID) {
				b.Add(seat, &events.SeatExtended{HoldID: hold, ExpiresAt: b.BookingModel.Now.Add(time.Hour)})
			}},
		{"lapsed too early", verify.RuleDeadlines, func(b *logtest.ForgedLog, stream, _ events.StreamID, _ events.HoldID) {
			b.Add(stream, &events.BookingIntentEnded{Intent: "i", Reason: events.IntentLapsed, Status: events.BookingIsHeld,
				ExpiresAt: b.Bookings[stream.Entity()].Until})
		}},
		{"a page for an intent without one", verify.RuleBooking,
			func(b *logtest.ForgedLog, stream, _ events.StreamID, _ events.HoldID) {
				b.Add(stream, &events.BookingCheckoutMade{Intent: "i", Session: "cs", URL: "https://pay.example"})
			}},
		{"a page for an ended intent", verify.RuleBooking,
			func(b *logtest.ForgedLog, stream, _ events.StreamID, _ events.HoldID) {
				until := b.Bookings[stream.Entity()].Until
				ended := func(id events.IntentID) {
					b.Add(stream, &events.BookingIntentEnded{Intent: id, Reason: events.IntentEnded, Status: events.BookingIsHeld,
						ExpiresAt: until})
				}
				ended("i")
				b.Add(stream, &events.BookingIntentBegun{Intent: "j", Provider: "bank", Seconds: 60, Checkout: page,
					ExpiresAt: b.BookingModel.Now.Add(time.Minute)})
				ended("j")
				b.Add(stream, &events.BookingCheckoutMade{Intent: "j", Session: "cs", URL: "https://pay.example"})
			}},
		{"two pages for one intent", verify.RuleBooking,
			func(b *logtest.ForgedLog, stream, _ events.StreamID, _ events.HoldID) {
				b.Add(stream, &events.BookingIntentEnded{Intent: "i", Reason: events.IntentEnded, Status: events.BookingIsHeld,
					ExpiresAt: b.Bookings[stream.Entity()].Until})
				b.Add(stream, &events.BookingIntentBegun{Intent: "j", Provider: "bank", Seconds: 60, Checkout: page,
					ExpiresAt: b.BookingModel.Now.Add(time.Minute)})
				made := &events.BookingCheckoutMade{Intent: "j", Session: "cs", URL: "https://pay.example"}
				b.Add(stream, made, made)
			}},
		{"a wallet payment during the intent", verify.RuleBooking, func(b *logtest.ForgedLog, stream, _ events.StreamID, hold events.HoldID) {
			b.Add(stream, &events.BookingPaymentStarted{PaymentID: hold, Amount: 5, Attempt: 1, Was: events.BookingIsAwaiting})
		}},
		{"a second intent during the first", verify.RuleBooking, func(b *logtest.ForgedLog, stream, _ events.StreamID, _ events.HoldID) {
			b.Add(stream, &events.BookingIntentBegun{Intent: "j", Provider: "bank", Seconds: 1, ExpiresAt: b.BookingModel.Now})
		}},
	} {
		b := logtest.NewForgedLog()
		b.Open("a")
		b.Book("a", "ada", []string{"A-1-1"})
		for id := range b.Bookings {
			stream := events.NewStreamID(events.BookingCategory, id)
			b.Add(stream, &events.BookingIntentBegun{Intent: "i", Provider: "bank", Seconds: 3600,
				ExpiresAt: b.BookingModel.Now.Add(time.Hour)})
			test.forge(b, stream, logtest.SeatStream("a", "A-1-1"), events.NewHoldID(events.BookingID(id), 1))
		}
		err := verifyAll(b.Log)
		var v *verify.Violation
		if errors.As(err, &v) != (test.rule != "") || v != nil && (v.Rule != test.rule || v.Position != b.Log[len(b.Log)-1].Position) {
			t.Errorf("%s: %v; want a violation of %q at the last event", test.name, err, test.rule)
		}
	}
}
