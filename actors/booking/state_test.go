package booking

import (
	"reflect"
	"testing"

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
	if got := b.State(); !reflect.DeepEqual(got, want) || got.HoldID() != "b.1" || !b.Exists() ||
		!b.NextDeadline().Equal(want.ExpiresAt) {
		t.Errorf("the state is %+v, want %+v", got, want)
	}
}

// TestImpossibleFacts: the core panics on facts that contradict its state.
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
	outsideStarted := &events.BookingPaymentStarted{PaymentID: "b.1", Amount: 150, Attempt: 1, Was: events.BookingIsHeld,
		Payment: "payment-bank~x"}
	for name, facts := range map[string][]events.Fact{
		"held twice":                   {held(), held()},
		"held under a closed attempt":  {closed(1), held()},
		"held ahead of its attempt":    {second},
		"held again":                   {closed(1), second, second},
		"closed twice":                 {closed(1), closed(1)},
		"closed out of order":          {closed(2)},
		"closed though held":           {held(), closed(1)},
		"closed after its hold":        {held(), closed(2)},
		"a wrong sum":                  {wrong},
		"booked unpaid":                {held(), booked},
		"booked twice":                 {held(), started, booked, booked},
		"booked for less":              {held(), started, &events.BookingBooked{PaymentID: "b.1", Amount: 149}},
		"another payment booked":       {held(), started, &events.BookingBooked{PaymentID: "b.2", Amount: 150}},
		"paid twice at once":           {held(), started, started},
		"paid though booked":           {held(), started, booked, started},
		"a wrong payment id":           {held(), &events.BookingPaymentStarted{PaymentID: "c.1", Amount: 150, Attempt: 1, Was: events.BookingIsHeld}},
		"an attempt left out":          {held(), expired, &events.BookingPaymentStarted{PaymentID: "b.3", Amount: 150, Attempt: 3, Was: events.BookingIsExpired}},
		"late in time":                 {held(), late},
		"booked late without seats":    {held(), expired, late, &events.BookingBooked{PaymentID: "b.2", Amount: 150}},
		"retaken in time":              {held(), started, &events.BookingRetaken{Attempt: 1}},
		"held again late":              {held(), expired, late, &events.BookingPaymentFailed{PaymentID: "b.2", Status: events.BookingIsHeld}},
		"failed unpaid":                {held(), failed},
		"expired while paying":         {held(), started, expired},
		"extended twice":               {held(), &events.BookingExtended{ExpiresAt: day}, &events.BookingExtended{ExpiresAt: day}},
		"released while paying":        {held(), started, &events.BookingReleased{Was: events.BookingIsPaying}},
		"released from another status": {held(), &events.BookingReleased{Was: events.BookingIsBooked}},
		"refunded without release":     {held(), started, booked, &events.BookingRefunded{PaymentID: "b.1", Amount: 150}},
		"refunded, but never booked":   {held(), &events.BookingReleased{Was: events.BookingIsHeld}, &events.BookingRefunded{PaymentID: "b.1", Amount: 150}},
		"refunded more than debited":   {held(), started, booked, &events.BookingReleased{Was: events.BookingIsBooked}, &events.BookingRefunded{PaymentID: "b.1", Amount: 151}},
		"delayed, of a wallet":         {held(), started, &events.BookingPaymentDelayed{PaymentID: "b.1", Attempt: 2}},
		"delayed under an old attempt": {held(), outsideStarted, &events.BookingPaymentDelayed{PaymentID: "b.1", Attempt: 1}},
		"booked by another source":     {held(), outsideStarted, booked},
		"an id used again": {held(), outsideStarted, &events.BookingPaymentFailed{PaymentID: "b.1",
			Status: events.BookingIsExpired, Payment: "payment-bank~x"}, &events.BookingPaymentStarted{PaymentID: "b.2~2", Amount: 150,
			Attempt: 2, Was: events.BookingIsExpired, Payment: "payment-bank~x"}},
		"a fact of a product": {&events.ProductReserved{}},
	} {
		t.Run(name, func(t *testing.T) {
			b := New()
			defer func() {
				if recover() == nil {
					t.Errorf("the impossible fact was accepted: %+v", b)
				}
			}()
			for _, fact := range facts {
				b.Evolve(fact)
			}
		})
	}
}
