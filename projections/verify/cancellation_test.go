package verify_test

import (
	"errors"
	"testing"
	"time"

	"admitone/events"
	"admitone/projections/logtest"
	"admitone/projections/verify"
)

// halfRefundLog returns the log of a performance that refunds half of the price until 100 s after its creation,
// before it starts. cy has paid 5 for a seat.
func halfRefundLog() *logtest.Forgery {
	f := logtest.NewForgery()
	rule := events.Cancellation{Until: f.Now.Add(100 * time.Second), RefundPercent: 50}
	f.Add(logtest.PerformanceStream("a"), &events.PerformanceCreated{PerformanceID: "a", HoldSeconds: 100,
		StartsAt: f.Now.Add(time.Hour), Sections: logtest.ModelSections, Cancellation: rule})
	facts := soldSeat(f, events.SaleTerms{HoldSeconds: 100}, 5)
	facts[1].(*events.BookingHeld).Cancellation = rule
	seat := logtest.SeatStream("a", "A-1-1")
	f.Add(seat, facts[0])
	f.Add("booking-x", facts[1], &events.BookingPaymentStarted{PaymentID: "x.1", Amount: 5, Attempt: 1,
		Was: events.BookingIsHeld})
	f.Add("wallet-cy", &events.WalletCharged{ChargeID: "c", Amount: 9, Balance: 9},
		&events.WalletDebited{PaymentID: "x.1", BookingID: "x", Amount: 5, Balance: 4})
	f.Add(seat, &events.SeatBooked{HoldID: "x.1", BookingID: "x", Holder: "cy"})
	f.Add("booking-x", &events.BookingBooked{PaymentID: "x.1", Amount: 5})
	return f
}

// TestVerifierChecksRefunds breaks each rule of refunds; a refund of 3 withholds 2 of 5.
func TestVerifierChecksRefunds(t *testing.T) {
	release := func(f *logtest.Forgery, kept int64, reason string) {
		f.Add("booking-x", &events.BookingReleased{Was: events.BookingIsBooked, RefundID: "x.1", Kept: kept, Reason: reason})
	}
	refund := func(f *logtest.Forgery, amount int64, id events.RefundID) {
		f.Add("wallet-cy", &events.WalletRefunded{PaymentID: "x.1", BookingID: "x", Amount: amount, Balance: 4 + amount,
			RefundID: id})
	}
	end := func(f *logtest.Forgery, amount int64) {
		f.Add(logtest.SeatStream("a", "A-1-1"), &events.SeatReleased{HoldID: "x.1", Holder: "cy", Was: events.SeatIsBooked,
			ReleasedAt: f.Now})
		f.Add("booking-x", &events.BookingRefunded{PaymentID: "x.1", Amount: amount})
	}
	part := events.ReleaseRefund("x.1")
	for name, test := range map[string]struct {
		want  verify.Rule // "" if no rule is broken
		forge func(*logtest.Forgery)
	}{
		"half refunded in time":             {"", func(f *logtest.Forgery) { release(f, 2, ""); refund(f, 3, part); end(f, 3) }},
		"released just before the deadline": {"", func(f *logtest.Forgery) { f.Wait(100*time.Second - 1); release(f, 2, "") }},
		"released at the deadline":          {verify.RuleReturns, func(f *logtest.Forgery) { f.Wait(100 * time.Second); release(f, 2, "") }},
		"released late for a reason":        {"", func(f *logtest.Forgery) { f.Wait(200 * time.Second); release(f, 2, "lift") }},
		"fee too high":                      {verify.RuleReturns, func(f *logtest.Forgery) { release(f, 3, "") }},
		"no fee":                            {verify.RuleReturns, func(f *logtest.Forgery) { release(f, 0, "") }},
		"refund too high":                   {verify.RulePayments, func(f *logtest.Forgery) { release(f, 2, ""); refund(f, 4, part) }},
		"fee refunded too": {verify.RulePayments, func(f *logtest.Forgery) {
			release(f, 2, "")
			refund(f, 3, part)
			f.Add("wallet-cy", &events.WalletRefunded{PaymentID: "x.1", BookingID: "x", Amount: 2, Balance: 9, RefundID: "x.1.x"})
		}},
		"refund without a release":      {verify.RulePayments, func(f *logtest.Forgery) { refund(f, 3, part) }},
		"completed without the refund":  {verify.RulePayments, func(f *logtest.Forgery) { release(f, 2, ""); end(f, 3) }},
		"completed with the full price": {verify.RuleBooking, func(f *logtest.Forgery) { release(f, 2, ""); refund(f, 3, part); end(f, 5) }},
		"different policy in the booking": {verify.RuleReturns, func(f *logtest.Forgery) {
			facts := soldSeat(f, events.SaleTerms{HoldSeconds: 100}, 5)
			held := facts[1].(*events.BookingHeld)
			held.BookingID, held.Seats[0].Seat = "y", "A-1-2"
			f.Add("booking-y", held)
		}},
		"policy of 101 percent": {verify.RuleReturns, func(f *logtest.Forgery) {
			f.Add(logtest.PerformanceStream("b"), &events.PerformanceCreated{PerformanceID: "b",
				Sections: logtest.ModelSections, Cancellation: events.Cancellation{RefundPercent: 101}})
		}},
	} {
		f := halfRefundLog()
		test.forge(f)
		err := verifyAll(f.Log)
		if violation := (*verify.Violation)(nil); test.want == "" && err != nil || test.want != "" &&
			(!errors.As(err, &violation) || violation.Rule != test.want) {
			t.Errorf("%s: %v, want %q", name, err, test.want)
		}
	}
	f := halfRefundLog()
	release(f, 2, "")
	refund(f, 3, part)
	end(f, 3)
	v := verify.New(true)
	for i := range f.Log {
		if err := v.Check(&f.Log[i]); err != nil {
			t.Fatal(err)
		}
	}
	if open := v.Open(); len(open) != 0 {
		t.Errorf("Open() = %q, want none", open)
	}
}
