package booking

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"admitone/actors/core"
	"admitone/actors/core/coretest"
	"admitone/events"
)

func returnSeat(seat events.SeatName) *ReturnSeat {
	return &ReturnSeat{Seat: seat, Terms: Terms{StartsAt: day.Add(600 * s)}}
}

// returnSentence describes a fact about a returned seat.
func returnSentence(fact events.Fact) string {
	switch f := fact.(type) {
	case *events.BookingSeatReturned:
		return fmt.Sprintf("returned %s of %s: %d, %d kept, %d left", f.Seat, f.PaymentID, f.Price, f.Kept, f.Left)
	case *events.BookingSeatRefunded:
		return fmt.Sprintf("refunded %d for %s", f.Amount, f.Seat)
	}
	return fact.Name()
}

// TestReturningASeat returns seats of bookings in each status.
func TestReturningASeat(t *testing.T) {
	type step = commandCase
	start := []step{{0, hold(), "held b for ann: 2 seats, 150 until 1m0s"}}
	booked := append(slices.Clip(start), step{0, pay("ann"), "payment b.1 of 150, was held"},
		step{0, complete("b.1"), "booked b.1 for 150"})
	const noSeat = "not_found [resource:seat]"
	for name, steps := range map[string][]step{
		"no booking": {{0, returnSeat("A-1-1"), "not_found [resource:booking]"}},
		"held": append(slices.Clip(start), step{0, returnSeat("A-1-1"), "not_held"}, step{0, returnSeat("B-1-1"), noSeat},
			step{0, &ReturnSeat{By: "bob", Seat: "B-1-1"}, "forbidden"},
			step{0, intent("i", 5), "intent i until 5s"}, step{0, returnSeat("A-1-1"), "payment_in_progress"}),
		"paying": append(slices.Clip(start), step{0, pay("ann"), "payment b.1 of 150, was held"},
			step{0, returnSeat("A-1-1"), "payment_in_progress"}),
		"expired": append(slices.Clip(start), step{61 * s, &core.Expire{}, "expired at 1m0s"},
			step{61 * s, returnSeat("A-1-1"), "hold_expired [expired_at:2026-05-01 20:01:00 +0000 UTC]"}),
		"released": append(slices.Clip(start), step{0, release("ann"), "released, was held"},
			step{0, returnSeat("A-1-1"), "nothing"}, step{0, returnSeat("B-1-1"), noSeat}),
		"one seat, then the other": append(slices.Clip(booked), step{0, returnSeat("A-1-1"),
			"returned A-1-1 of b.1: 100, 0 kept, 1 left"}, step{0, returnSeat("A-1-1"), "nothing"},
			step{0, &FinishReturn{Seat: "A-1-2"}, "nothing"}, step{0, &FinishReturn{Seat: "A-1-1"}, "refunded 100 for A-1-1"},
			step{0, &FinishReturn{Seat: "A-1-1"}, "nothing"},
			step{0, returnSeat("A-1-2"), "returned A-1-2 of b.1: 50, 0 kept, 0 left"}, step{0, release("ann"), "nothing"},
			step{0, returnSeat("A-1-1"), "nothing"}, step{0, pay("ann"), "released"},
			step{0, &FinishReturn{Seat: "A-1-2"}, "refunded 50 for A-1-2"}, step{0, &FinishRefund{}, "nothing"}),
		"one seat, then the booking": append(slices.Clip(booked), step{0, returnSeat("A-1-1"),
			"returned A-1-1 of b.1: 100, 0 kept, 1 left"}, step{0, release("ann"), "released, was booked b.1"},
			step{0, &FinishRefund{}, "refunded b.1 50"}, step{0, returnSeat("A-1-2"), "nothing"},
			step{0, &FinishReturn{Seat: "A-1-1"}, "refunded 100 for A-1-1"}),
	} {
		t.Run(name, func(t *testing.T) {
			b := New()
			for i, step := range steps {
				b = coretest.RoundTrip(t, b.Freeze(), New)
				if got := coretest.Do(b, step.cmd, day.Add(step.at), sentence); got != step.want {
					t.Fatalf("step %d: %T: got %q, want %q", i+1, step.cmd, got, step.want)
				}
			}
		})
	}
}

// TestReturnsUnderAPolicy checks when a return is accepted, and the amount refunded for a seat. Free
// seats can be returned at any time.
func TestReturnsUnderAPolicy(t *testing.T) {
	for name, test := range map[string]struct {
		policy events.Cancellation
		at     time.Duration
		cmd    *ReturnSeat
		want   string
	}{
		"before the limit": {policy(300*s, 33), 300*s - ns, returnSeat("A-1-2"), "returned A-1-2 of b.1: 50, 33 kept, 1 left"},
		"at the limit": {policy(300*s, 33), 300 * s, returnSeat("A-1-2"),
			"cancellation_closed [until:2026-05-01 20:05:00 +0000 UTC]"},
		"late, overridden": {policy(300*s, 33), 300 * s, &ReturnSeat{Seat: "A-1-2", Reason: "lift"},
			"returned A-1-2 of b.1: 50, 33 kept, 1 left"},
		"nothing is refunded": {policy(300*s, 0), 0, returnSeat("A-1-2"), "returned A-1-2 of b.1: 50, 50 kept, 1 left"},
		"without a policy":    {events.Cancellation{}, 9999 * s, returnSeat("A-1-2"), "returned A-1-2 of b.1: 50, 0 kept, 1 left"},
	} {
		t.Run(name, func(t *testing.T) {
			b := New()
			for _, fact := range paidBooking(t, test.policy) {
				b.Evolve(fact)
			}
			if got := coretest.Do(b, test.cmd, day.Add(test.at), sentence); got != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
	b := New()
	for _, cmd := range []any{freeHold(), pay("ann"), complete("b.1")} {
		coretest.Do(b, cmd, day, sentence)
	}
	const want = "returned A-1-1 of : 0, 0 kept, 0 left"
	if got := coretest.Do(b, returnSeat("A-1-1"), day.Add(9999*s), sentence); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
