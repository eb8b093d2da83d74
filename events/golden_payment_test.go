package events

import (
	"os"
	"testing"
)

func init() {
	addGolden(goldenPayment)
	for _, name := range []string{"booking.payment_started.v1", "booking.booked.v1", "booking.payment_failed.v1"} {
		addedMembers[name] = append(addedMembers[name], ".Payment")
	}
	addedMembers["payment.refunded.v1"] = []string{".Reason"}
}

var goldenPayment = map[string]Fact{
	"payment.received.v1": &PaymentReceived{Provider: "bank", Reference: "pi_3", Amount: 14400, Currency: "EUR",
		Expected: 14500, ExpectedCurrency: "KWD",
		PaymentSubject: PaymentSubject{BookingID: "b-3", ProductID: "tee", ReservationID: "0198c0de-0000-7000-8000-000000000005"}},
	"payment.booked.v1": &PaymentBooked{Amount: 14400, PaymentID: "b-3.1~2"},
	"payment.owed.v1": &PaymentOwed{RefundID: "0198c0de-0000-5000-8000-000000000006", Cause: OwedLate,
		Amount: 14400},
	"payment.returned.v1": &PaymentReturned{RefundID: "0198c0de-0000-5000-8000-000000000007", Cause: OwedSeatReturned,
		Amount: 4000, Kept: 800},
	"payment.refunded.v1": &PaymentRefunded{RefundID: "0198c0de-0000-5000-8000-000000000007", Amount: 4000,
		Reference: "re_7"},
	"payment.refund_asked.v1": &PaymentRefundAsked{RefundID: "0198c0de-0000-5000-8000-000000000007"},
	"payment.refund_failed.v1": &PaymentRefundFailed{RefundID: "0198c0de-0000-5000-8000-000000000007",
		Failure: RefundDeclined, Reference: "re_7", Amount: 4000},
	"settlement.claimed.v1": &SettlementClaimed{Provider: "bank", Reference: "re_7",
		RefundID: "0198c0de-0000-5000-8000-000000000007"},
}

// TestGoldenRefundWithReason checks a refund that an organiser settled although the provider had been requested to
// pay it.
func TestGoldenRefundWithReason(t *testing.T) {
	frozen, err := os.ReadFile("testdata/later/payment.refunded.v1.reason.json")
	if err != nil {
		t.Fatal(err)
	}
	checkGolden(t, "payment.refunded.v1", &PaymentRefunded{RefundID: "0198c0de-0000-5000-8000-000000000007", Amount: 4000,
		Reference: "re_7", Reason: "the account is closed"}, frozen)
}

// TestGoldenExternalPayment checks facts of bookings that name an external payment.
func TestGoldenExternalPayment(t *testing.T) {
	for name, want := range map[string]Fact{
		"booking.payment_started.v1": &BookingPaymentStarted{PaymentID: "b-3.2~3", Amount: 14400, Attempt: 2,
			Was: BookingIsExpired, Payment: "payment-bank~00ff"},
		"booking.booked.v1": &BookingBooked{PaymentID: "b-3.2~3", Amount: 14400, Payment: "payment-bank~00ff"},
		"booking.payment_failed.v1": &BookingPaymentFailed{PaymentID: "b-3.2~3", Reason: FailedLate,
			Status: BookingIsExpired, ExpiresAt: moment, Payment: "payment-bank~00ff"},
	} {
		frozen, err := os.ReadFile("testdata/later/" + name + ".payment.json")
		if err != nil {
			t.Fatal(err)
		}
		checkGolden(t, name, want, frozen)
	}
}
