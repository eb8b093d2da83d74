package verify_test

import (
	"errors"
	"testing"
	"time"

	"admitone/events"
	"admitone/projections/logtest"
	"admitone/projections/verify"
)

// TestVerifierChecksReturnsOfSeats breaks each rule of returning one seat. Of the price of 5, 3 are refunded and 2
// withheld.
func TestVerifierChecksReturnsOfSeats(t *testing.T) {
	returnSeat := func(f *logtest.Forgery, edit func(*events.BookingSeatReturned)) {
		fact := &events.BookingSeatReturned{Seat: "A-1-1", Price: 5, Kept: 2, PaymentID: "x.1"}
		if edit != nil {
			edit(fact)
		}
		f.Add("booking-x", fact)
	}
	refund := func(f *logtest.Forgery, amount int64, id events.RefundID) {
		f.Add("wallet-cy", &events.WalletRefunded{PaymentID: "x.1", BookingID: "x", Amount: amount, Balance: 4 + amount,
			RefundID: id})
	}
	free := func(f *logtest.Forgery) {
		f.Add(logtest.SeatStream("a", "A-1-1"), &events.SeatReleased{HoldID: "x.1", Holder: "cy", Was: events.SeatIsBooked,
			Reason: events.ReleasedReturned, ReleasedAt: f.Now})
	}
	end := func(f *logtest.Forgery, amount int64) {
		f.Add("booking-x", &events.BookingSeatRefunded{Seat: "A-1-1", Amount: amount})
	}
	part := events.SeatRefund("x.1", "A-1-1")
	all := func(f *logtest.Forgery) { returnSeat(f, nil); refund(f, 3, part); free(f); end(f, 3) }
	for name, test := range map[string]struct {
		want  verify.Rule // "" if no rule is broken
		forge func(*logtest.Forgery)
	}{
		"half refunded in time":             {"", all},
		"returned just before the deadline": {"", func(f *logtest.Forgery) { f.Wait(100*time.Second - 1); returnSeat(f, nil) }},
		"returned at the deadline":          {verify.RuleReturns, func(f *logtest.Forgery) { f.Wait(100 * time.Second); returnSeat(f, nil) }},
		"returned late for a reason": {"", func(f *logtest.Forgery) {
			f.Wait(200 * time.Second)
			returnSeat(f, func(r *events.BookingSeatReturned) { r.Reason = "lift" })
		}},
		"fee too high": {verify.RuleReturns, func(f *logtest.Forgery) {
			returnSeat(f, func(r *events.BookingSeatReturned) { r.Kept = 3 })
		}},
		"no payment id": {verify.RuleReturns, func(f *logtest.Forgery) {
			returnSeat(f, func(r *events.BookingSeatReturned) { r.PaymentID, r.Kept = "", 0 })
		}},
		"a different seat": {verify.RuleBooking, func(f *logtest.Forgery) {
			returnSeat(f, func(r *events.BookingSeatReturned) { r.Seat = "A-1-2" })
		}},
		"a different price": {verify.RuleBooking, func(f *logtest.Forgery) {
			returnSeat(f, func(r *events.BookingSeatReturned) { r.Price = 6 })
		}},
		"wrong number of seats left": {verify.RuleBooking, func(f *logtest.Forgery) {
			returnSeat(f, func(r *events.BookingSeatReturned) { r.Left = 1 })
		}},
		"returned twice": {verify.RuleBooking, func(f *logtest.Forgery) { returnSeat(f, nil); returnSeat(f, nil) }},
		"booking released after the return": {verify.RuleBooking, func(f *logtest.Forgery) {
			all(f)
			f.Add("booking-x", &events.BookingReleased{Was: events.BookingIsBooked})
		}},
		"refund too high": {verify.RulePayments, func(f *logtest.Forgery) { returnSeat(f, nil); refund(f, 4, part) }},
		"refunded twice": {verify.RulePayments, func(f *logtest.Forgery) {
			all(f)
			f.Add("wallet-cy", &events.WalletRefunded{PaymentID: "x.1", BookingID: "x", Amount: 2, Balance: 9, RefundID: part})
		}},
		"refund without a return":              {verify.RulePayments, func(f *logtest.Forgery) { refund(f, 3, part) }},
		"completed without the refund":         {verify.RulePayments, func(f *logtest.Forgery) { returnSeat(f, nil); free(f); end(f, 3) }},
		"completed with the seat still booked": {verify.RuleBooked, func(f *logtest.Forgery) { returnSeat(f, nil); refund(f, 3, part); end(f, 3) }},
		"completed with the full price":        {verify.RuleBooking, func(f *logtest.Forgery) { returnSeat(f, nil); refund(f, 3, part); free(f); end(f, 5) }},
		"completed twice":                      {verify.RuleBooking, func(f *logtest.Forgery) { all(f); end(f, 3) }},
		"seat released without a return":       {verify.RuleBooked, free},
	} {
		f := halfRefundLog()
		test.forge(f)
		err := verifyAll(f.Log)
		if violation := (*verify.Violation)(nil); test.want == "" && err != nil || test.want != "" &&
			(!errors.As(err, &violation) || violation.Rule != test.want) {
			t.Errorf("%s: %v, want %q", name, err, test.want)
		}
	}
	for want, forge := range map[int]func(*logtest.Forgery){0: all, 1: func(f *logtest.Forgery) { returnSeat(f, nil) }} {
		f := halfRefundLog()
		forge(f)
		v := verify.New(true)
		for i := range f.Log {
			if err := v.Check(&f.Log[i]); err != nil {
				t.Fatal(err)
			}
		}
		if open := v.Open(); (len(open) > 0) != (want > 0) {
			t.Errorf("Open() = %q, want %d", open, want)
		}
	}
}

// TestVerifierChecksReturnsOfExternalPayments: the amount owed for a returned seat must be the one that its booking
// records.
func TestVerifierChecksReturnsOfExternalPayments(t *testing.T) {
	x := events.PaymentStream("bank", "x")
	id := events.NewRefundID(x, events.OwedSeatReturned, "A-1-1")
	for name, test := range map[string]struct {
		want     verify.Rule
		returned events.PaymentReturned
	}{
		"full price owed":             {"", events.PaymentReturned{RefundID: id, Cause: events.OwedSeatReturned, Amount: 5}},
		"too little owed":             {verify.RuleOutcome, events.PaymentReturned{RefundID: id, Cause: events.OwedSeatReturned, Amount: 4}},
		"fee withheld":                {verify.RuleOutcome, events.PaymentReturned{RefundID: id, Cause: events.OwedSeatReturned, Amount: 4, Kept: 1}},
		"different refund id":         {verify.RuleOutcome, events.PaymentReturned{RefundID: "r", Cause: events.OwedSeatReturned, Amount: 5}},
		"refund of the whole booking": {verify.RuleOutcome, events.PaymentReturned{RefundID: refundID("x", events.OwedReleased), Cause: events.OwedReleased, Amount: 5}},
		"completed without a refund":  {verify.RulePayments, events.PaymentReturned{}},
	} {
		b, ada, _ := externalPayments()
		booking := events.NewStreamID(events.BookingCategory, string(ada))
		b.Add(booking, &events.BookingSeatReturned{Seat: "A-1-1", Price: 5, PaymentID: events.NewHoldID(ada, 1)})
		if test.returned.RefundID != "" {
			b.Add(x, &test.returned)
		}
		if test.want == "" || test.returned.RefundID == "" {
			b.Add(logtest.SeatStream("a", "A-1-1"), &events.SeatReleased{HoldID: events.NewHoldID(ada, 1), Holder: "ada",
				Was: events.SeatIsBooked, Reason: events.ReleasedReturned, ReleasedAt: b.Forgery.Now})
			b.Add(booking, &events.BookingSeatRefunded{Seat: "A-1-1", Amount: 5})
		}
		err := verifyAll(b.Log)
		if violation := (*verify.Violation)(nil); test.want == "" && err != nil || test.want != "" &&
			(!errors.As(err, &violation) || violation.Rule != test.want) {
			t.Errorf("%s: %v, want %q", name, err, test.want)
		}
	}
}

// TestVerifierAcceptsTheReleaseOfASecondPayment: the id of a second payment differs from that of the hold.
func TestVerifierAcceptsTheReleaseOfASecondPayment(t *testing.T) {
	f := logtest.NewForgery()
	f.Add(logtest.PerformanceStream("a"), &events.PerformanceCreated{PerformanceID: "a", HoldSeconds: 100,
		StartsAt: f.Now.Add(time.Hour), Sections: logtest.ModelSections})
	facts := soldSeat(f, events.SaleTerms{}, 5)
	seat := logtest.SeatStream("a", "A-1-1")
	f.Add(seat, facts[0])
	start := events.BookingPaymentStarted{PaymentID: "x.1", Amount: 5, Attempt: 1, Was: events.BookingIsHeld}
	second := start
	second.PaymentID = "x.1~2"
	f.Add("booking-x", facts[1], &start)
	f.Add("wallet-cy", &events.WalletCancelled{PaymentID: "x.1", BookingID: "x"})
	f.Add("booking-x", &events.BookingPaymentFailed{PaymentID: "x.1", Reason: events.FailedBalance,
		Status: events.BookingIsHeld, ExpiresAt: facts[1].(*events.BookingHeld).ExpiresAt}, &second)
	f.Add("wallet-cy", &events.WalletCharged{ChargeID: "c", Amount: 9, Balance: 9},
		&events.WalletDebited{PaymentID: "x.1~2", BookingID: "x", Amount: 5, Balance: 4})
	f.Add(seat, &events.SeatBooked{HoldID: "x.1", BookingID: "x", Holder: "cy"})
	f.Add("booking-x", &events.BookingBooked{PaymentID: "x.1~2", Amount: 5},
		&events.BookingReleased{Was: events.BookingIsBooked, RefundID: "x.1~2"})
	if err := verifyAll(f.Log); err != nil {
		t.Error(err)
	}
}
