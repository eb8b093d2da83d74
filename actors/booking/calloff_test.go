package booking

import (
	"fmt"
	"testing"
	"time"

	"admitone/actors/core"
	"admitone/actors/core/coretest"
	"admitone/events"
)

// TestCallOff cancels bookings in each status, and checks which commands are accepted afterwards.
func TestCallOff(t *testing.T) {
	half := policy(0, 50)
	bookedUnder := func(c events.Cancellation) []events.Fact { return paidBooking(t, c) }
	released := append(bookedUnder(half), &events.BookingReleased{Was: "booked", RefundID: "b.1", Kept: 75},
		&events.BookingRefunded{PaymentID: "b.1", Amount: 75})
	oneReturned := append(bookedUnder(half), &events.BookingSeatReturned{Seat: "A-1-1", Price: 100, Kept: 50, Left: 1, PaymentID: "b.1"},
		&events.BookingSeatRefunded{Seat: "A-1-1", Amount: 50})
	held := bookedUnder(half)[:1]
	waiting := append(held[:1:1], &events.BookingIntentBegun{Intent: "i", Provider: "p", Seconds: 600,
		ExpiresAt: day.Add(600 * s)})
	expired := append(held[:1:1], &events.BookingExpired{ExpiresAt: held[0].(*events.BookingHeld).ExpiresAt})
	for i, test := range []struct {
		given []events.Fact
		cmd   *CallOff
		at    int    // seconds after day
		want  string // code of the refusal, or the facts in the form of format
	}{
		{nil, &CallOff{}, 0, "not_found"},
		{held, &CallOff{By: "bob"}, 0, "forbidden"},
		{held, &CallOff{By: "ann"}, 0, `[{held  0 0}]`},
		{waiting, &CallOff{}, 0, `[cancelled: held {held  0 0}]`},
		{waiting, &CallOff{}, 500, `[cancelled: expired {expired  0 0}]`},
		{bookedUnder(half)[:2], &CallOff{}, 0, "not_held"},
		{bookedUnder(half), &CallOff{}, 0, `[{booked b.1 150 0}]`},
		{released[:len(released)-1], &CallOff{Kept: 75, KeptSince: 75}, 0, "not_held"},
		{released, &CallOff{Kept: 75}, 0, `[]`},
		{released, &CallOff{}, 0, "not_held"},
		{released, &CallOff{Kept: 75, KeptSince: 75}, 0, `[{released b.1 75 75}]`},
		{oneReturned[:len(oneReturned)-1], &CallOff{Kept: 50}, 0, "not_held"},
		{oneReturned, &CallOff{Kept: 50}, 0, `[{booked b.1 50 0}]`},
		{oneReturned, &CallOff{Kept: 50, KeptSince: 50}, 0, `[{booked b.1 100 50}]`},
		{oneReturned, &CallOff{Kept: 50, KeptSince: 60}, 0, "not_held"},
		{expired, &CallOff{}, 500, "hold_expired"},
		{expired, &CallOff{Expired: true}, 500, `[{expired  0 0}]`},
	} {
		b := New()
		for _, fact := range test.given {
			b.Evolve(fact)
		}
		facts, err := b.Decide(test.cmd, day.Add(seconds(test.at)))
		got := code(err)
		if err == nil {
			got = format(facts)
		}
		if got != test.want {
			t.Errorf("case %d: got %s, want %s", i+1, got, test.want)
		}
		if len(facts) == 0 {
			continue
		}
		for _, fact := range facts {
			b.Evolve(fact)
		}
		b = coretest.RoundTrip(t, b.Freeze(), New)
		checkCancelled(t, b, test.at)
	}
}

// checkCancelled checks which commands a cancelled booking accepts.
func checkCancelled(t *testing.T, b core.Core, at int) {
	t.Helper()
	now := day.Add(seconds(at))
	state := b.(*Booking).State()
	if state.Status != events.BookingIsCancelled || !b.NextDeadline().IsZero() {
		t.Errorf("got state %+v, want cancelled without a deadline", state)
	}
	if facts, _ := b.Decide(&FinishRefund{}, now); state.Refunding {
		if refunded := facts[0].(*events.BookingRefunded); refunded.Amount != state.Refunds {
			t.Errorf("got refund %+v, want amount %d", refunded, state.Refunds)
		}
		b.Evolve(facts[0])
	}
	for _, test := range []struct {
		cmd  core.Command
		want string
	}{
		{&CallOff{Expired: true, Kept: 9, KeptSince: 9}, "[]"}, {pay("ann"), "cancelled"}, {externalPayment("x"), "cancelled"},
		{extend("ann", 600*s), "cancelled"}, {intent("k", 60), "cancelled"}, {release("ann"), "[]"},
		{&FinishRefund{}, "[]"},
	} {
		facts, err := b.Decide(test.cmd, now)
		got := code(err)
		if err == nil {
			got = format(facts)
		}
		if got != test.want {
			t.Errorf("%T in state %+v: got %s, want %s", test.cmd, state, got, test.want)
		}
	}
}

func seconds(n int) time.Duration { return time.Duration(n) * s }

// code returns the code of a refusal, "" for nil.
func code(err error) string {
	if err == nil {
		return ""
	}
	return string(err.(*core.Refusal).Code)
}

func format(facts []events.Fact) string {
	var all []any
	for _, fact := range facts {
		switch f := fact.(type) {
		case *events.BookingIntentEnded:
			all = append(all, fmt.Sprintf("%s: %s", f.Reason, f.Status))
		case *events.BookingCancelled:
			all = append(all, *f)
		default:
			all = append(all, f)
		}
	}
	return fmt.Sprint(all)
}

// TestCalledOffPerformance: no booking of a cancelled performance can be held, extended or paid, but a
// payment in progress can complete.
func TestCalledOffPerformance(t *testing.T) {
	off := Terms{CalledOff: true}
	b := New()
	h := hold()
	h.Terms = off
	if _, err := b.Decide(h, day); code(err) != "cancelled" {
		t.Errorf("%T: got %v, want cancelled", h, err)
	}
	coretest.Do(b, hold(), day, sentence)
	for _, cmd := range []core.Command{&StartPayment{By: "ann", Terms: off}, &StartPayment{PaymentStream: "x", Terms: off},
		&Extend{By: "ann", ExpiresAt: day.Add(90 * s), CalledOff: true},
		&BeginIntent{Intent: "i", Provider: "p", Seconds: 9, CalledOff: true}} {
		if _, err := b.Decide(cmd, day); code(err) != "cancelled" {
			t.Errorf("%T: got %v, want cancelled", cmd, err)
		}
	}
	coretest.Do(b, pay("ann"), day, sentence)
	if facts, err := b.Decide(&StartPayment{By: "ann", Terms: off}, day); err != nil || len(facts) != 0 {
		t.Errorf("Decide = %v, %v, want no facts", facts, err)
	}
	if facts, err := b.Decide(complete("b.1"), day); err != nil || len(facts) != 1 {
		t.Errorf("Decide = %v, %v, want one fact", facts, err)
	}
}
