package verify_test

import (
	"errors"
	"testing"

	"admitone/events"
	"admitone/projections/logtest"
	"admitone/projections/verify"
)

// bankPayment returns a bank payment for a booking that costs 5 EUR.
func bankPayment(reference string, id events.BookingID, amount int64) *events.PaymentReceived {
	return &events.PaymentReceived{Provider: "bank", Reference: reference, Amount: amount, Currency: "EUR", Expected: 5,
		ExpectedCurrency: "EUR", PaymentSubject: events.PaymentSubject{BookingID: id}}
}

func refundID(reference string, cause events.RefundCause) events.RefundID {
	return events.NewRefundID(events.PaymentStream("bank", reference), cause, "")
}

// externalPayments returns a log in which ada's booking is paid by the external payment x. The payment y is a second
// one and refunded, z has a wrong amount and is owed. bob's booking is held.
func externalPayments() (b *logtest.ForgedLog, ada, bob events.BookingID) {
	b = logtest.NewForgedLog()
	b.Add(events.SettingsStream, &events.CurrencyNamed{Currency: "EUR", Digits: 2})
	b.Open("a")
	b.Book("a", "ada", []string{"A-1-1"})
	b.Book("a", "bob", []string{"A-1-2"})
	for id, made := range b.Bookings {
		if made.Holder == "ada" {
			ada = events.BookingID(id)
		} else {
			bob = events.BookingID(id)
		}
	}
	x, hold := events.PaymentStream("bank", "x"), events.NewHoldID(ada, 1)
	b.Add(x, bankPayment("x", ada, 5))
	b.Add(
		events.NewStreamID(events.BookingCategory, string(ada)),
		&events.BookingPaymentStarted{PaymentID: hold, Amount: 5,
			Attempt: 1, Was: events.BookingIsHeld, Payment: x},
	)
	b.Add("allowance-a~ada", &events.AllowanceKept{HoldID: hold, Seats: 1, Taken: 1})
	b.Add(logtest.SeatStream("a", "A-1-1"), &events.SeatBooked{HoldID: hold, BookingID: ada, Holder: "ada"})
	b.Add(events.NewStreamID(events.BookingCategory, string(ada)),
		&events.BookingBooked{PaymentID: hold, Amount: 5, Payment: x})
	b.Add(x, &events.PaymentBooked{Amount: 5, PaymentID: hold})
	y, z := events.PaymentStream("bank", "y"), events.PaymentStream("bank", "z")
	b.Add(y, bankPayment("y", ada, 5), &events.PaymentOwed{RefundID: refundID("y", events.OwedAlreadyPaid),
		Cause: events.OwedAlreadyPaid, Amount: 5})
	b.Add(z, bankPayment("z", ada, 4), &events.PaymentOwed{RefundID: refundID("z", events.OwedWrongSum),
		Cause: events.OwedWrongSum, Amount: 4})
	b.Add(events.SettlementStream("bank", "back"), &events.SettlementClaimed{Provider: "bank", Reference: "back",
		RefundID: refundID("y", events.OwedAlreadyPaid)})
	b.Add(y, &events.PaymentRefunded{RefundID: refundID("y", events.OwedAlreadyPaid), Amount: 5, Reference: "back"})
	return b, ada, bob
}

// TestVerifierAcceptsExternalPayments: Open reports a payment that is neither applied nor owed, and nothing else.
func TestVerifierAcceptsExternalPayments(t *testing.T) {
	for remaining, forge := range map[int]func(b *logtest.ForgedLog, bob events.BookingID){
		0: func(b *logtest.ForgedLog, _ events.BookingID) {
			id, y := refundID("y", events.OwedAlreadyPaid), events.PaymentStream("bank", "y")
			b.Add(y, &events.PaymentRefundFailed{RefundID: id, Failure: events.RefundDeclined, Reference: "back", Amount: 5})
			b.Add(events.SettlementStream("bank", "again"), &events.SettlementClaimed{Provider: "bank", Reference: "again",
				RefundID: id})
			b.Add(y, &events.PaymentRefunded{RefundID: id, Amount: 5, Reference: "again"})
			z := refundID("z", events.OwedWrongSum)
			b.Add(events.PaymentStream("bank", "z"), &events.PaymentRefundAsked{RefundID: z},
				&events.PaymentRefundFailed{RefundID: z, Failure: events.RefundForeign})
		},
		1: func(b *logtest.ForgedLog, bob events.BookingID) {
			b.Add(events.PaymentStream("bank", "w"), bankPayment("w", bob, 5))
		},
	} {
		b, _, bob := externalPayments()
		forge(b, bob)
		v := verify.New(true)
		for i := range b.Log {
			if err := v.Check(&b.Log[i]); err != nil {
				t.Fatal(err)
			}
		}
		if open := v.Open(); len(open) != remaining {
			t.Errorf("Open() = %q, want %d", open, remaining)
		}
	}
}

// TestVerifierRulesOfExternalPayments breaks every rule; the last event of each log is the one that
// does.
func TestVerifierRulesOfExternalPayments(t *testing.T) {
	stream := func(reference string) events.StreamID { return events.PaymentStream("bank", reference) }
	booking := func(id events.BookingID) events.StreamID {
		return events.NewStreamID(events.BookingCategory, string(id))
	}
	broken := map[verify.Rule]bool{}
	for _, test := range []struct {
		name  string
		rule  verify.Rule
		forge func(b *logtest.ForgedLog, ada, bob events.BookingID)
	}{
		{"under a different reference", verify.RuleReference, func(b *logtest.ForgedLog, _, bob events.BookingID) {
			b.Add(stream("w"), bankPayment("v", bob, 5))
		}},
		{"for an unknown booking", verify.RuleExternal, func(b *logtest.ForgedLog, _, _ events.BookingID) {
			b.Add(stream("w"), bankPayment("w", "none", 5))
		}},
		{"for a different price", verify.RuleExternal, func(b *logtest.ForgedLog, _, bob events.BookingID) {
			f := bankPayment("w", bob, 6)
			f.Expected = 6
			b.Add(stream("w"), f)
		}},
		{"in a currency that is not the log's", verify.RuleExternal, func(b *logtest.ForgedLog, _, bob events.BookingID) {
			f := bankPayment("w", bob, 5)
			f.Currency, f.ExpectedCurrency = "KRW", "KRW"
			b.Add(stream("w"), f)
		}},
		{"received twice", verify.RuleCreation, func(b *logtest.ForgedLog, ada, _ events.BookingID) {
			b.Add(stream("x"), bankPayment("x", ada, 5))
		}},
		{"returned for a seat although none was returned", verify.RuleOutcome, func(b *logtest.ForgedLog, ada, _ events.BookingID) {
			b.Add(stream("x"), &events.PaymentReturned{RefundID: "r", Cause: events.OwedSeatReturned, Amount: 4, Kept: 2})
		}},
		{"booked although the booking is held", verify.RuleOutcome, func(b *logtest.ForgedLog, _, bob events.BookingID) {
			b.Add(stream("w"), bankPayment("w", bob, 5), &events.PaymentBooked{Amount: 5, PaymentID: events.NewHoldID(bob, 1)})
		}},
		{"owed as late although nothing failed", verify.RuleOutcome, func(b *logtest.ForgedLog, _, bob events.BookingID) {
			b.Add(stream("w"), bankPayment("w", bob, 5), &events.PaymentOwed{RefundID: "r", Cause: events.OwedLate, Amount: 5})
		}},
		{"owed as released although the booking is held", verify.RuleOutcome, func(b *logtest.ForgedLog, _, bob events.BookingID) {
			b.Add(stream("w"), bankPayment("w", bob, 5), &events.PaymentOwed{RefundID: "r", Cause: events.OwedReleased, Amount: 5})
		}},
		{"owed as a wrong sum although the sum is right", verify.RuleOutcome, func(b *logtest.ForgedLog, _, bob events.BookingID) {
			b.Add(stream("w"), bankPayment("w", bob, 5), &events.PaymentOwed{RefundID: "r", Cause: events.OwedWrongSum, Amount: 5})
		}},
		{"a seat booked by a payment of a wrong sum", verify.RuleBooked, func(b *logtest.ForgedLog, _, bob events.BookingID) {
			hold := events.NewHoldID(bob, 1)
			b.Add(stream("w"), bankPayment("w", bob, 4))
			b.Add(booking(bob), &events.BookingPaymentStarted{PaymentID: hold, Amount: 5, Attempt: 1, Was: events.BookingIsHeld,
				Payment: stream("w")})
			b.Add(logtest.SeatStream("a", "A-1-2"), &events.SeatBooked{HoldID: hold, BookingID: bob, Holder: "bob"})
		}},
		{"a seat booked by the payment for a different booking", verify.RuleBooked, func(b *logtest.ForgedLog, _, bob events.BookingID) {
			hold := events.NewHoldID(bob, 1)
			b.Add(booking(bob), &events.BookingPaymentStarted{PaymentID: hold, Amount: 5, Attempt: 1, Was: events.BookingIsHeld,
				Payment: stream("x")})
			b.Add(logtest.SeatStream("a", "A-1-2"), &events.SeatBooked{HoldID: hold, BookingID: bob, Holder: "bob"})
		}},
		{"returned although the booking is booked", verify.RuleOutcome, func(b *logtest.ForgedLog, _, _ events.BookingID) {
			b.Add(stream("x"), &events.PaymentReturned{RefundID: "r", Cause: events.OwedReleased, Amount: 5})
		}},
		{"refunded although nothing is owed", verify.RuleExternal, func(b *logtest.ForgedLog, _, _ events.BookingID) {
			b.Add(stream("x"), &events.PaymentRefunded{RefundID: "r", Amount: 5, Reference: "back"})
		}},
		{"refunded under a reference of a different refund", verify.RuleReference, func(b *logtest.ForgedLog, _, _ events.BookingID) {
			b.Add(stream("z"), &events.PaymentRefunded{RefundID: refundID("z", events.OwedWrongSum), Amount: 4, Reference: "back"})
		}},
		{"a reference for two refunds", verify.RuleCreation, func(b *logtest.ForgedLog, _, _ events.BookingID) {
			b.Add(events.SettlementStream("bank", "back"), &events.SettlementClaimed{Provider: "bank", Reference: "back",
				RefundID: refundID("z", events.OwedWrongSum)})
		}},
		{"asked for a refund that is settled", verify.RuleExternal, func(b *logtest.ForgedLog, _, _ events.BookingID) {
			b.Add(stream("y"), &events.PaymentRefundAsked{RefundID: refundID("y", events.OwedAlreadyPaid)})
		}},
		{"asked for a refund twice", verify.RuleExternal, func(b *logtest.ForgedLog, _, _ events.BookingID) {
			requested := &events.PaymentRefundAsked{RefundID: refundID("z", events.OwedWrongSum)}
			b.Add(stream("z"), requested, requested)
		}},
		{"a refund fails that was not asked for", verify.RuleExternal, func(b *logtest.ForgedLog, _, _ events.BookingID) {
			b.Add(stream("z"), &events.PaymentRefundFailed{RefundID: refundID("z", events.OwedWrongSum),
				Failure: events.RefundDeclined})
		}},
		{"a part of a refund reversed", verify.RuleExternal, func(b *logtest.ForgedLog, _, _ events.BookingID) {
			b.Add(stream("y"), &events.PaymentRefundFailed{RefundID: refundID("y", events.OwedAlreadyPaid),
				Failure: events.RefundDeclined, Reference: "back", Amount: 4})
		}},
		{"asked for a refund that was reversed", verify.RuleExternal, func(b *logtest.ForgedLog, _, _ events.BookingID) {
			id := refundID("y", events.OwedAlreadyPaid)
			b.Add(stream("y"), &events.PaymentRefundFailed{RefundID: id, Failure: events.RefundDeclined, Reference: "back",
				Amount: 5}, &events.PaymentRefundAsked{RefundID: id})
		}},
		{"settled again under the reference of a reversed refund", verify.RuleReference, func(b *logtest.ForgedLog, _, _ events.BookingID) {
			id := refundID("y", events.OwedAlreadyPaid)
			b.Add(stream("y"), &events.PaymentRefundFailed{RefundID: id, Failure: events.RefundDeclined, Reference: "back",
				Amount: 5}, &events.PaymentRefunded{RefundID: id, Amount: 5, Reference: "back"})
		}},
		{"a reference for an unknown refund", verify.RuleReference, func(b *logtest.ForgedLog, _, _ events.BookingID) {
			b.Add(events.SettlementStream("bank", "b2"), &events.SettlementClaimed{Provider: "bank", Reference: "b2", RefundID: "r"})
		}},
		{"refunded to the wallet instead", verify.RulePayments, func(b *logtest.ForgedLog, ada, _ events.BookingID) {
			hold := events.NewHoldID(ada, 1)
			b.Add(booking(ada), &events.BookingReleased{Was: events.BookingIsBooked, RefundID: hold},
				&events.BookingRefunded{PaymentID: hold, Amount: 5})
		}},
		{"the currency named again", verify.RuleFigures, func(b *logtest.ForgedLog, _, _ events.BookingID) {
			b.Add(events.SettingsStream, &events.CurrencyNamed{Currency: "EUR", Digits: 2})
		}},
	} {
		b, ada, bob := externalPayments()
		test.forge(b, ada, bob)
		err := verifyAll(b.Log)
		var v *verify.Violation
		if !errors.As(err, &v) || v.Rule != test.rule || v.Position != b.Log[len(b.Log)-1].Position {
			t.Errorf("%s: %v; want a violation of %q at the last event", test.name, err, test.rule)
		}
		broken[test.rule] = true
	}
	for _, rule := range []verify.Rule{verify.RuleExternal, verify.RuleReference, verify.RuleOutcome, verify.RuleBooked} {
		if !broken[rule] {
			t.Errorf("no case breaks the rule %q", rule)
		}
	}
}
