package booking

import (
	"testing"
	"time"

	"admitone/actors/core/coretest"
	"admitone/events"
)

// rule returns a cancellation policy with a limit relative to day; 0 is the start of the
// performance.
func rule(until time.Duration, percent int64) events.Cancellation {
	c := events.Cancellation{RefundPercent: percent}
	if until != 0 {
		c.Until = day.Add(until)
	}
	return c
}

// paidBooking is a paid booking of 100 and 50 that was held under a policy.
func paidBooking(t *testing.T, c events.Cancellation) []events.Fact {
	t.Helper()
	b, h := New(), hold()
	h.On.Cancellation = c
	var all []events.Fact
	for _, cmd := range []any{h, pay("ann"), complete("b.1")} {
		facts, err := b.Decide(cmd, day)
		if err != nil {
			t.Fatal(err)
		}
		for _, fact := range facts {
			b.Evolve(fact)
		}
		all = append(all, facts...)
	}
	return all
}

// TestReleaseOfPaidBookings: when a release is accepted, and the amount refunded.
func TestReleaseOfPaidBookings(t *testing.T) {
	starts := func(at time.Duration) Terms {
		return Terms{SaleTerms: events.SaleTerms{Terms: 3}, StartsAt: day.Add(at)}
	}
	const closed = "cancellation_closed [until:2026-05-01 20:10:00 +0000 UTC]"
	const tenth = 600 * s
	for name, test := range map[string]struct {
		rule events.Cancellation
		at   time.Duration
		cmd  *Release
		then string
		kept int64
	}{
		"without a policy":         {events.Cancellation{}, 9999 * s, &Release{On: starts(tenth)}, "released, was booked b.1", 0},
		"a nanosecond before":      {rule(0, 100), tenth - ns, &Release{On: starts(tenth)}, "released, was booked b.1", 0},
		"at the start of the show": {rule(0, 100), tenth, &Release{On: starts(tenth)}, closed, 0},
		"at the former start":      {rule(0, 100), tenth, &Release{On: starts(tenth + 1)}, "released, was booked b.1", 0},
		"until, before the show":   {rule(tenth, 80), tenth, &Release{On: starts(2 * tenth)}, closed, 0},
		"in time, partial refund":  {rule(tenth, 80), tenth - ns, &Release{On: starts(2 * tenth)}, "released, was booked b.1", 30},
		"until is after the start": {rule(2*tenth, 80), tenth, &Release{On: starts(tenth)}, closed, 0},
		"for a reason":             {rule(tenth, 80), 2 * tenth, &Release{On: starts(tenth), Reason: "lift"}, "released, was booked b.1", 30},
		"each seat is rounded up":  {rule(tenth, 33), 0, &Release{On: starts(tenth)}, "released, was booked b.1", 150 - 33 - 17},
		"nothing is refunded":      {rule(tenth, 0), 0, &Release{On: starts(tenth)}, "released, was booked b.1", 150},
		"in full, or not at all":   {rule(tenth, 80), 0, &Release{On: starts(tenth), InFull: true}, "already_confirmed", 0},
		"in full, but too late":    {rule(tenth, 100), tenth, &Release{On: starts(2 * tenth), InFull: true}, "already_confirmed", 0},
		"in full":                  {rule(tenth, 100), 0, &Release{On: starts(tenth), InFull: true}, "released, was booked b.1", 0},
	} {
		t.Run(name, func(t *testing.T) {
			b := New()
			for _, fact := range paidBooking(t, test.rule) {
				b.Evolve(fact)
			}
			b = coretest.Restored(t, b.Freeze(), New)
			if got := coretest.Do(b, test.cmd, day.Add(test.at), sentence); got != test.then {
				t.Fatalf("%s, want %s", got, test.then)
			}
			b = coretest.Restored(t, b.Freeze(), New)
			state := b.(*Booking).State()
			if state.Kept != test.kept {
				t.Errorf("%d is kept, want %d", state.Kept, test.kept)
			}
			if facts, _ := b.Decide(&FinishRefund{}, day); state.Refunding &&
				facts[0].(*events.BookingRefunded).Amount != 150-test.kept {
				t.Errorf("fact = %+v, want a refund of %d", facts[0], 150-test.kept)
			}
		})
	}
}

// TestUnpaidBookingsCanBeReleased: held bookings and free ones can always be released.
func TestUnpaidBookingsCanBeReleased(t *testing.T) {
	late := &Release{On: Terms{StartsAt: day}}
	b := New()
	coretest.Do(b, hold(), day, sentence)
	if got := coretest.Do(b, late, day.Add(s), sentence); got != "released, was held" {
		t.Errorf("got = %q, want %q", got, "released, was held")
	}
	b = New()
	for _, cmd := range []any{freeHold(), pay("ann"), complete("b.1")} {
		coretest.Do(b, cmd, day, sentence)
	}
	if got := coretest.Do(b, late, day.Add(s), sentence); got != "released, was booked" {
		t.Errorf("got = %q, want %q", got, "released, was booked")
	}
}
