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
	return &ReturnSeat{Seat: seat, On: Terms{StartsAt: day.Add(600 * s)}}
}

func sentenceOfReturn(fact events.Fact) string {
	switch f := fact.(type) {
	case *events.BookingSeatReturned:
		return fmt.Sprintf("returned %s of %s: %d, %d kept, %d left", f.Seat, f.PaymentID, f.Price, f.Kept, f.Left)
	case *events.BookingSeatRefunded:
		return fmt.Sprintf("refunded %d for %s", f.Amount, f.Seat)
	}
	return fact.Name()
}

// TestReturningASeat: each row continues from the previous one, at its time.
func TestReturningASeat(t *testing.T) {
	type line struct {
		at   time.Duration
		cmd  any
		then string
	}
	start := []line{{0, hold(), "held b for ann: 2 seats, 150 until 1m0s"}}
	booked := append(slices.Clip(start), line{0, pay("ann"), "payment b.1 of 150, was held"},
		line{0, complete("b.1"), "booked b.1 for 150"})
	const noSeat = "not_found [resource:seat]"
	for name, lines := range map[string][]line{
		"before it is known": {{0, returnSeat("A-1-1"), "not_found [resource:booking]"}},
		"held": append(slices.Clip(start), line{0, returnSeat("A-1-1"), "not_held"}, line{0, returnSeat("B-1-1"), noSeat},
			line{0, &ReturnSeat{By: "bob", Seat: "B-1-1"}, "forbidden"},
			line{0, intent("i", 5), "intent i until 5s"}, line{0, returnSeat("A-1-1"), "payment_in_progress"}),
		"being paid": append(slices.Clip(start), line{0, pay("ann"), "payment b.1 of 150, was held"},
			line{0, returnSeat("A-1-1"), "payment_in_progress"}),
		"expired": append(slices.Clip(start), line{61 * s, &core.Expire{}, "expired at 1m0s"},
			line{61 * s, returnSeat("A-1-1"), "hold_expired [expired_at:2026-05-01 20:01:00 +0000 UTC]"}),
		"released": append(slices.Clip(start), line{0, release("ann"), "released, was held"},
			line{0, returnSeat("A-1-1"), "nothing"}, line{0, returnSeat("B-1-1"), noSeat}),
		"one, and then the other": append(slices.Clip(booked), line{0, returnSeat("A-1-1"),
			"returned A-1-1 of b.1: 100, 0 kept, 1 left"}, line{0, returnSeat("A-1-1"), "nothing"},
			line{0, &FinishReturn{Seat: "A-1-2"}, "nothing"}, line{0, &FinishReturn{Seat: "A-1-1"}, "refunded 100 for A-1-1"},
			line{0, &FinishReturn{Seat: "A-1-1"}, "nothing"},
			line{0, returnSeat("A-1-2"), "returned A-1-2 of b.1: 50, 0 kept, 0 left"}, line{0, release("ann"), "nothing"},
			line{0, returnSeat("A-1-1"), "nothing"}, line{0, pay("ann"), "released"},
			line{0, &FinishReturn{Seat: "A-1-2"}, "refunded 50 for A-1-2"}, line{0, &FinishRefund{}, "nothing"}),
		"one, and then the rest": append(slices.Clip(booked), line{0, returnSeat("A-1-1"),
			"returned A-1-1 of b.1: 100, 0 kept, 1 left"}, line{0, release("ann"), "released, was booked b.1"},
			line{0, &FinishRefund{}, "refunded b.1 50"}, line{0, returnSeat("A-1-2"), "nothing"},
			line{0, &FinishReturn{Seat: "A-1-1"}, "refunded 100 for A-1-1"}),
	} {
		t.Run(name, func(t *testing.T) {
			b := New()
			for i, line := range lines {
				b = coretest.Restored(t, b.Freeze(), New)
				if got := coretest.Do(b, line.cmd, day.Add(line.at), sentence); got != line.then {
					t.Fatalf("line %d: %s, want %s", i, got, line.then)
				}
			}
		})
	}
}

// TestReturnsByTheRule: when a return is accepted, and the amount refunded for each seat; unpaid seats
// can be returned at any time.
func TestReturnsByTheRule(t *testing.T) {
	for name, test := range map[string]struct {
		rule events.Cancellation
		at   time.Duration
		cmd  *ReturnSeat
		then string
	}{
		"in time for a part": {rule(300*s, 33), 300*s - ns, returnSeat("A-1-2"), "returned A-1-2 of b.1: 50, 33 kept, 1 left"},
		"too late": {rule(300*s, 33), 300 * s, returnSeat("A-1-2"),
			"cancellation_closed [until:2026-05-01 20:05:00 +0000 UTC]"},
		"for a reason": {rule(300*s, 33), 300 * s, &ReturnSeat{Seat: "A-1-2", Reason: "lift"},
			"returned A-1-2 of b.1: 50, 33 kept, 1 left"},
		"nothing is refunded": {rule(300*s, 0), 0, returnSeat("A-1-2"), "returned A-1-2 of b.1: 50, 50 kept, 1 left"},
		"older":               {events.Cancellation{}, 9999 * s, returnSeat("A-1-2"), "returned A-1-2 of b.1: 50, 0 kept, 1 left"},
	} {
		t.Run(name, func(t *testing.T) {
			b := New()
			for _, fact := range paidBooking(t, test.rule) {
				b.Evolve(fact)
			}
			if got := coretest.Do(b, test.cmd, day.Add(test.at), sentence); got != test.then {
				t.Errorf("%s, want %s", got, test.then)
			}
		})
	}
	b := New()
	for _, cmd := range []any{freeHold(), pay("ann"), complete("b.1")} {
		coretest.Do(b, cmd, day, sentence)
	}
	if got := coretest.Do(b, returnSeat("A-1-1"), day.Add(9999*s), sentence); got != "returned A-1-1 of : 0, 0 kept, 0 left" {
		t.Errorf("got = %q, want %q", got, "returned A-1-1 of : 0, 0 kept, 0 left")
	}
}
