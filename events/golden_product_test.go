package events

import (
	"os"
	"testing"
	"time"
)

func init() {
	added := []string{".SaleTimes.OpensAt", ".SaleTimes.ClosesAt"}
	addedMembers["product.created.v2"], addedMembers["product.edited.v2"] = added, added
}

// TestGoldenProductSaleTimes checks products with bounds of the sale.
func TestGoldenProductSaleTimes(t *testing.T) {
	times := SaleTimes{OpensAt: moment, ClosesAt: moment.Add(time.Hour)}
	for name, fact := range map[string]Fact{
		"product.created.v2": &ProductCreated{ProductID: "shirt-3", DisplayName: "Tour shirt", Stock: 5000, Price: 2500,
			LimitPerHolder: 4, HoldSeconds: 300, WaitingRoom: "sale-2031", SaleTimes: times},
		"product.edited.v2": &ProductEdited{DisplayName: "Tour shirt", Stock: 6000, Price: 2600, LimitPerHolder: 3,
			WaitingRoom: "sale-2031", Remaining: 1017, SaleTimes: times},
	} {
		frozen, err := os.ReadFile("testdata/later/" + name + ".times.json")
		if err != nil {
			t.Fatal(err)
		}
		checkGolden(t, name, fact, frozen)
	}
}

// moment has nanoseconds, to detect a codec that drops them.
var moment = time.Date(2031, time.February, 3, 20, 0, 3, 123456789, time.UTC)

func init() { addGolden(goldenProduct) }

// goldenProduct has strings that JSON must escape.
var goldenProduct = map[string]Fact{
	"product.created.v1": &ProductCreated{
		ProductID: "shirt-1", DisplayName: "Tour \"shirt\" \\ größe M\n\t\u0001 <b>&</b> \u2028🎫",
		Stock: 5000, Price: 2500, LimitPerHolder: 4, HoldSeconds: 300,
	},
	"product.edited.v1": &ProductEdited{
		DisplayName: "Tour shirt", Stock: 6000, Price: 2600, LimitPerHolder: 3, Remaining: 1017,
	},
	"product.created.v2": &ProductCreated{
		ProductID: "shirt-2", DisplayName: "Tour \"shirt\" \\ größe L\n\t\u0001 <b>&</b> \u2028🎫",
		Stock: 5000, Price: 2500, LimitPerHolder: 4, HoldSeconds: 300, WaitingRoom: "sale-2031",
	},
	"product.edited.v2": &ProductEdited{
		DisplayName: "Tour shirt", Stock: 6000, Price: 2600, LimitPerHolder: 3, WaitingRoom: "sale-2031", Remaining: 1017,
	},
	"product.reserved.v1": &ProductReserved{
		ReservationID: "0198c0de-0000-7000-8000-000000000001", Holder: "ada", Quantity: 2, Remaining: 4998,
	},
	"product.held.v1": &ProductHeld{
		ReservationID: "0198c0de-0000-7000-8000-000000000002", Holder: "grace", Quantity: 1,
		ExpiresAt: moment, Remaining: 4997,
	},
	"product.confirmed.v1": &ProductConfirmed{
		ReservationID: "0198c0de-0000-7000-8000-000000000002", Holder: "grace", Quantity: 1, Remaining: 4997,
	},
	"product.released.v1": &ProductReleased{
		ReservationID: "0198c0de-0000-7000-8000-000000000002", Holder: "grace", Quantity: 1,
		Was: ReservationConfirmed, Remaining: 4998,
	},
	"product.expired.v1": &ProductExpired{
		Expired: []ExpiredHold{
			{ReservationID: "r-1", Holder: "alan", Quantity: 2, ExpiresAt: moment},
			{ReservationID: "r-2", Holder: "edsger", Quantity: 1, ExpiresAt: moment.Add(time.Second)},
		},
		Quantity: 3, Remaining: 5001,
	},
	"product.opened.v1": &ProductOpened{OpensAt: moment, Remaining: 5001},
	"product.closed.v1": &ProductClosed{ClosesAt: moment, Remaining: 17},
}
