package booking

import (
	"reflect"
	"testing"

	"admitone/actors/core/coretest"
	"admitone/events"
)

func TestState(t *testing.T) {
	b := New().(*Booking)
	facts, _ := b.Decide(hold(), day)
	b.Evolve(facts[0])
	want := State{
		ID:              "b",
		PerformanceID:   "gala",
		Holder:          "ann",
		Seats:           hold().Seats,
		Amount:          150,
		Status:          events.BookingIsHeld,
		ExpiresAt:       day.Add(60 * s),
		ExtendableUntil: day.Add(120 * s),
		Attempt:         1,
	}
	got := b.State()
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got state %+v, want %+v", got, want)
	}
	if got.HoldID() != "b.1" || !b.Exists() {
		t.Errorf("got hold %q, exists %t; want b.1, true", got.HoldID(), b.Exists())
	}
	if next := b.NextDeadline(); !next.Equal(want.ExpiresAt) {
		t.Errorf("got next deadline %v, want %v", next, want.ExpiresAt)
	}
}

// TestImpossibleFacts checks that the core panics on facts that contradict its state.
func TestImpossibleFacts(t *testing.T) {
	held := func() *events.BookingHeld {
		return &events.BookingHeld{
			BookingID: "b",
			Holder:    "ann",
			Seats:     hold().Seats,
			Amount:    150,
			ExpiresAt: day,
			Attempt:   1,
		}
	}
	wrong := held()
	wrong.Amount = 149
	started := &events.BookingPaymentStarted{PaymentID: "b.1", Amount: 150, Attempt: 1, Was: events.BookingIsHeld}
	late := &events.BookingPaymentStarted{PaymentID: "b.2", Amount: 150, Attempt: 2, Was: events.BookingIsExpired}
	booked := &events.BookingBooked{PaymentID: "b.1", Amount: 150}
	second, closed := held(), func(attempt int64) events.Fact { return &events.BookingAbandoned{BookingID: "b", Attempt: attempt} }
	second.Attempt = 2
	failed := &events.BookingPaymentFailed{PaymentID: "b.1", Status: events.BookingIsHeld}
	expired := &events.BookingExpired{}
	externalStarted := &events.BookingPaymentStarted{PaymentID: "b.1", Amount: 150, Attempt: 1, Was: events.BookingIsHeld,
		Payment: "payment-bank~x"}
	for name, facts := range map[string][]events.Fact{
		"held twice":                   {held(), held()},
		"held under a closed attempt":  {closed(1), held()},
		"held under a later attempt":   {second},
		"held twice, second attempt":   {closed(1), second, second},
		"closed twice":                 {closed(1), closed(1)},
		"closed out of order":          {closed(2)},
		"closed though held":           {held(), closed(1)},
		"closed after its hold":        {held(), closed(2)},
		"wrong amount":                 {wrong},
		"booked unpaid":                {held(), booked},
		"booked twice":                 {held(), started, booked, booked},
		"booked for less":              {held(), started, &events.BookingBooked{PaymentID: "b.1", Amount: 149}},
		"booked by another payment":    {held(), started, &events.BookingBooked{PaymentID: "b.2", Amount: 150}},
		"paid twice concurrently":      {held(), started, started},
		"paid though booked":           {held(), started, booked, started},
		"wrong payment id":             {held(), &events.BookingPaymentStarted{PaymentID: "c.1", Amount: 150, Attempt: 1, Was: events.BookingIsHeld}},
		"attempt skipped":              {held(), expired, &events.BookingPaymentStarted{PaymentID: "b.3", Amount: 150, Attempt: 3, Was: events.BookingIsExpired}},
		"late before expiry":           {held(), late},
		"booked late without seats":    {held(), expired, late, &events.BookingBooked{PaymentID: "b.2", Amount: 150}},
		"retaken in time":              {held(), started, &events.BookingRetaken{Attempt: 1}},
		"held after a late payment":    {held(), expired, late, &events.BookingPaymentFailed{PaymentID: "b.2", Status: events.BookingIsHeld}},
		"failed without a payment":     {held(), failed},
		"expired while paying":         {held(), started, expired},
		"extended twice":               {held(), &events.BookingExtended{ExpiresAt: day}, &events.BookingExtended{ExpiresAt: day}},
		"released while paying":        {held(), started, &events.BookingReleased{Was: events.BookingIsPaying}},
		"released from another status": {held(), &events.BookingReleased{Was: events.BookingIsBooked}},
		"refunded, not released":       {held(), started, booked, &events.BookingRefunded{PaymentID: "b.1", Amount: 150}},
		"refunded, never booked":       {held(), &events.BookingReleased{Was: events.BookingIsHeld}, &events.BookingRefunded{PaymentID: "b.1", Amount: 150}},
		"refunded more than debited":   {held(), started, booked, &events.BookingReleased{Was: events.BookingIsBooked}, &events.BookingRefunded{PaymentID: "b.1", Amount: 151}},
		"wallet payment delayed":       {held(), started, &events.BookingPaymentDelayed{PaymentID: "b.1", Attempt: 2}},
		"delayed under an old attempt": {held(), externalStarted, &events.BookingPaymentDelayed{PaymentID: "b.1", Attempt: 1}},
		"booked by another source":     {held(), externalStarted, booked},
		"external payment used twice": {held(), externalStarted, &events.BookingPaymentFailed{PaymentID: "b.1",
			Status: events.BookingIsExpired, Payment: "payment-bank~x"}, &events.BookingPaymentStarted{PaymentID: "b.2~2", Amount: 150,
			Attempt: 2, Was: events.BookingIsExpired, Payment: "payment-bank~x"}},
		"fact of another category": {&events.ProductReserved{}},
	} {
		t.Run(name, func(t *testing.T) { coretest.RequirePanic(t, New(), facts...) })
	}
}
