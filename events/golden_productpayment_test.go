package events

import (
	"os"
	"slices"
	"testing"
	"time"
)

func init() {
	addGolden(goldenProductPayment)
	for name, members := range map[string][]string{
		"product.created.v2": cancellation, "product.edited.v2": cancellation,
		"product.reserved.v1":              append([]string{".Price"}, cancellation...),
		"product.held.v1":                  append([]string{".Price"}, cancellation...),
		"product.reservation_cancelled.v1": {".Payment"},
		"product.confirmed.v1":             {".Payment"}, "product.released.v1": {".Payment", ".Kept", ".Reason"},
	} {
		addedMembers[name] = append(slices.Clip(addedMembers[name]), members...)
	}
}

var (
	halfRefund = Cancellation{Until: moment.Add(-time.Hour), RefundPercent: 50}
	bankStream = PaymentStream("bank", "x")
)

const soldID ReservationID = "0198c0de-0000-7000-8000-000000000009"

var goldenProductPayment = map[string]Fact{
	"product.retaken.v1": &ProductRetaken{ReservationID: soldID, Holder: "ada \"<&>\"", Quantity: 3, Price: 900,
		Cancellation: halfRefund, ExpiresAt: moment, Payment: bankStream, Remaining: 4, OrderRevision: 7},
	"product.paid.v1": &ProductPaid{ReservationID: soldID, Holder: "ada \"<&>\"", Quantity: 3, Payment: bankStream,
		Remaining: 4, OrderRevision: 7},
	"product.payment_failed.v1": &ProductPaymentFailed{ReservationID: soldID, Holder: "ada \"<&>\"", Quantity: 3,
		Price: 900, Cancellation: halfRefund, ExpiresAt: moment, Payment: bankStream, Reason: FailedLimit, Remaining: 4,
		OrderRevision: 7},
}

// TestGoldenProductPayments checks facts of products with prices, cancellation policies and payments.
func TestGoldenProductPayments(t *testing.T) {
	for file, fact := range map[string]Fact{
		"product.created.v2.cancellation": &ProductCreated{ProductID: "tee", DisplayName: "Tee", Stock: 9, Price: 900,
			LimitPerHolder: 2, HoldSeconds: 300, WaitingRoom: "r", SaleTimes: SaleTimes{OpensAt: moment,
				ClosesAt: moment.Add(time.Hour)}, Cancellation: halfRefund},
		"product.edited.v2.cancellation": &ProductEdited{DisplayName: "Tee", Stock: 9, Price: 900, LimitPerHolder: 2,
			WaitingRoom: "r", Remaining: 9, SaleTimes: SaleTimes{OpensAt: moment, ClosesAt: moment.Add(time.Hour)},
			Cancellation: halfRefund},
		"product.reserved.v1.cancellation": &ProductReserved{ReservationID: soldID, Holder: "ada", Quantity: 3, Remaining: 6,
			Price: 900, Cancellation: halfRefund, OrderData: orderData},
		"product.held.v1.cancellation": &ProductHeld{ReservationID: soldID, Holder: "ada", Quantity: 3, Remaining: 6,
			ExpiresAt: moment, Price: 900, Cancellation: halfRefund, OrderData: orderData},
		"product.confirmed.v1.payment": &ProductConfirmed{ReservationID: soldID, Holder: "ada", Quantity: 3, Remaining: 6,
			OrderRevision: 7, Payment: bankStream},
		"product.reservation_cancelled.v1.payment": &ProductReservationCancelled{ReservationID: soldID, Holder: "ada",
			Quantity: 3, Was: ReservationConfirmed, Remaining: 9, OrderRevision: 7, Payment: bankStream},
		"product.released.v1.payment": &ProductReleased{ReservationID: soldID, Holder: "ada", Quantity: 3,
			Was: ReservationConfirmed, Remaining: 9, OrderRevision: 7, Payment: bankStream, Kept: 1350,
			Reason: "the lift was out of order"},
	} {
		path := "testdata/later/" + file + ".json"
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
