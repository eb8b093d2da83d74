package verify_test

import (
	"errors"
	"testing"

	"admitone/events"
	"admitone/projections/logtest"
	"admitone/projections/verify"
)

var callOff = events.CallOffStream("performance~off")

// begun returns the facts of a cancellation that is being swept.
func begun() []events.Fact {
	return []events.Fact{&events.CallOffBegun{Of: "performance", ID: "off", Reason: "ill"},
		&events.CursorTaken{Term: 1, Node: "n"}}
}

// TestVerifierRulesOfCallOffs breaks every rule; the last event of each log is the one that does.
func TestVerifierRulesOfCallOffs(t *testing.T) {
	booking := func(id string) events.StreamID { return events.NewStreamID(events.BookingCategory, id) }
	show, other := logtest.PerformanceStream("off"), logtest.PerformanceStream("a")
	for _, test := range []struct {
		about string
		rule  verify.Rule // "" if all is well
		forge func(b *logtest.ForgedLog)
	}{
		{"a sweep", "", func(b *logtest.ForgedLog) {
			b.Add(callOff, append(begun(), &events.CallOffSwept{Ended: 2}, &events.CursorMoved{Term: 1, Reached: 3})...)
		}},
		{"cancelled twice", verify.RuleCalledOff, func(b *logtest.ForgedLog) {
			b.Add(show, &events.PerformanceCancelled{})
		}},
		{"edited after it", verify.RuleCalledOff, func(b *logtest.ForgedLog) {
			b.Add(show, &events.PerformanceEdited{Prices: []events.SectionPrice{{Section: "A"}, {Section: "B-x"}}})
		}},
		{"ended, and not cancelled", verify.RuleCalledOff, func(b *logtest.ForgedLog) {
			b.Add(booking("b.3"), &events.BookingCancelled{Was: events.BookingIsHeld})
		}},
		{"ended twice", verify.RuleBooking, func(b *logtest.ForgedLog) {
			f := &events.BookingCancelled{Was: events.BookingIsHeld}
			b.Book("off", "ada", []string{"A-2-1"})
			id := b.Order[len(b.Order)-1]
			b.Add(booking(id), f, f)
		}},
		{"refunded for a different sum", verify.RuleBooking, func(b *logtest.ForgedLog) {
			b.Add(other, &events.PerformanceCancelled{})
			b.Add(booking("b.2"), &events.BookingCancelled{Was: events.BookingIsBooked, PaymentID: "b.2.1", Amount: 9})
		}},
		{"finished without a refund", verify.RuleCalledOff, func(b *logtest.ForgedLog) {
			b.Add(other, &events.PerformanceCancelled{})
			b.Add(booking("b.2"), &events.BookingCancelled{Was: events.BookingIsBooked, PaymentID: "b.2.1", Amount: 10},
				&events.BookingRefunded{PaymentID: "b.2.1", Amount: 10})
		}},
		{"a refund that no booking announces", verify.RulePayments, func(b *logtest.ForgedLog) {
			b.Add("wallet-ada", &events.WalletRefunded{PaymentID: "b.2.1", BookingID: "b.2", Amount: 10, Balance: 20,
				RefundID: events.CallOffRefund("b.2.1")})
		}},
		{"swept with something from before", verify.RuleCalledOff, func(b *logtest.ForgedLog) {
			b.Add(other, &events.PerformanceCancelled{})
			b.Add(events.CallOffStream("performance~a"), &events.CallOffBegun{Of: "performance", ID: "a"},
				&events.CallOffSwept{})
		}},
		{"swept and not cancelled", verify.RuleCalledOff, func(b *logtest.ForgedLog) {
			b.Add(events.CallOffStream("performance~a"), &events.CallOffBegun{Of: "performance", ID: "a"},
				&events.CallOffSwept{})
		}},
		{"swept twice", verify.RuleCalledOff, func(b *logtest.ForgedLog) {
			b.Add(callOff, append(begun(), &events.CallOffSwept{}, &events.CallOffSwept{})...)
		}},
		{"more ended than there were", verify.RuleFigures, func(b *logtest.ForgedLog) {
			b.Add(callOff, append(begun(), &events.CallOffSwept{Ended: 3})...)
		}},
		{"of a different id", verify.RuleFigures, func(b *logtest.ForgedLog) {
			b.Add(callOff, &events.CallOffBegun{Of: "performance", ID: "a"})
		}},
		{"of nothing that is sold", verify.RuleKnown, func(b *logtest.ForgedLog) {
			b.Add(events.CallOffStream("team~a"), &events.CallOffBegun{Of: "team", ID: "a"}, &events.CallOffSwept{})
		}},
		{"begun twice", verify.RuleCreation, func(b *logtest.ForgedLog) {
			b.Add(callOff, begun()[0], begun()[0])
		}},
		{"moved by nobody", verify.RuleCursor, func(b *logtest.ForgedLog) {
			b.Add(callOff, begun()[0], &events.CursorMoved{Term: 1, Reached: 3})
		}},
		{"moved past the log", verify.RuleCursor, func(b *logtest.ForgedLog) {
			b.Add(callOff, append(begun(), &events.CursorMoved{Term: 1, Reached: 1 << 40})...)
		}},
	} {
		b := logtest.CompletePerformance()
		test.forge(b)
		err := verifyAll(b.Log)
		var v *verify.Violation
		switch broken := errors.As(err, &v); {
		case test.rule == "" && err != nil:
			t.Errorf("%s: %v, want no violation", test.about, err)
		case test.rule != "" && (!broken || v.Rule != test.rule || v.Position != b.Log[len(b.Log)-1].Position):
			t.Errorf("%s: %v; want one of %q at the last event", test.about, err, test.rule)
		}
	}
}

// TestVerifierAllowsLatePaymentsAfterTheFence: a server that has not seen it takes late money for a booking that had
// expired, after the sweep has looked for the last time. It is swept after that, and left open until then.
func TestVerifierAllowsLatePaymentsAfterTheFence(t *testing.T) {
	b := logtest.NewForgedLog()
	b.Open("late")
	b.Charge("eve", 5)
	b.Book("late", "eve", []string{"A-1-1"})
	b.Later(logtest.ModelHold + 2*logtest.ModelGrace)
	stream := events.CallOffStream("performance~late")
	b.Add(stream, &events.CallOffBegun{Of: "performance", ID: "late", Reason: "ill"})
	b.CallOff("late")
	booking := b.Bookings[b.Order[0]]
	b.Pay(booking)
	b.Add(stream, &events.CallOffSwept{})
	check := func(want int) {
		t.Helper()
		v := verify.New(true)
		for i := range b.Log {
			if err := v.Check(&b.Log[i]); err != nil {
				t.Fatal(err)
			}
		}
		if open := v.Open(); len(open) != want {
			t.Errorf("Open() = %q, want %d", open, want)
		}
	}
	check(1)
	b.Settle(booking)
	check(0)
}

// TestVerifierReportsUnsweptWork: it is not a violation, and is reported as open.
func TestVerifierReportsUnsweptWork(t *testing.T) {
	b := logtest.CompletePerformance()
	b.Book("off", "ada", []string{"A-2-1"}) // by a server that has not seen the cancellation
	v := verify.New(true)
	for i := range b.Log {
		if err := v.Check(&b.Log[i]); err != nil {
			t.Fatal(err)
		}
	}
	if open := v.Open(); len(open) != 1 {
		t.Errorf("Open() = %q, want one", open)
	}
}
