package logtest

import (
	"time"

	"admitone/events"
)

// ProductFacts returns the facts of a product's stream in which every basic fact occurs.
func ProductFacts() []events.Fact {
	until := time.Unix(1_800_000_000, 0).UTC()
	return []events.Fact{
		&events.ProductCreated{ProductID: "a", DisplayName: "A", Stock: 10, Price: 5, LimitPerHolder: 4, HoldSeconds: 300},
		&events.ProductReserved{ReservationID: "r1", Holder: "h1", Quantity: 2, Remaining: 8},
		&events.ProductHeld{ReservationID: "r2", Holder: "h2", Quantity: 3, ExpiresAt: until, Remaining: 5},
		&events.ProductHeld{ReservationID: "r3", Holder: "h3", Quantity: 1, ExpiresAt: until, Remaining: 4},
		&events.ProductHeld{ReservationID: "r4", Holder: "h4", Quantity: 1, ExpiresAt: until, Remaining: 3},
		&events.ProductConfirmed{ReservationID: "r2", Holder: "h2", Quantity: 3, Remaining: 3},
		&events.ProductReleased{ReservationID: "r1", Holder: "h1", Quantity: 2, Was: events.ReservationConfirmed,
			Remaining: 5},
		&events.ProductReleased{ReservationID: "r3", Holder: "h3", Quantity: 1, Was: events.ReservationHeld, Remaining: 6},
		&events.ProductExpired{Expired: []events.ExpiredHold{{ReservationID: "r4", Holder: "h4", Quantity: 1,
			ExpiresAt: until}}, Quantity: 1, Remaining: 7},
		&events.ProductEdited{DisplayName: "B", Stock: 20, Price: 6, LimitPerHolder: 0, Remaining: 17,
			SaleTimes: events.SaleTimes{OpensAt: until, ClosesAt: until.Add(time.Hour)}},
		&events.ProductOpened{OpensAt: until, Remaining: 17},
		&events.ProductClosed{ClosesAt: until.Add(time.Hour), Remaining: 17},
	}
}
