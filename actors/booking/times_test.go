package booking

import (
	"testing"
	"time"

	"admitone/actors/core"
	"admitone/actors/core/coretest"
	"admitone/events"
)

// termsBetween returns terms with bounds relative to day; 0 for none.
func termsBetween(revision events.Revision, opens, closes time.Duration) Terms {
	t := Terms{SaleTerms: events.SaleTerms{Terms: revision, HoldSeconds: 60, LimitPerHolder: 4}}
	if opens != 0 {
		t.Times.OpensAt = day.Add(opens)
	}
	if closes != 0 {
		t.Times.ClosesAt = day.Add(closes)
	}
	return t
}

func holdOn(terms Terms) *Hold {
	h := hold()
	h.On = terms
	return h
}

func latePayment(terms Terms) *StartPayment { return &StartPayment{By: "ann", On: terms} }

// TestTimes: a booking is decided by its time and by the terms that it names.
func TestTimes(t *testing.T) {
	const notOpen = "not_open [opens_at:2026-05-01 20:00:10 +0000 UTC]"
	const closed = "sale_closed [closes_at:2026-05-01 20:00:20 +0000 UTC]"
	for _, rule := range []struct {
		name     string
		attempts []attempt
	}{
		{"a sale opens at its moment and not a nanosecond earlier", []attempt{
			{10*s - ns, holdOn(termsBetween(1, 10*s, 20*s)), notOpen},
			{10 * s, holdOn(termsBetween(1, 10*s, 20*s)), held},
		}},
		{"it closes at its moment, and a nanosecond before it is open", []attempt{
			{20 * s, holdOn(termsBetween(1, 10*s, 20*s)), closed},
			{20*s - ns, holdOn(termsBetween(1, 10*s, 20*s)), held},
		}},
		{"what was held in time is paid, extended and given back after the close", []attempt{
			{20*s - ns, holdOn(termsBetween(1, 0, 20*s)), held},
			{20 * s, extend("ann", 90*s), "extended until 1m30s"},
			{30 * s, latePayment(termsBetween(1, 0, 20*s)), "payment b.1 of 150, was held"},
			{30 * s, complete("b.1"), "booked b.1 for 150"},
			{40 * s, release("ann"), "released, was booked b.1"},
		}},
		{"a late payment acquires again, on the terms of its own time", []attempt{
			{0, holdOn(termsBetween(1, 0, 70*s)), held},
			{61 * s, &core.Expire{}, "expired at 1m0s"},
			{61 * s, latePayment(termsBetween(2, 62*s, 0)), "not_open [opens_at:2026-05-01 20:01:02 +0000 UTC]"},
			{70 * s, latePayment(termsBetween(1, 0, 70*s)), "sale_closed [closes_at:2026-05-01 20:01:10 +0000 UTC]"},
			{70*s - ns, latePayment(termsBetween(1, 0, 70*s)), "payment b.2 of 150, was expired"},
		}},
		{"a closed attempt comes before the times, and those before a hold that took too long", []attempt{
			{0, abandon(1), "abandoned 1 of b for ann"},
			{30 * s, holdOn(termsBetween(0, 0, 20*s)), "not_held"},
			{90 * s, withAttempt(2, holdOn(termsBetween(0, 0, 20*s))), closed},
		}},
	} {
		t.Run(rule.name, func(t *testing.T) {
			b := New()
			for i, a := range rule.attempts {
				if got := coretest.Do(b, a.cmd, day.Add(a.at), sentence); got != a.then {
					t.Fatalf("line %d: %T at %v\n gives %s\n  want %s", i+1, a.cmd, a.at, got, a.then)
				}
				b = coretest.Restored(t, b.Freeze(), New)
			}
		})
	}
}

// TestTermsAreFrozen: a held booking keeps its terms; a late payment has new ones.
func TestTermsAreFrozen(t *testing.T) {
	b := New()
	terms := func() events.SaleTerms { s := b.(*Booking).State(); return s.SaleTerms }
	coretest.Do(b, holdOn(termsBetween(3, 0, 0)), day, sentence)
	b = coretest.Restored(t, b.Freeze(), New)
	if want := (events.SaleTerms{Terms: 3, HoldSeconds: 60, LimitPerHolder: 4}); terms() != want {
		t.Errorf("held on %+v, want %+v", terms(), want)
	}
	again := New()
	coretest.Do(again, holdOn(termsBetween(3, 0, 0)), day, sentence)
	facts, _ := again.Decide(latePayment(termsBetween(5, 0, 0)), day)
	if f := facts[0].(*events.BookingPaymentStarted); f.SaleTerms != (events.SaleTerms{}) {
		t.Errorf("a payment in time names %+v, want %+v", f.SaleTerms, events.SaleTerms{})
	}
	coretest.Do(b, &core.Expire{}, day.Add(61*s), sentence)
	coretest.Do(b, latePayment(termsBetween(5, 0, 0)), day.Add(61*s), sentence)
	b = coretest.Restored(t, b.Freeze(), New)
	if terms().Terms != 5 {
		t.Errorf("terms of the late payment = %+v, want revision 5", terms())
	}
}
