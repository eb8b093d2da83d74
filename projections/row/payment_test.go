package row

import (
	"reflect"
	"testing"
	"time"

	"admitone/events"
)

// TestPayment: the fold of a payment, its record, and that of each of its refunds. A repeated event
// changes nothing, and one that does not add up is an error.
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
			ExpectedCurrency: "EUR", PaidThing: events.PaidThing{ProductID: "tee", ReservationID: "r"}},
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
		t.Error("booked before it was received")
	}
	for i, fact := range facts {
		refund, err := apply(int64(i), fact)
		if err != nil || (refund != nil) != (i > 1) {
			t.Fatalf("%s: %+v, %v", fact.Name(), refund, err)
		}
		if again, err := apply(int64(i), fact); again != nil || err != nil {
			t.Errorf("%s again: %+v, %v", fact.Name(), again, err)
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
		t.Errorf("the row is %+v", p)
	}
	record := AppendPayment(nil, &p)
	if got, err := DecodePayment("", record); err != nil || !reflect.DeepEqual(got, p) {
		t.Errorf("decoded: %+v, %v; want %+v", got, err, p)
	}
	for size := range record {
		if _, err := DecodePayment("", record[:size]); err == nil {
			t.Errorf("%d of %d bytes are a payment", size, len(record))
		}
	}
	for about, fact := range map[string]events.Fact{
		"refunded twice":                   &events.PaymentRefunded{RefundID: "r1", Amount: 30, Reference: "again"},
		"asked for a settled refund":       &events.PaymentRefundAsked{RefundID: "r1"},
		"asked for what has failed":        &events.PaymentRefundAsked{RefundID: "r2"},
		"asked for nothing":                &events.PaymentRefundAsked{RefundID: "r3"},
		"failed unasked":                   &events.PaymentRefundFailed{RefundID: "r2", Failure: events.RefundRefused},
		"failed under another reference":   &events.PaymentRefundFailed{RefundID: "r1", Reference: "back", Amount: 30},
		"failed with another amount":       &events.PaymentRefundFailed{RefundID: "r1", Reference: "by hand", Amount: 29},
		"failed, and nobody knows of what": &events.PaymentRefundFailed{RefundID: "r3"},
	} {
		if _, err := apply(int64(len(facts)), fact); err == nil {
			t.Error(about)
		}
	}
}
