package product

import (
	"bytes"
	"errors"
	"fmt"
	"testing"
	"time"

	"admitone/actors/core"
	"admitone/events"
)

// TestCallOff checks that a cancelled product sells nothing, that each reservation ends once, and
// that the whole stock remains in the end.
func TestCallOff(t *testing.T) {
	now := time.Unix(2_000_000_000, 0)
	p := New().(*Product)
	do := func(cmd core.Command) string {
		t.Helper()
		facts, err := p.Decide(cmd, now)
		if refusal := (*core.Refusal)(nil); errors.As(err, &refusal) {
			return string(refusal.Code)
		}
		for _, fact := range facts {
			p.Evolve(fact)
		}
		if len(facts) == 0 {
			return "nothing"
		}
		switch f := facts[0].(type) {
		case *events.ProductReservationCancelled:
			return fmt.Sprintf("ended, was %s, %d remain", f.Was, f.Remaining)
		case *events.ProductCancelled:
			return fmt.Sprintf("cancelled, %d remain", f.Remaining)
		}
		return facts[0].Name()
	}
	want := func(cmd core.Command, want string) {
		t.Helper()
		if got := do(cmd); got != want {
			t.Errorf("%T: got %q, want %q", cmd, got, want)
		}
	}
	sold, held, other := events.ID{15: 1}, events.ID{15: 2}, events.ID{15: 3}
	want(&Cancel{Reason: "recall"}, "not_found")
	create := &Create{ID: "p", Stock: 10, HoldSeconds: 60, WaitingRoom: "door", LimitPerHolder: 9}
	want(create, "product.created.v2")
	want(&Reserve{ReservationID: sold, Holder: "ada", Quantity: 2, Room: "door"}, "product.reserved.v1")
	want(&Reserve{ReservationID: held, Holder: "bob", Quantity: 3, Hold: true, Room: "door"}, "product.held.v1")
	want(&Reserve{ReservationID: other, Holder: "cy", Quantity: 1, Hold: true, Room: "door"}, "product.held.v1")
	want(&CallOff{ReservationID: sold}, "nothing")
	want(&Cancel{Reason: "recall"}, "cancelled, 4 remain")
	var frozen bytes.Buffer
	if err := p.Freeze()(&frozen); err != nil {
		t.Fatal(err)
	}
	if p = New().(*Product); p.Restore(&frozen) != nil || !p.CalledOff() {
		t.Fatalf("restored: %+v, want a cancelled product", stateOf(p))
	}
	want(&Cancel{Reason: "other"}, "nothing")
	want(create, "nothing")
	want(&Reserve{ReservationID: events.ID{15: 4}, Holder: "ada", Quantity: 20}, "pass_required")
	want(&Reserve{ReservationID: sold, Holder: "ada", Quantity: 20, Room: "door"}, "cancelled")
	want(&Confirm{ReservationID: held}, "cancelled")
	want(&Confirm{ReservationID: sold}, "cancelled")
	want(&Confirm{ReservationID: held, By: "ada"}, "forbidden")
	name := "n"
	want(&Edit{Name: &name}, "cancelled")
	want(&Release{ReservationID: sold, By: "bob"}, "forbidden")
	want(&Release{ReservationID: sold}, "ended, was confirmed, 6 remain")
	for _, id := range p.Open() {
		do(&CallOff{ReservationID: id})
	}
	want(&CallOff{ReservationID: held}, "nothing")
	if _, h, s := p.Figures(); p.Remaining() != 10 || h != 0 || s != 0 || !p.NextDeadline().IsZero() {
		t.Errorf("remaining = %d, held = %d, sold = %d, deadline %v; want 10, 0, 0, none", p.Remaining(), h, s, p.NextDeadline())
	}
}
