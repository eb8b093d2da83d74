package booking

import (
	"testing"
	"time"

	"admitone/actors/core/coretest"
	"admitone/events"
)

// policy returns a cancellation policy whose time limit is relative to day; with 0, the limit is the
// start of the performance.
func policy(until time.Duration, percent int64) events.Cancellation {
	c := events.Cancellation{RefundPercent: percent}
	if until != 0 {
		c.Until = day.Add(until)
	}
	return c
}

// paidBooking returns the facts of a paid booking, of seats for 100 and 50, held under a policy.
func paidBooking(t *testing.T, c events.Cancellation) []events.Fact {
	t.Helper()
	b, h := New(), hold()
	h.Terms.Cancellation = c
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

// TestReleaseOfPaidBookings checks when a release is accepted, and the amount refunded.
func TestReleaseOfPaidBookings(t *testing.T) {
	starts := func(at time.Duration) Terms {
		return Terms{SaleTerms: events.SaleTerms{Terms: 3}, StartsAt: day.Add(at)}
	}
	const closed = "cancellation_closed [until:2026-05-01 20:10:00 +0000 UTC]"
	const tenth = 600 * s
	for name, test := range map[string]struct {
		policy events.Cancellation
		at     time.Duration
		cmd    *Release
		want   string
		kept   int64
	}{
		"without a policy":        {events.Cancellation{}, 9999 * s, &Release{Terms: starts(tenth)}, "released, was booked b.1", 0},
		"a nanosecond before":     {policy(0, 100), tenth - ns, &Release{Terms: starts(tenth)}, "released, was booked b.1", 0},
		"at the start":            {policy(0, 100), tenth, &Release{Terms: starts(tenth)}, closed, 0},
		"at the start, postponed": {policy(0, 100), tenth, &Release{Terms: starts(tenth + 1)}, "released, was booked b.1", 0},
		"at the limit":            {policy(tenth, 80), tenth, &Release{Terms: starts(2 * tenth)}, closed, 0},
		"before the limit":        {policy(tenth, 80), tenth - ns, &Release{Terms: starts(2 * tenth)}, "released, was booked b.1", 30},
		"limit after the start":   {policy(2*tenth, 80), tenth, &Release{Terms: starts(tenth)}, closed, 0},
		"late, overridden":        {policy(tenth, 80), 2 * tenth, &Release{Terms: starts(tenth), Reason: "lift"}, "released, was booked b.1", 30},
		"each seat is rounded up": {policy(tenth, 33), 0, &Release{Terms: starts(tenth)}, "released, was booked b.1", 150 - 33 - 17},
		"nothing is refunded":     {policy(tenth, 0), 0, &Release{Terms: starts(tenth)}, "released, was booked b.1", 150},
		"full refund only, 80 %":  {policy(tenth, 80), 0, &Release{Terms: starts(tenth), FullRefundOnly: true}, "already_confirmed", 0},
		"full refund only, late":  {policy(tenth, 100), tenth, &Release{Terms: starts(2 * tenth), FullRefundOnly: true}, "already_confirmed", 0},
		"full refund only":        {policy(tenth, 100), 0, &Release{Terms: starts(tenth), FullRefundOnly: true}, "released, was booked b.1", 0},
	} {
		t.Run(name, func(t *testing.T) {
			b := New()
			for _, fact := range paidBooking(t, test.policy) {
				b.Evolve(fact)
			}
			b = coretest.RoundTrip(t, b.Freeze(), New)
			if got := coretest.Do(b, test.cmd, day.Add(test.at), sentence); got != test.want {
				t.Fatalf("got %q, want %q", got, test.want)
			}
			b = coretest.RoundTrip(t, b.Freeze(), New)
			state := b.(*Booking).State()
			if state.Kept != test.kept {
				t.Errorf("got Kept %d, want %d", state.Kept, test.kept)
			}
			if facts, _ := b.Decide(&FinishRefund{}, day); state.Refunding &&
				facts[0].(*events.BookingRefunded).Amount != 150-test.kept {
				t.Errorf("got %+v, want a refund of %d", facts[0], 150-test.kept)
			}
		})
	}
}

// TestUnpaidBookingsCanBeReleased releases a held booking and a free one, after the limit of their
// policy.
func TestUnpaidBookingsCanBeReleased(t *testing.T) {
	late := &Release{Terms: Terms{StartsAt: day}}
	b := New()
	coretest.Do(b, hold(), day, sentence)
	if got, want := coretest.Do(b, late, day.Add(s), sentence), "released, was held"; got != want {
		t.Errorf("held: got %q, want %q", got, want)
	}
	b = New()
	for _, cmd := range []any{freeHold(), pay("ann"), complete("b.1")} {
		coretest.Do(b, cmd, day, sentence)
	}
	if got, want := coretest.Do(b, late, day.Add(s), sentence), "released, was booked"; got != want {
		t.Errorf("free: got %q, want %q", got, want)
	}
}
