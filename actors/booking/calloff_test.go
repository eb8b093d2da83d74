package booking

import (
	"fmt"
	"testing"
	"time"

	"admitone/actors/core"
	"admitone/actors/core/coretest"
	"admitone/events"
)

// TestCallOff: from each status, and which commands are accepted afterwards.
func TestCallOff(t *testing.T) {
	half := rule(0, 50)
	bookedAt := func(c events.Cancellation) []events.Fact { return paidBooking(t, c) }
	kept := append(bookedAt(half), &events.BookingReleased{Was: "booked", RefundID: "b.1", Kept: 75},
		&events.BookingRefunded{PaymentID: "b.1", Amount: 75})
	one := append(bookedAt(half), &events.BookingSeatReturned{Seat: "A-1-1", Price: 100, Kept: 50, Left: 1, PaymentID: "b.1"},
		&events.BookingSeatRefunded{Seat: "A-1-1", Amount: 50})
	held := bookedAt(half)[:1]
	waiting := append(held[:1:1], &events.BookingIntentBegun{Intent: "i", Provider: "p", Seconds: 600,
		ExpiresAt: day.Add(600 * s)})
	expired := append(held[:1:1], &events.BookingExpired{ExpiresAt: held[0].(*events.BookingHeld).ExpiresAt})
	for i, line := range []struct {
		given []events.Fact
		cmd   *CallOff
		at    int // seconds after the start
		want  string
	}{
		{nil, &CallOff{}, 0, "not_found"},
		{held, &CallOff{By: "bob"}, 0, "forbidden"},
		{held, &CallOff{By: "ann"}, 0, `[{held  0 0}]`},
		{waiting, &CallOff{}, 0, `[cancelled: held {held  0 0}]`},
		{waiting, &CallOff{}, 500, `[cancelled: expired {expired  0 0}]`},
		{bookedAt(half)[:2], &CallOff{}, 0, "not_held"},
		{bookedAt(half), &CallOff{}, 0, `[{booked b.1 150 0}]`},
		{kept[:len(kept)-1], &CallOff{Kept: 75, KeptSince: 75}, 0, "not_held"},
		{kept, &CallOff{Kept: 75}, 0, `[]`},
		{kept, &CallOff{}, 0, "not_held"},
		{kept, &CallOff{Kept: 75, KeptSince: 75}, 0, `[{released b.1 75 75}]`},
		{one[:len(one)-1], &CallOff{Kept: 50}, 0, "not_held"},
		{one, &CallOff{Kept: 50}, 0, `[{booked b.1 50 0}]`},
		{one, &CallOff{Kept: 50, KeptSince: 50}, 0, `[{booked b.1 100 50}]`},
		{one, &CallOff{Kept: 50, KeptSince: 60}, 0, "not_held"},
		{expired, &CallOff{}, 500, "hold_expired"},
		{expired, &CallOff{Expired: true}, 500, `[{expired  0 0}]`},
	} {
		b := New()
		for _, fact := range line.given {
			b.Evolve(fact)
		}
		facts, err := b.Decide(line.cmd, day.Add(durationOf(line.at)))
		got := code(err)
		if err == nil {
			got = ended(facts)
		}
		if got != line.want {
			t.Errorf("line %d: %s, want %s", i+1, got, line.want)
		}
		if len(facts) == 0 {
			continue
		}
		for _, fact := range facts {
			b.Evolve(fact)
		}
		b = coretest.Restored(t, b.Freeze(), New)
		checkCancelled(t, b, line.at)
	}
}

// checkCancelled checks the commands that a cancelled booking accepts.
func checkCancelled(t *testing.T, b core.Core, at int) {
	t.Helper()
	now := day.Add(durationOf(at))
	state := b.(*Booking).State()
	if state.Status != events.BookingIsCancelled || !b.NextDeadline().IsZero() {
		t.Errorf("state = %+v, want cancelled without a deadline", state)
	}
	if facts, _ := b.Decide(&FinishRefund{}, now); state.Refunding {
		if refunded := facts[0].(*events.BookingRefunded); refunded.Amount != state.Refunds {
			t.Errorf("%+v are refunded of %+v, want Amount %v", refunded, state, state.Refunds)
		}
		b.Evolve(facts[0])
	}
	for _, line := range []struct {
		cmd  core.Command
		want string
	}{
		{&CallOff{Expired: true, Kept: 9, KeptSince: 9}, "[]"}, {pay("ann"), "cancelled"}, {externalPayment("x"), "cancelled"},
		{extend("ann", 600*s), "cancelled"}, {intent("k", 60), "cancelled"}, {release("ann"), "[]"},
		{&FinishRefund{}, "[]"},
	} {
		facts, err := b.Decide(line.cmd, now)
		got := code(err)
		if err == nil {
			got = ended(facts)
		}
		if got != line.want {
			t.Errorf("%T of %+v: %s, want %s", line.cmd, state, got, line.want)
		}
	}
}

func durationOf(seconds int) time.Duration { return time.Duration(seconds) * s }

func code(err error) string {
	if err == nil {
		return ""
	}
	return string(err.(*core.Refusal).Code)
}

func ended(facts []events.Fact) string {
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

// TestCalledOffPerformance: nothing can be acquired on its terms, and what is in progress can be
// finished.
func TestCalledOffPerformance(t *testing.T) {
	off := Terms{CalledOff: true}
	b := New()
	h := hold()
	h.On = off
	if _, err := b.Decide(h, day); code(err) != "cancelled" {
		t.Error(err)
	}
	coretest.Do(b, hold(), day, sentence)
	for _, cmd := range []core.Command{&StartPayment{By: "ann", On: off}, &StartPayment{Payment: "x", On: off},
		&Extend{By: "ann", ExpiresAt: day.Add(90 * s), CalledOff: true},
		&BeginIntent{Intent: "i", Provider: "p", Seconds: 9, CalledOff: true}} {
		if _, err := b.Decide(cmd, day); code(err) != "cancelled" {
			t.Errorf("%T: %v, want cancelled", cmd, err)
		}
	}
	coretest.Do(b, pay("ann"), day, sentence)
	if facts, err := b.Decide(&StartPayment{By: "ann", On: off}, day); err != nil || len(facts) != 0 {
		t.Errorf("Decide = %v, %v, want no facts", facts, err)
	}
	if facts, err := b.Decide(complete("b.1"), day); err != nil || len(facts) != 1 {
		t.Errorf("Decide = %v, %v, want one fact", facts, err)
	}
}
