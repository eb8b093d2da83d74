package booking

import (
	"testing"
	"time"

	"admitone/actors/core"
	"admitone/actors/core/coretest"
	"admitone/events"
)

// termsBetween returns terms of a sale with bounds relative to day; 0 means no bound.
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
	h.Terms = terms
	return h
}

func paymentOn(terms Terms) *StartPayment { return &StartPayment{By: "ann", Terms: terms} }

// TestTimes checks the bounds of a sale for holds and late payments.
func TestTimes(t *testing.T) {
	const notOpen = "not_open [opens_at:2026-05-01 20:00:10 +0000 UTC]"
	const closed = "sale_closed [closes_at:2026-05-01 20:00:20 +0000 UTC]"
	for _, scenario := range []scenario{
		{"a sale opens at opens_at, not a nanosecond before", []commandCase{
			{10*s - ns, holdOn(termsBetween(1, 10*s, 20*s)), notOpen},
			{10 * s, holdOn(termsBetween(1, 10*s, 20*s)), held},
		}},
		{"a sale closes at closes_at, not a nanosecond before", []commandCase{
			{20 * s, holdOn(termsBetween(1, 10*s, 20*s)), closed},
			{20*s - ns, holdOn(termsBetween(1, 10*s, 20*s)), held},
		}},
		{"a booking held in time can be extended, paid and released after the sale closed", []commandCase{
			{20*s - ns, holdOn(termsBetween(1, 0, 20*s)), held},
			{20 * s, extend("ann", 90*s), "extended until 1m30s"},
			{30 * s, paymentOn(termsBetween(1, 0, 20*s)), "payment b.1 of 150, was held"},
			{30 * s, complete("b.1"), "booked b.1 for 150"},
			{40 * s, release("ann"), "released, was booked b.1"},
		}},
		{"a late payment is subject to the terms at its own time", []commandCase{
			{0, holdOn(termsBetween(1, 0, 70*s)), held},
			{61 * s, &core.Expire{}, "expired at 1m0s"},
			{61 * s, paymentOn(termsBetween(2, 62*s, 0)), "not_open [opens_at:2026-05-01 20:01:02 +0000 UTC]"},
			{70 * s, paymentOn(termsBetween(1, 0, 70*s)), "sale_closed [closes_at:2026-05-01 20:01:10 +0000 UTC]"},
			{70*s - ns, paymentOn(termsBetween(1, 0, 70*s)), "payment b.2 of 150, was expired"},
		}},
		{"the order of refusals: closed attempt, closed sale, expired hold", []commandCase{
			{0, abandon(1), "abandoned 1 of b for ann"},
			{30 * s, holdOn(termsBetween(0, 0, 20*s)), "not_held"},
			{90 * s, withAttempt(2, holdOn(termsBetween(0, 0, 20*s))), closed},
		}},
	} {
		t.Run(scenario.name, func(t *testing.T) {
			b := New()
			for i, c := range scenario.cases {
				if got := coretest.Do(b, c.cmd, day.Add(c.at), sentence); got != c.want {
					t.Fatalf("case %d: %T at %v:\n got %s\nwant %s", i+1, c.cmd, c.at, got, c.want)
				}
				b = coretest.RoundTrip(t, b.Freeze(), New)
			}
		})
	}
}

// TestTermsAreFrozen checks that a booking keeps the terms of its hold until a late payment.
func TestTermsAreFrozen(t *testing.T) {
	b := New()
	terms := func() events.SaleTerms { s := b.(*Booking).State(); return s.SaleTerms }
	coretest.Do(b, holdOn(termsBetween(3, 0, 0)), day, sentence)
	b = coretest.RoundTrip(t, b.Freeze(), New)
	if want := (events.SaleTerms{Terms: 3, HoldSeconds: 60, LimitPerHolder: 4}); terms() != want {
		t.Errorf("got terms %+v after the hold, want %+v", terms(), want)
	}
	other := New()
	coretest.Do(other, holdOn(termsBetween(3, 0, 0)), day, sentence)
	facts, _ := other.Decide(paymentOn(termsBetween(5, 0, 0)), day)
	if f := facts[0].(*events.BookingPaymentStarted); f.SaleTerms != (events.SaleTerms{}) {
		t.Errorf("got terms %+v in the fact of a payment in time, want none", f.SaleTerms)
	}
	coretest.Do(b, &core.Expire{}, day.Add(61*s), sentence)
	coretest.Do(b, paymentOn(termsBetween(5, 0, 0)), day.Add(61*s), sentence)
	b = coretest.RoundTrip(t, b.Freeze(), New)
	if terms().Terms != 5 {
		t.Errorf("got terms %+v after a late payment, want revision 5", terms())
	}
}
