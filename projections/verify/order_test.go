package verify_test

import (
	"errors"
	"testing"

	"admitone/events"
	"admitone/projections/logtest"
	"admitone/projections/verify"
)

// TestVerifierOfOrders: an annotation must repeat the reservation's state, and each fact must name the revision of the
// latest order data.
func TestVerifierOfOrders(t *testing.T) {
	first, second := logtest.ReservationID(1), logtest.ReservationID(2)
	order := events.OrderData{Reference: "R"}
	begin := []events.Fact{
		&events.ProductCreated{ProductID: "p", DisplayName: "P", Stock: 10, HoldSeconds: 60},
		&events.ProductReserved{ReservationID: first, Holder: "ada", Quantity: 2, Remaining: 8, OrderData: order}, // 1
		&events.ProductReserved{ReservationID: second, Holder: "bob", Quantity: 1, Remaining: 7},
	}
	annotated := func(change func(f *events.ProductReservationAnnotated)) *events.ProductReservationAnnotated {
		f := &events.ProductReservationAnnotated{ReservationID: first, Holder: "ada", Quantity: 2,
			Status: events.ReservationConfirmed, Remaining: 7, OrderRevision: 1}
		change(f)
		return f
	}
	same := func(*events.ProductReservationAnnotated) {}
	released := func(revision events.Revision) *events.ProductReleased {
		return &events.ProductReleased{ReservationID: first, Holder: "ada", Quantity: 2, Was: events.ReservationConfirmed,
			Remaining: 9, OrderRevision: revision}
	}
	after := annotated(func(f *events.ProductReservationAnnotated) {
		f.Status, f.Remaining, f.OrderRevision = events.ReservationReleased, 9, 3
	})
	for name, c := range map[string]struct {
		facts []events.Fact
		rule  verify.Rule
	}{
		"annotated, released and annotated again": {[]events.Fact{annotated(same), released(3), after}, ""},
		"revision of a different fact": {[]events.Fact{annotated(func(f *events.ProductReservationAnnotated) { f.OrderRevision = 2 })},
			verify.RuleOrder},
		"annotated for a different holder": {[]events.Fact{annotated(func(f *events.ProductReservationAnnotated) { f.Holder = "bob" })},
			verify.RuleFigures},
		"annotated as held": {[]events.Fact{annotated(func(f *events.ProductReservationAnnotated) { f.Status = events.ReservationHeld })},
			verify.RuleFigures},
		"annotated but never created": {[]events.Fact{annotated(func(f *events.ProductReservationAnnotated) {
			f.ReservationID, f.OrderRevision = logtest.ReservationID(3), 0
		})}, verify.RuleReservations},
		"annotated with a wrong remainder": {[]events.Fact{annotated(func(f *events.ProductReservationAnnotated) { f.Remaining = 6 })},
			verify.RuleFigures},
		"released with an old revision": {[]events.Fact{annotated(same), released(1)}, verify.RuleOrder},
		"released without a revision":   {[]events.Fact{released(0)}, verify.RuleOrder},
		"annotated after a cancellation": {[]events.Fact{
			&events.ProductCancelled{Reason: "rain", Remaining: 7},
			&events.ProductReservationCancelled{ReservationID: first, Holder: "ada", Quantity: 2,
				Was: events.ReservationConfirmed, Remaining: 9, OrderRevision: 1},
			annotated(func(f *events.ProductReservationAnnotated) { f.Status, f.Remaining = events.ReservationCancelled, 9 }),
		}, ""},
		"annotated as confirmed after the release": {[]events.Fact{released(1), annotated(same)}, verify.RuleFigures},
	} {
		b := logtest.NewForgery()
		for _, fact := range append(append([]events.Fact{}, begin...), c.facts...) {
			b.Add("product-p", fact)
		}
		v := verify.New(true)
		var broken error
		for i := range b.Log {
			if err := v.Check(&b.Log[i]); err != nil {
				broken = err
				break
			}
		}
		var violation *verify.Violation
		if is := errors.As(broken, &violation); is != (c.rule != "") || is && violation.Rule != c.rule {
			t.Errorf("%s: %v; want the rule %q", name, broken, c.rule)
		}
	}
}
