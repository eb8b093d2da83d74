package product

import (
	"bytes"
	"errors"
	"reflect"
	"testing"
	"time"

	"admitone/actors/core"
	"admitone/events"
)

// TestAnnotate checks that only a caller who has seen the current order data replaces it.
func TestAnnotate(t *testing.T) {
	now := time.Unix(2_000_000_000, 0)
	p := New().(*Product)
	do := func(cmd core.Command) (events.Fact, core.Code) {
		t.Helper()
		facts, err := p.Decide(cmd, now)
		if refusal := (*core.Refusal)(nil); errors.As(err, &refusal) {
			return nil, refusal.Code
		}
		for _, fact := range facts {
			p.Evolve(fact)
		}
		return facts[0], ""
	}
	first, second := events.ID{15: 1}, events.ID{15: 2}
	order := events.OrderData{Reference: "R", Metadata: []events.MetadataPair{{Name: "a", Value: "b"}}}
	do(&Create{ID: "p", Stock: 10, HoldSeconds: 60})                                                 // 0
	do(&Reserve{ReservationID: first, Holder: "ada", Quantity: 2, Hold: true, Order: order})         // 1
	do(&Reserve{ReservationID: second, Holder: "bob", Quantity: 1})                                  // 2
	fact, _ := do(&Annotate{ReservationID: first, Seen: 1, Order: events.OrderData{Reference: "S"}}) // 3
	want := &events.ProductReservationAnnotated{ReservationID: events.ReservationID(first.String()), Holder: "ada",
		Quantity: 2, Status: events.ReservationHeld, ExpiresAt: now.Add(time.Minute).UTC(), Remaining: 7, OrderRevision: 1,
		OrderData: events.OrderData{Reference: "S"}}
	if !reflect.DeepEqual(fact, want) {
		t.Errorf("Annotate() =\n%+v, want\n%+v", fact, want)
	}
	for name, c := range map[string]struct {
		cmd  *Annotate
		want core.Code
	}{
		"seen before the order data":     {&Annotate{ReservationID: first, Seen: 2}, core.CodeStaleRevision},
		"a revision that does not exist": {&Annotate{ReservationID: first, Seen: 4}, core.CodeStaleRevision},
		"unknown reservation":            {&Annotate{ReservationID: events.ID{15: 3}, Seen: 3}, core.CodeNotFound},
		"ended, seen before its order data": {
			&Annotate{ReservationID: events.ID{15: 3}, Seen: 1, Ended: &Ended{OrderRevision: 2}},
			core.CodeStaleRevision},
	} {
		if _, got := do(c.cmd); got != c.want {
			t.Errorf("%s: refusal %q, want %q", name, got, c.want)
		}
	}
	if fact, _ = do(&Confirm{ReservationID: first}); fact.(*events.ProductConfirmed).OrderRevision != 3 { // 4
		t.Errorf("confirmed fact = %+v, want order revision 3", fact)
	}

	var frozen bytes.Buffer
	if err := p.Freeze()(&frozen); err != nil {
		t.Fatal(err)
	}
	restored := New().(*Product)
	if err := restored.Restore(&frozen); err != nil {
		t.Fatal(err)
	}
	for _, p = range []*Product{p, restored} {
		if r, _ := p.Reservation(first); r.OrderRevision != 3 {
			t.Errorf("reservation has OrderRevision %d, want 3", r.OrderRevision)
		}
		fact, _ = do(&Release{ReservationID: first})
		if fact.(*events.ProductReleased).OrderRevision != 3 || p.orders.Len() != 0 {
			t.Errorf("released fact = %+v, %d order revisions retained; want revision 3, 0 retained", fact, p.orders.Len())
		}
		if fact, _ = do(&Release{ReservationID: second}); fact.(*events.ProductReleased).OrderRevision != 0 {
			t.Errorf("released fact = %+v, want no order revision", fact)
		}
	}
}

// TestNoOrderDataNeedsNoTable checks that a product without order data allocates no table for it.
func TestNoOrderDataNeedsNoTable(t *testing.T) {
	p := New().(*Product)
	p.Evolve(&events.ProductCreated{ProductID: "p", Stock: 10})
	p.Evolve(&events.ProductReserved{ReservationID: events.ReservationID(events.ID{15: 1}.String()), Holder: "ada",
		Quantity: 1, Remaining: 9})
	p.Evolve(&events.ProductReleased{ReservationID: events.ReservationID(events.ID{15: 1}.String()), Holder: "ada",
		Quantity: 1, Was: events.ReservationConfirmed, Remaining: 10})
	if p.orders != nil {
		t.Error("a table of order revisions was allocated, want none")
	}
}
