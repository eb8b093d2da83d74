package row

import (
	"reflect"
	"testing"
	"time"

	"admitone/events"
)

// TestPayment tests the fold of a payment, its record and the records of its refunds. A repeated event changes
// nothing, and an event with wrong amounts is an error.
func TestPayment(t *testing.T) {
	var p Payment
	stream := events.PaymentStream("bank", "x")
	created := time.Date(2031, 5, 1, 20, 0, 0, 0, time.UTC)
	apply := func(at int64, fact events.Fact) (*Refund, error) {
		return p.ApplyFact(&events.Recorded{Stream: stream, Revision: events.Revision(at), Position: events.Position(at + 10),
			Created: created}, fact)
	}
	facts := []events.Fact{
		&events.PaymentReceived{Provider: "bank", Reference: "x", Amount: 100, Currency: "EUR", Expected: 100,
			ExpectedCurrency: "EUR", PaymentSubject: events.PaymentSubject{ProductID: "tee", ReservationID: "r"}},
		&events.PaymentBooked{Amount: 100, PaymentID: "b.1"},
		&events.PaymentReturned{RefundID: "r1", Cause: events.OwedSeatReturned, Amount: 30, Kept: 10},
		&events.PaymentReturned{RefundID: "r2", Cause: events.OwedReleased, Amount: 60},
		&events.PaymentRefundAsked{RefundID: "r1"},
		&events.PaymentRefunded{RefundID: "r1", Amount: 30, Reference: "back"},
		&events.PaymentRefundFailed{RefundID: "r1", Failure: events.RefundDeclined, Reference: "back", Amount: 30},
		&events.PaymentRefunded{RefundID: "r1", Amount: 30, Reference: "by hand"},
		&events.PaymentRefundAsked{RefundID: "r2"},
		&events.PaymentRefundFailed{RefundID: "r2", Failure: events.RefundForeign},
	}
	if _, err := apply(1, facts[1]); err == nil {
		t.Error("a payment is booked before it is received, want an error")
	}
	for i, fact := range facts {
		refund, err := apply(int64(i), fact)
		if err != nil || (refund != nil) != (i > 1) {
			t.Fatalf("%s: refund %+v, %v; want one: %t", fact.Name(), refund, err, i > 1)
		}
		if again, err := apply(int64(i), fact); again != nil || err != nil {
			t.Errorf("%s repeated: %+v, %v; want no change", fact.Name(), again, err)
		}
		if refund == nil {
			continue
		}
		if got, err := DecodeRefund(AppendRefund(nil, refund)); err != nil || !reflect.DeepEqual(got, *refund) {
			t.Errorf("decoded: %+v, %v; want %+v", got, err, *refund)
		}
	}
	if p.Open != 0 || p.Booked != 0 || p.Kept != 10 || p.Refunded != 30 || p.Owed != 60 || p.Refunds[0].Settlement != "by hand" ||
		p.Refunds[1].Failure != events.RefundForeign || p.Refunds[1].Asked ||
		p.Refunds[1].Number != 13 || p.Refunds[0].Stream() != stream {
		t.Errorf("the row is %+v, want 10 kept, 30 refunded by hand, 60 owed after a foreign refund", p)
	}
	record := AppendPayment(nil, &p)
	if got, err := DecodePayment("", record); err != nil || !reflect.DeepEqual(got, p) {
		t.Errorf("decoded: %+v, %v; want %+v", got, err, p)
	}
	for size := range record {
		if _, err := DecodePayment("", record[:size]); err == nil {
			t.Errorf("the first %d of %d bytes are decoded as a payment, want an error", size, len(record))
		}
	}
	for about, fact := range map[string]events.Fact{
		"refunded twice":                     &events.PaymentRefunded{RefundID: "r1", Amount: 30, Reference: "again"},
		"requested, but settled":             &events.PaymentRefundAsked{RefundID: "r1"},
		"requested after a failure":          &events.PaymentRefundAsked{RefundID: "r2"},
		"requested, but unknown":             &events.PaymentRefundAsked{RefundID: "r3"},
		"failed without a request":           &events.PaymentRefundFailed{RefundID: "r2", Failure: events.RefundRefused},
		"failed under a different reference": &events.PaymentRefundFailed{RefundID: "r1", Reference: "back", Amount: 30},
		"failed with a different amount":     &events.PaymentRefundFailed{RefundID: "r1", Reference: "by hand", Amount: 29},
		"failed, but unknown":                &events.PaymentRefundFailed{RefundID: "r3"},
	} {
		if _, err := apply(int64(len(facts)), fact); err == nil {
			t.Errorf("%s: applied, want an error", about)
		}
	}
}
