package payment

import (
	"fmt"
	"testing"
	"time"

	"pgregory.net/rapid"

	"admitone/actors/core"
	"admitone/actors/core/coretest"
	"admitone/events"
)

var (
	// day is the time of all commands.
	day = time.Date(2026, 5, 1, 20, 0, 0, 0, time.UTC)
	// booking and reservation are purchases.
	booking     = events.PaymentSubject{BookingID: "b1"}
	reservation = events.PaymentSubject{ProductID: "tee", ReservationID: "r1"}
)

// receive returns a command that receives 100 EUR for booking, which is its price, changed by edit.
func receive(edit func(*Receive)) *Receive {
	r := &Receive{Provider: "bank", Reference: "x", Amount: 100, Currency: "EUR", For: booking, Expected: 100,
		ExpectedCurrency: "EUR"}
	if edit != nil {
		edit(r)
	}
	return r
}

func describe(fact events.Fact) string {
	switch f := fact.(type) {
	case *events.PaymentReceived:
		return fmt.Sprintf("received %d %s of %d %s for %s", f.Amount, f.Currency, f.Expected, f.ExpectedCurrency, f.Path())
	case *events.PaymentBooked:
		return fmt.Sprintf("booked %d as %s", f.Amount, f.PaymentID)
	case *events.PaymentOwed:
		return fmt.Sprintf("owed %d: %s", f.Amount, f.Cause)
	case *events.PaymentReturned:
		return fmt.Sprintf("returned %d, kept %d: %s", f.Amount, f.Kept, f.Cause)
	case *events.PaymentRefunded:
		if f.Reason != "" {
			return fmt.Sprintf("refunded %d under %s: %s", f.Amount, f.Reference, f.Reason)
		}
		return fmt.Sprintf("refunded %d under %s", f.Amount, f.Reference)
	case *events.PaymentRefundAsked:
		return "asked"
	case *events.PaymentRefundFailed:
		return fmt.Sprintf("%d failed under %q: %s", f.Amount, f.Reference, f.Failure)
	}
	return fact.Name()
}

// amounts returns the amounts open, booked, kept, refunded and owed.
func amounts(p *Payment) [5]int64 {
	s := p.State()
	return [5]int64{s.Open, s.Booked, s.Kept, s.Refunded, s.Owed}
}

func refundOf(cause events.RefundCause, about string) events.RefundID {
	return events.NewRefundID(events.PaymentStream("bank", "x"), cause, about)
}

// TestRules checks decisions and the amounts after them. Each row continues from the previous one.
func TestRules(t *testing.T) {
	late := refundOf(events.OwedLate, "")
	type row struct {
		cmd     core.Command
		want    string
		amounts [5]int64
	}
	for name, rows := range map[string][]row{
		"booked and returned": {
			{&Book{}, "not_found [resource:payment]", [5]int64{}},
			{receive(func(r *Receive) { r.Amount = 99 }), "amount_mismatch [currency:EUR expected:100]", [5]int64{}},
			{receive(func(r *Receive) { r.Currency = "KRW" }), "amount_mismatch [currency:EUR expected:100]", [5]int64{}},
			{receive(nil), "received 100 EUR of 100 EUR for /v1/bookings/b1", [5]int64{100}},
			{receive(nil), "nothing", [5]int64{100}},
			{receive(func(r *Receive) { r.Final = true }), "nothing", [5]int64{100}},
			// The payment was compared with the price when it was received, so a later price does not matter.
			{receive(func(r *Receive) { r.Expected = 50 }), "nothing", [5]int64{100}},
			{receive(func(r *Receive) { r.Amount, r.Final = 99, true }), "amount_mismatch [currency:EUR expected:100]", [5]int64{100}},
			{receive(func(r *Receive) { r.For, r.Amount = reservation, 99 }), "payment_reference_used [resource:/v1/bookings/b1]",
				[5]int64{100}},
			{&Return{Cause: events.OwedReleased, Amount: 1}, "amount_mismatch [currency:EUR expected:0]", [5]int64{100}},
			{&Book{PaymentID: "b1.1"}, "booked 100 as b1.1", [5]int64{0, 100}},
			{&Book{PaymentID: "b1.1"}, "nothing", [5]int64{0, 100}},
			{&Owe{Cause: events.OwedLate}, "nothing", [5]int64{0, 100}},
			{&Return{Cause: events.OwedSeatReturned, About: "A-1-1", Amount: 30, Kept: 10}, "returned 30, kept 10: seat_returned",
				[5]int64{0, 60, 10, 0, 30}},
			{&Return{Cause: events.OwedSeatReturned, About: "A-1-1", Amount: 30, Kept: 10}, "nothing", [5]int64{0, 60, 10, 0, 30}},
			{&Return{Cause: events.OwedSeatReturned, About: "A-1-2", Kept: 20}, "returned 0, kept 20: seat_returned",
				[5]int64{0, 40, 30, 0, 30}},
			{&Return{Cause: events.OwedSeatReturned, About: "A-1-2", Kept: 20}, "nothing", [5]int64{0, 40, 30, 0, 30}},
			{&Return{Cause: events.OwedReleased, Amount: 41}, "amount_mismatch [currency:EUR expected:40]",
				[5]int64{0, 40, 30, 0, 30}},
			{&Settle{RefundID: "no", Reference: "re"}, "not_found [resource:refund]", [5]int64{0, 40, 30, 0, 30}},
			{&Settle{RefundID: refundOf(events.OwedSeatReturned, "A-1-1"), Reference: "re"}, "refunded 30 under re",
				[5]int64{0, 40, 30, 30, 0}},
			{&Settle{RefundID: refundOf(events.OwedSeatReturned, "A-1-1"), Reference: "re"}, "nothing", [5]int64{0, 40, 30, 30, 0}},
			{&Settle{RefundID: refundOf(events.OwedSeatReturned, "A-1-1"), Reference: "re2"}, "payment_reference_used [resource:" +
				"/v1/refunds/" + string(refundOf(events.OwedSeatReturned, "A-1-1")) + "]", [5]int64{0, 40, 30, 30, 0}},
			{&Return{Cause: events.OwedReleased, Amount: 40}, "returned 40, kept 0: released", [5]int64{0, 0, 30, 30, 40}},
		},
		"wrong amount": {
			{receive(func(r *Receive) { r.Amount, r.Final = 99, true }), "received 99 EUR of 100 EUR for /v1/bookings/b1",
				[5]int64{99}},
			{receive(nil), "amount_mismatch [currency:EUR expected:99]", [5]int64{99}},
			{receive(func(r *Receive) { r.Amount = 99 }), "nothing", [5]int64{99}},
			{&Book{}, "amount_mismatch [currency:EUR expected:100]", [5]int64{99}},
			{&Owe{Cause: events.OwedWrongSum}, "owed 99: wrong_sum", [5]int64{0, 0, 0, 0, 99}},
			{&Owe{Cause: events.OwedWrongSum}, "nothing", [5]int64{0, 0, 0, 0, 99}},
			{&Book{}, "nothing", [5]int64{0, 0, 0, 0, 99}},
		},
		"provider pays, then takes the money back": {
			{receive(nil), "received 100 EUR of 100 EUR for /v1/bookings/b1", [5]int64{100}},
			{&Owe{Cause: events.OwedLate}, "owed 100: late", [5]int64{0, 0, 0, 0, 100}},
			{&Ask{RefundID: "no"}, "not_found [resource:refund]", [5]int64{0, 0, 0, 0, 100}},
			{&FailRefund{RefundID: "no"}, "not_found [resource:refund]", [5]int64{0, 0, 0, 0, 100}},
			{&FailRefund{RefundID: late, Failure: events.RefundDeclined, Reference: "re1"}, "nothing", [5]int64{0, 0, 0, 0, 100}},
			{&Ask{RefundID: late}, "asked", [5]int64{0, 0, 0, 0, 100}},
			{&Ask{RefundID: late}, "nothing", [5]int64{0, 0, 0, 0, 100}},
			{&Settle{RefundID: late, Reference: "re1"}, "payment_in_progress", [5]int64{0, 0, 0, 0, 100}},
			{&Settle{RefundID: late, Reference: "re1", Outcome: true}, "refunded 100 under re1", [5]int64{0, 0, 0, 100}},
			{&Settle{RefundID: late, Reference: "re1"}, "nothing", [5]int64{0, 0, 0, 100}},
			{&Ask{RefundID: late}, "nothing", [5]int64{0, 0, 0, 100}},
			{&FailRefund{RefundID: late, Failure: events.RefundDeclined, Reference: "re0"}, "nothing", [5]int64{0, 0, 0, 100}},
			{&FailRefund{RefundID: late, Failure: events.RefundDeclined, Reference: "re1"}, `100 failed under "re1": failed`,
				[5]int64{0, 0, 0, 0, 100}},
			{&FailRefund{RefundID: late, Failure: events.RefundDeclined, Reference: "re1"}, "nothing", [5]int64{0, 0, 0, 0, 100}},
			{&Ask{RefundID: late}, "nothing", [5]int64{0, 0, 0, 0, 100}},
			{&Settle{RefundID: late, Reference: "re1", Outcome: true},
				"payment_reference_used [resource:/v1/refunds/" + string(late) + "]", [5]int64{0, 0, 0, 0, 100}},
			{&Settle{RefundID: late, Reference: "by hand"}, "refunded 100 under by hand", [5]int64{0, 0, 0, 100}},
		},
		"provider does not pay": {
			{receive(nil), "received 100 EUR of 100 EUR for /v1/bookings/b1", [5]int64{100}},
			{&Owe{Cause: events.OwedLate}, "owed 100: late", [5]int64{0, 0, 0, 0, 100}},
			{&Ask{RefundID: late}, "asked", [5]int64{0, 0, 0, 0, 100}},
			{&FailRefund{RefundID: late, Failure: events.RefundForeign}, `0 failed under "": other_refund`,
				[5]int64{0, 0, 0, 0, 100}},
			{&FailRefund{RefundID: late, Failure: events.RefundForeign}, "nothing", [5]int64{0, 0, 0, 0, 100}},
			{&Settle{RefundID: late, Reference: "by hand"}, "refunded 100 under by hand", [5]int64{0, 0, 0, 100}},
			{&FailRefund{RefundID: late, Failure: events.RefundCanceled, Reference: "by hand"},
				`100 failed under "by hand": canceled`, [5]int64{0, 0, 0, 0, 100}},
		},
		"settled with a reason during a request": {
			{receive(nil), "received 100 EUR of 100 EUR for /v1/bookings/b1", [5]int64{100}},
			{&Owe{Cause: events.OwedLate}, "owed 100: late", [5]int64{0, 0, 0, 0, 100}},
			{&Ask{RefundID: late}, "asked", [5]int64{0, 0, 0, 0, 100}},
			{&Settle{RefundID: late, Reference: "bank 1"}, "payment_in_progress", [5]int64{0, 0, 0, 0, 100}},
			{&Settle{RefundID: late, Reference: "bank 1", Reason: "closed"}, "refunded 100 under bank 1: closed",
				[5]int64{0, 0, 0, 100}},
			{&Settle{RefundID: late, Reference: "bank 1"}, "nothing", [5]int64{0, 0, 0, 100}},
			{&Settle{RefundID: late, Reference: "re1", Outcome: true},
				"payment_reference_used [resource:/v1/refunds/" + string(late) + "]", [5]int64{0, 0, 0, 100}},
			{&FailRefund{RefundID: late, Failure: events.RefundReference}, "nothing", [5]int64{0, 0, 0, 100}},
		},
		"different currency": {
			{receive(func(r *Receive) { r.Currency, r.Final, r.For = "KRW", true, reservation }),
				"received 100 KRW of 100 EUR for /v1/products/tee/reservations/r1", [5]int64{100}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			p := New().(*Payment)
			for i, row := range rows {
				if got := coretest.Do(p, row.cmd, day, describe); got != row.want || amounts(p) != row.amounts {
					t.Errorf("row %d: got %s, amounts %v; want %s, %v", i+1, got, amounts(p), row.want, row.amounts)
				}
			}
			if next := p.NextDeadline(); !next.IsZero() {
				t.Errorf("got the deadline %v, want none", next)
			}
		})
	}
}

// TestMoneyIsConserved checks with random commands that received = open + booked + kept + refunded + owed after
// every fact, that the facts add up to the amounts of the state, that commands are idempotent, and that a payment
// restored from a snapshot decides alike.
func TestMoneyIsConserved(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := New().(*Payment)
		var sum struct{ received, open, booked, kept, refunded, owed int64 }
		for range rapid.IntRange(1, 25).Draw(t, "steps") {
			cmd := drawCommand(t)
			facts, _ := p.Decide(cmd, day)
			for _, fact := range facts {
				p.Evolve(fact)
				switch f := fact.(type) {
				case *events.PaymentReceived:
					sum.received, sum.open = sum.received+f.Amount, sum.open+f.Amount
				case *events.PaymentBooked:
					sum.open, sum.booked = sum.open-f.Amount, sum.booked+f.Amount
				case *events.PaymentOwed:
					sum.open, sum.owed = sum.open-f.Amount, sum.owed+f.Amount
				case *events.PaymentReturned:
					sum.booked, sum.owed, sum.kept = sum.booked-f.Amount-f.Kept, sum.owed+f.Amount, sum.kept+f.Kept
				case *events.PaymentRefunded:
					sum.owed, sum.refunded = sum.owed-f.Amount, sum.refunded+f.Amount
				case *events.PaymentRefundFailed:
					sum.owed, sum.refunded = sum.owed+f.Amount, sum.refunded-f.Amount
				}
				if sum.received != sum.open+sum.booked+sum.kept+sum.refunded+sum.owed ||
					min(sum.open, sum.booked, sum.kept, sum.refunded, sum.owed) < 0 {
					t.Fatalf("after %s: got amounts %+v, want received = open + booked + kept + refunded + owed, none below 0", describe(fact), sum)
				}
			}
			want := [5]int64{sum.open, sum.booked, sum.kept, sum.refunded, sum.owed}
			if got := amounts(p); got != want {
				t.Fatalf("after %+v: got amounts %v, want %v as in the facts", cmd, got, want)
			}
			if again, _ := p.Decide(cmd, day); len(again) > 0 {
				t.Fatalf("repeated %+v: got facts %v, want none", cmd, again)
			}
			p = coretest.RoundTrip(t, p.Freeze(), New).(*Payment)
		}
	})
}

func drawCommand(t *rapid.T) core.Command {
	amount := rapid.Int64Range(0, 60).Draw(t, "amount")
	cause := rapid.SampledFrom([]events.RefundCause{events.OwedReleased, events.OwedSeatReturned}).Draw(t, "cause")
	about := rapid.SampledFrom([]string{"", "A-1-1", "A-1-2"}).Draw(t, "about")
	switch rapid.IntRange(0, 9).Draw(t, "kind") {
	case 0, 1:
		return receive(func(r *Receive) {
			r.Final = rapid.Bool().Draw(t, "final")
			r.Amount = rapid.SampledFrom([]int64{100, 100, 99}).Draw(t, "sum")
		})
	case 2:
		return rapid.SampledFrom([]core.Command{&Book{PaymentID: "b1.1"}, &Book{}, &Owe{Cause: events.OwedLate}}).Draw(
			t,
			"outcome",
		)
	case 3:
		return &Return{Cause: cause, About: about, Amount: amount, Kept: rapid.Int64Range(0, 20).Draw(t, "kept")}
	case 4:
		return &Settle{RefundID: refundOf(cause, about), Reference: rapid.SampledFrom([]string{"a", "b"}).Draw(t, "under")}
	case 5:
		return &core.Expire{}
	case 6:
		return &Ask{RefundID: refundOf(cause, about)}
	case 7:
		return &Settle{RefundID: refundOf(cause, about), Reference: rapid.SampledFrom([]string{"a", "b"}).Draw(t, "under"),
			Outcome: true}
	case 8:
		return &FailRefund{RefundID: refundOf(cause, about), Failure: events.RefundDeclined,
			Reference: rapid.SampledFrom([]string{"", "a", "b"}).Draw(t, "under")}
	}
	return &Settle{RefundID: refundOf(events.OwedLate, ""), Reference: "c"}
}
