package verify_test

import (
	"errors"
	"testing"
	"time"

	"admitone/events"
	"admitone/projections/logtest"
	"admitone/projections/verify"
)

// saleLog returns the log of a performance that opens after one second and closes after ten. An edit after two
// seconds sets a price of 7, holds of 50 s and a limit of two seats per holder.
func saleLog() *logtest.Forgery {
	f := logtest.NewForgery()
	stream := logtest.PerformanceStream("a")
	times := events.SaleTimes{OpensAt: f.Now.Add(time.Second), ClosesAt: f.Now.Add(10 * time.Second)}
	f.Add(stream, &events.PerformanceCreated{PerformanceID: "a", HoldSeconds: 100, LimitPerHolder: 4,
		Sections: logtest.ModelSections, SaleTimes: times})
	f.Wait(2 * time.Second)
	f.Add(stream, &events.PerformanceOpened{OpensAt: times.OpensAt}, &events.PerformanceEdited{HoldSeconds: 50,
		LimitPerHolder: 2, Prices: []events.SectionPrice{{Section: "A", Price: 7}, {Section: "B-x"}}, SaleTimes: times})
	return f
}

// soldSeat returns the facts of the hold of a seat and of its booking, on terms and at a price.
func soldSeat(f *logtest.Forgery, terms events.SaleTerms, price int64) []events.Fact {
	until, rule := f.Now.Add(time.Second), events.DefaultCancellation
	if terms == (events.SaleTerms{}) {
		rule = events.Cancellation{}
	}
	return []events.Fact{&events.SeatHeld{HoldID: "x.1", BookingID: "x", Holder: "cy", Price: price, Attempt: 1,
		ExpiresAt: until, FirstHeldAt: f.Now, Terms: terms.Terms}, &events.BookingHeld{BookingID: "x", PerformanceID: "a",
		Holder: "cy", Seats: []events.BookedSeat{{Seat: "A-1-1", Price: price}}, Amount: price, ExpiresAt: until,
		ExtendableUntil: until, Attempt: 1, SaleTerms: terms, Cancellation: rule}}
}

// TestVerifierChecksTermsOfBookings breaks each rule about the terms and times of a performance.
func TestVerifierChecksTermsOfBookings(t *testing.T) {
	first := events.SaleTerms{HoldSeconds: 100, LimitPerHolder: 4}
	edited := events.SaleTerms{Terms: 2, HoldSeconds: 50, LimitPerHolder: 2}
	sell := func(terms events.SaleTerms, price int64, at time.Duration) func(*logtest.Forgery) {
		return func(f *logtest.Forgery) {
			f.Wait(at - 2*time.Second)
			facts := soldSeat(f, terms, price)
			f.Add(logtest.SeatStream("a", "A-1-1"), facts[0])
			f.Add("booking-x", facts[1])
		}
	}
	appendFacts := func(facts ...events.Fact) func(*logtest.Forgery) {
		return func(f *logtest.Forgery) { f.Add(logtest.PerformanceStream("a"), facts...) }
	}
	prices := []events.SectionPrice{{Section: "A", Price: 7}, {Section: "B-x"}}
	for name, test := range map[string]struct {
		want  verify.Rule // "" if no rule is broken
		forge func(*logtest.Forgery)
	}{
		"on the edited terms":                 {"", sell(edited, 7, 2*time.Second)},
		"on the earlier terms":                {"", sell(first, 5, 2*time.Second)},
		"without terms":                       {"", sell(events.SaleTerms{}, 5, 2*time.Second)},
		"just before the close":               {"", sell(edited, 7, 10*time.Second-1)},
		"at the close":                        {verify.RuleTimes, sell(edited, 7, 10*time.Second)},
		"edited terms at the earlier price":   {verify.RuleLayout, sell(edited, 5, 2*time.Second)},
		"earlier terms at the edited price":   {verify.RuleLayout, sell(first, 7, 2*time.Second)},
		"terms of an unknown revision":        {verify.RuleTerms, sell(events.SaleTerms{Terms: 3, HoldSeconds: 50}, 7, 2*time.Second)},
		"terms of a revision that is no edit": {verify.RuleTerms, sell(events.SaleTerms{Terms: 1, HoldSeconds: 50}, 7, 2*time.Second)},
		"a different hold time": {verify.RuleTerms,
			sell(events.SaleTerms{Terms: 2, HoldSeconds: 100, LimitPerHolder: 2}, 7, 2*time.Second)},
		"a different limit": {verify.RuleTerms, sell(events.SaleTerms{Terms: 2, HoldSeconds: 50}, 7, 2*time.Second)},
		"allowance above the edited limit": {verify.RuleLimit, func(f *logtest.Forgery) {
			f.Add("allowance-a~cy", &events.AllowanceTaken{HoldID: "x.1", Seats: 3, Taken: 3, Terms: 2, ExpiresAt: f.Now})
		}},
		"allowance within the earlier limit": {"", func(f *logtest.Forgery) {
			f.Add("allowance-a~cy", &events.AllowanceTaken{HoldID: "x.1", Seats: 3, Taken: 3, ExpiresAt: f.Now})
		}},
		"allowance on terms of an unknown revision": {verify.RuleTerms, func(f *logtest.Forgery) {
			f.Add("allowance-a~cy", &events.AllowanceTaken{HoldID: "x.1", Seats: 1, Taken: 1, Terms: 9, ExpiresAt: f.Now})
		}},
		"a late payment after the close": {verify.RuleTimes, func(f *logtest.Forgery) {
			sell(edited, 7, 9*time.Second)(f)
			until := f.Now.Add(time.Second)
			f.Wait(time.Second + 1)
			f.Add("booking-x", &events.BookingExpired{ExpiresAt: until}, &events.BookingPaymentStarted{PaymentID: "x.2",
				Amount: 7, Attempt: 2, Was: events.BookingIsExpired, SaleTerms: edited})
		}},
		"a payment in time names terms": {verify.RuleTerms, func(f *logtest.Forgery) {
			sell(edited, 7, 2*time.Second)(f)
			f.Add("booking-x", &events.BookingPaymentStarted{PaymentID: "x.1", Amount: 7, Attempt: 1,
				Was: events.BookingIsHeld, SaleTerms: edited})
		}},
		"opened twice": {verify.RuleTimes, func(f *logtest.Forgery) {
			appendFacts(&events.PerformanceOpened{OpensAt: f.Now.Add(-time.Second)})(f)
		}},
		"closed early": {verify.RuleTimes, func(f *logtest.Forgery) {
			appendFacts(&events.PerformanceClosed{ClosesAt: f.Now.Add(8 * time.Second)})(f)
		}},
		"closed": {"", func(f *logtest.Forgery) {
			f.Wait(8 * time.Second)
			appendFacts(&events.PerformanceClosed{ClosesAt: f.Now})(f)
		}},
		"closes before it opens": {verify.RuleTimes, func(f *logtest.Forgery) {
			appendFacts(&events.PerformanceEdited{HoldSeconds: 1, Prices: prices,
				SaleTimes: events.SaleTimes{OpensAt: f.Now, ClosesAt: f.Now}})(f)
		}},
		"prices of other sections": {verify.RuleLayout, appendFacts(&events.PerformanceEdited{HoldSeconds: 1,
			Prices: []events.SectionPrice{{Section: "B-x"}, {Section: "A"}}})},
		"prices of some sections": {verify.RuleLayout, appendFacts(&events.PerformanceEdited{HoldSeconds: 1, Prices: prices[:1]})},
		"negative limit":          {verify.RuleFigures, appendFacts(&events.PerformanceEdited{LimitPerHolder: -1, Prices: prices})},
		"a fact of a product":     {verify.RuleKnown, appendFacts(logtest.Reserved(1, "ada", 1, 1))},
		"another edit":            {"", appendFacts(&events.PerformanceEdited{HoldSeconds: 1, Prices: prices})},
		"created a second time":   {verify.RuleCreation, appendFacts(&events.PerformanceCreated{PerformanceID: "a"})},
	} {
		f := saleLog()
		test.forge(f)
		err := verifyAll(f.Log)
		if violation := (*verify.Violation)(nil); test.want == "" && err != nil || test.want != "" &&
			(!errors.As(err, &violation) || violation.Rule != test.want) {
			t.Errorf("%s: %v, want %q", name, err, test.want)
		}
	}
}
