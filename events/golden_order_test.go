package events

import (
	"os"
	"testing"
)

func init() {
	addGolden(goldenOrder)
	data := []string{".OrderData.Reference", ".OrderData.Metadata"}
	for _, name := range []string{"product.reserved.v1", "product.held.v1", "booking.held.v1", "tournament.entered.v1",
		"tournament.waitlisted.v1"} {
		addedMembers[name] = append(addedMembers[name], data...)
	}
	for _, name := range []string{"product.confirmed.v1", "product.released.v1"} {
		addedMembers[name] = append(addedMembers[name], ".OrderRevision")
	}
}

var goldenOrder = map[string]Fact{
	"booking.annotated.v1": &BookingAnnotated{
		BookingID: "0198c0de-0000-7000-8000-000000000003", OrderData: orderData,
	},
	"product.reservation_annotated.v1": &ProductReservationAnnotated{
		ReservationID: "0198c0de-0000-7000-8000-000000000002", Holder: "grace", Quantity: 1, Status: ReservationHeld,
		ExpiresAt: moment, Remaining: 4997, OrderRevision: 17, OrderData: orderData,
	},
}

// orderData has names and values that JSON must escape.
var orderData = OrderData{Reference: "R-2031/0042 \"größe\"", Metadata: []MetadataPair{
	{Name: "channel", Value: "box office\n\t\u0001 <b>&</b> \u2028🎫"}, {Name: "quote\"", Value: "\\"}}}

// TestGoldenOrderData checks facts with order data.
func TestGoldenOrderData(t *testing.T) {
	held := *goldenBooking["booking.held.v1"].(*BookingHeld)
	held.OrderData = orderData
	reserved := *goldenProduct["product.reserved.v1"].(*ProductReserved)
	reserved.OrderData = orderData
	unitsHeld := *goldenProduct["product.held.v1"].(*ProductHeld)
	unitsHeld.OrderData = orderData
	confirmed := *goldenProduct["product.confirmed.v1"].(*ProductConfirmed)
	confirmed.OrderRevision = 17
	released := *goldenProduct["product.released.v1"].(*ProductReleased)
	released.OrderRevision = 17
	entered := *goldenTournament["tournament.entered.v1"].(*TournamentEntered)
	entered.OrderData = orderData
	waitlisted := *goldenTournament["tournament.waitlisted.v1"].(*TournamentWaitlisted)
	waitlisted.OrderData = orderData
	for _, fact := range []Fact{&held, &reserved, &unitsHeld, &confirmed, &released, &entered, &waitlisted} {
		path := "testdata/later/" + fact.Name() + ".order.json"
		if _, err := os.Stat(path); err != nil && *writeNew {
			if err := createGolden(path, AppendFact(nil, fact)); err != nil {
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
