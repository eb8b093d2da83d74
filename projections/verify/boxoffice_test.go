package verify_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"admitone/events"
	"admitone/projections/logtest"
	"admitone/projections/verify"
)

func TestVerifierAcceptsAPerformance(t *testing.T) {
	b := logtest.CompletePerformance()
	if err := verifyAll(b.Log); err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	v := verify.New(true)
	for i := range b.Log {
		seen[b.Log[i].Type] = true
		if err := v.Check(&b.Log[i]); err != nil {
			t.Fatal(err)
		}
	}
	if m := v.Money(); m.Charged != 55 || m.Debited != 20 || m.Refunded != 5 || m.Balance != 40 {
		t.Errorf("Money() = %+v, want 55 charged, 20 debited, 5 refunded, balance 40", m)
	}
	if open := v.Open(); len(open) != 0 {
		t.Errorf("Open() = %q, want none", open)
	}
	categories := []string{events.PerformanceCategory, events.SeatCategory, events.BookingCategory, events.WalletCategory,
		events.AllowanceCategory}
	for _, name := range events.Names() {
		if strings.HasPrefix(name, "booking.intent_") || name == "booking.checkout_made.v1" {
			continue // see TestVerifierAcceptsAnIntent
		}
		if strings.HasPrefix(name, "performance.blocks_") {
			continue // see TestBlockRules
		}
		kind, _, _ := strings.Cut(name, ".")
		expected := slices.Contains(categories, kind) &&
			!slices.Contains(
				[]string{"booking.refunded.v1", "booking.payment_failed.v1", "booking.payment_delayed.v1", "wallet.cancelled.v1",
					"wallet.refunded.v1"},
				name,
			)
		if expected && !seen[name] && name != "allowance.expired.v1" {
			t.Errorf("the log has no %s", name)
		}
	}
}

// TestVerifierReportsOpenWork: Open reports a payment in progress, an incomplete refund, and a debit without a booking.
func TestVerifierReportsOpenWork(t *testing.T) {
	for name, change := range map[string]func(b *logtest.ForgedLog){
		"a payment in progress": func(b *logtest.ForgedLog) { b.RunInterrupted(2, func() { b.Pay(b.Bookings["b.3"]) }) },
		"half a refund":         func(b *logtest.ForgedLog) { b.RunInterrupted(2, func() { b.Release(b.Bookings["b.2"]) }) },
		"a debit without a booking": func(b *logtest.ForgedLog) {
			b.Add("wallet-ada", &events.WalletDebited{PaymentID: "b.3.1", BookingID: "b.3", Amount: 5, Balance: 5})
		},
	} {
		b := logtest.CompletePerformance()
		change(b)
		v := verify.New(true)
		for i := range b.Log {
			if err := v.Check(&b.Log[i]); err != nil {
				t.Fatalf("%s: %v", name, err)
			}
		}
		if len(v.Open()) == 0 {
			t.Errorf("%s: Open() is empty, want a description", name)
		}
	}
}

// TestVerifierRulesOfSeats breaks every rule; the last event of each log breaks it.
func TestVerifierRulesOfSeats(t *testing.T) {
	broken := map[verify.Rule]bool{}
	a11, a13, a21 := logtest.SeatStream("a", "A-1-1"), logtest.SeatStream("a", "A-1-3"), logtest.SeatStream("a", "A-2-1")
	held := func(b *logtest.ForgedLog, hold events.HoldID, holder events.Holder, price int64) *events.SeatHeld {
		booking, _, _ := events.CutHoldID(hold)
		return &events.SeatHeld{HoldID: hold, BookingID: booking, Holder: holder, Price: price,
			ExpiresAt: b.BookingModel.Now.Add(logtest.ModelHold), FirstHeldAt: b.BookingModel.Now}
	}
	made := func(b *logtest.ForgedLog, id events.BookingID, seat events.SeatName, price int64) *events.BookingHeld {
		return &events.BookingHeld{BookingID: id, PerformanceID: "a", Holder: "cy",
			Seats: []events.BookedSeat{{Seat: seat, Price: price}}, Amount: price,
			ExpiresAt: b.BookingModel.Now, ExtendableUntil: b.BookingModel.Now.Add(time.Second), Attempt: 1}
	}
	closed := func(id events.BookingID, attempt int64) *events.BookingAbandoned {
		return &events.BookingAbandoned{BookingID: id, PerformanceID: "a", Holder: "cy", Attempt: attempt}
	}
	for _, test := range []struct {
		name  string
		rule  verify.Rule
		forge func(b *logtest.ForgedLog)
	}{
		{"a seat of an unknown performance", verify.RuleLayout,
			func(b *logtest.ForgedLog) { b.Add(logtest.SeatStream("b", "A-1-1"), &events.SeatBlocked{}) }},
		{"a seat outside the layout", verify.RuleLayout,
			func(b *logtest.ForgedLog) { b.Add(logtest.SeatStream("a", "A-9-1"), &events.SeatBlocked{}) }},
		{"a blocked seat held without its label", verify.RuleOwner, func(b *logtest.ForgedLog) {
			b.Add(a13, &events.SeatBlocked{Label: "press"}, held(b, "x.1", "cy", 5))
		}},
		{"a blocked seat held under a different label", verify.RuleLabel, func(b *logtest.ForgedLog) {
			f := held(b, "x.1", "cy", 5)
			f.Label = "crew"
			b.Add(a13, &events.SeatBlocked{Label: "press"}, f)
		}},
		{"a blocked seat released without its label", verify.RuleLabel, func(b *logtest.ForgedLog) {
			f := held(b, "x.1", "cy", 5)
			f.Label = "press"
			b.Add(a13, &events.SeatBlocked{Label: "press"}, f, &events.SeatReleased{HoldID: "x.1", Holder: "cy",
				Was: events.SeatIsHeld, ReleasedAt: b.BookingModel.Now})
		}},
		{"a seat blocked by an unknown change", verify.RuleBlocks, func(b *logtest.ForgedLog) {
			b.Add(a13, &events.SeatBlocked{Label: "press", Change: 99})
		}},
		{"a booking of a blocked seat without its label", verify.RuleLabel, func(b *logtest.ForgedLog) {
			f := held(b, "x.1", "cy", 5)
			f.Label = "press"
			b.Add(a13, &events.SeatBlocked{Label: "press"}, f)
			b.Add("booking-x", made(b, "x", "A-1-3", 5))
		}},
		{"a seat held at a different price", verify.RuleLayout, func(b *logtest.ForgedLog) { b.Add(a13, held(b, "x.1", "cy", 6)) }},
		{"a performance created twice", verify.RuleCreation,
			func(b *logtest.ForgedLog) { b.Add(logtest.PerformanceStream("a"), &events.PerformanceCreated{}) }},
		{"a performance under a different id", verify.RuleFigures, func(b *logtest.ForgedLog) {
			b.Add(logtest.PerformanceStream("c"),
				&events.PerformanceCreated{PerformanceID: "d", Sections: logtest.ModelSections})
		}},
		{"a section without rows", verify.RuleLayout, func(b *logtest.ForgedLog) {
			b.Add(logtest.PerformanceStream("c"),
				&events.PerformanceCreated{PerformanceID: "c", Sections: []events.Section{{ID: "A", Rows: 0, SeatsPerRow: 1}}})
		}},
		{"a product fact in a seat's stream", verify.RuleKnown, func(b *logtest.ForgedLog) { b.Add(a11, logtest.Created(1, 0)) }},
		{"a booked seat held", verify.RuleOwner, func(b *logtest.ForgedLog) { b.Add(a11, held(b, "x.1", "cy", 5)) }},
		{"a booked seat blocked", verify.RuleOwner, func(b *logtest.ForgedLog) { b.Add(a11, &events.SeatBlocked{}) }},
		{"a free seat expires", verify.RuleOwner,
			func(b *logtest.ForgedLog) { b.Add(a13, &events.SeatExpired{HoldID: "x.1"}) }},
		{"a release of a different hold", verify.RuleOwner, func(b *logtest.ForgedLog) {
			b.Add(a11, &events.SeatReleased{HoldID: "b.9.1", Holder: "ada", Was: events.SeatIsBooked})
		}},
		{"a hold for a different booking", verify.RuleOwner, func(b *logtest.ForgedLog) {
			f := held(b, "x.1", "cy", 5)
			f.BookingID = "y"
			b.Add(a13, f)
		}},
		{"held too long", verify.RuleStay, func(b *logtest.ForgedLog) {
			f := held(b, "x.1", "cy", 5)
			f.ExpiresAt = f.ExpiresAt.Add(logtest.ModelGrace + 1)
			b.Add(a13, f)
		}},
		{"a stay that begins again", verify.RuleStay, func(b *logtest.ForgedLog) {
			b.Add(a13, held(b, "x.1", "cy", 5), &events.SeatReleased{HoldID: "x.1", Holder: "cy", Was: events.SeatIsHeld,
				ReleasedAt: b.BookingModel.Now})
			b.BookingModel.Now = b.BookingModel.Now.Add(time.Second)
			b.Wait(time.Second)
			b.Add(a13, held(b, "x.2", "cy", 5))
		}},
		{"extended beyond the stay", verify.RuleStay, func(b *logtest.ForgedLog) {
			b.Add(a21, &events.SeatExtended{HoldID: "b.3.1", ExpiresAt: b.BookingModel.Now.Add(3 * logtest.ModelHold)})
		}},
		{"booked without a payment", verify.RuleBooked, func(b *logtest.ForgedLog) {
			b.Add(a21, &events.SeatBooked{HoldID: "b.3.1", BookingID: "b.3", Holder: "ada"})
		}},
		{"booked without a booking", verify.RuleBooked, func(b *logtest.ForgedLog) {
			b.Add(a13, held(b, "x.1", "cy", 5), &events.SeatBooked{HoldID: "x.1", BookingID: "x", Holder: "cy"})
		}},
		{"booked and not debited", verify.RuleBooked, func(b *logtest.ForgedLog) {
			b.RunInterrupted(1, func() { b.Pay(b.Bookings["b.3"]) })
			b.Add(a21, &events.SeatBooked{HoldID: "b.3.1", BookingID: "b.3", Holder: "ada"})
		}},
		{"booked outside the allowance", verify.RuleLimit, func(b *logtest.ForgedLog) {
			b.RunInterrupted(2, func() { b.Pay(b.Bookings["b.3"]) })
			b.Add(a21, &events.SeatBooked{HoldID: "b.3.1", BookingID: "b.3", Holder: "ada"})
		}},
		{"booked after the deadline", verify.RuleDeadlines, func(b *logtest.ForgedLog) {
			b.RunInterrupted(3, func() { b.Pay(b.Bookings["b.3"]) })
			b.Wait(2 * logtest.ModelHold)
			b.Add(a21, &events.SeatBooked{HoldID: "b.3.1", BookingID: "b.3", Holder: "ada"})
		}},
		{"expires too early", verify.RuleDeadlines, func(b *logtest.ForgedLog) {
			b.Add(a21, &events.SeatExpired{HoldID: "b.3.1", Holder: "ada", ExpiresAt: b.Shows["a"]["A-2-1"].Until})
		}},
		{"a booked booking loses a seat", verify.RuleBooked, func(b *logtest.ForgedLog) {
			b.Add(a11, &events.SeatReleased{HoldID: "b.2.1", Holder: "ada", Was: events.SeatIsBooked})
		}},
		{"booked without its seats", verify.RuleBooked, func(b *logtest.ForgedLog) {
			b.RunInterrupted(2, func() { b.Pay(b.Bookings["b.3"]) })
			b.Add("booking-b.3", &events.BookingBooked{PaymentID: "b.3.1", Amount: 5})
		}},
		{"a booking held twice", verify.RuleCreation,
			func(b *logtest.ForgedLog) { b.Add("booking-b.3", made(b, "b.3", "A-1-3", 5)) }},
		{"a booking at a different price", verify.RuleLayout,
			func(b *logtest.ForgedLog) { b.Add("booking-x", made(b, "x", "A-1-3", 4)) }},
		{"a booking under a different id", verify.RuleFigures,
			func(b *logtest.ForgedLog) { b.Add("booking-x", made(b, "y", "A-1-3", 5)) }},
		{"a booking of an unknown performance", verify.RuleLayout, func(b *logtest.ForgedLog) {
			f := made(b, "x", "A-1-3", 5)
			f.PerformanceID = "z"
			b.Add("booking-x", f)
		}},
		{"a booking after its deadline", verify.RuleDeadlines,
			func(b *logtest.ForgedLog) { f := made(b, "x", "A-1-3", 5); b.Wait(1); b.Add("booking-x", f) }},
		{"a released booking is paid", verify.RuleBooking, func(b *logtest.ForgedLog) {
			b.Add("booking-b.7", &events.BookingPaymentStarted{PaymentID: "b.7.1", Amount: 5, Attempt: 1,
				Was: events.BookingIsHeld})
		}},
		{"extended twice", verify.RuleStay, func(b *logtest.ForgedLog) {
			b.Add("booking-b.3", &events.BookingExtended{ExpiresAt: b.Bookings["b.3"].Until.Add(1)})
		}},
		{"a booking expires too early", verify.RuleDeadlines, func(b *logtest.ForgedLog) {
			b.Add("booking-b.3", &events.BookingExpired{ExpiresAt: b.Bookings["b.3"].Until})
		}},
		{"an attempt closed although the booking is held", verify.RuleBooking,
			func(b *logtest.ForgedLog) { b.Add("booking-b.8", closed("b.8", 2)) }},
		{"an attempt skipped", verify.RuleFigures, func(b *logtest.ForgedLog) { b.Add("booking-x", closed("x", 2)) }},
		{"the attempt of a different booking closed", verify.RuleFigures, func(b *logtest.ForgedLog) { b.Add("booking-x", closed("y", 1)) }},
		{"held under a closed attempt", verify.RuleFigures, func(b *logtest.ForgedLog) {
			b.Add("booking-x", closed("x", 1), made(b, "x", "A-1-3", 5))
		}},
		{"an attempt closed for an unknown performance", verify.RuleLayout, func(b *logtest.ForgedLog) {
			b.Add("booking-x", &events.BookingAbandoned{BookingID: "x", PerformanceID: "z", Attempt: 1})
		}},
		{"a hold with a different attempt number", verify.RuleFigures,
			func(b *logtest.ForgedLog) { f := held(b, "x.1", "cy", 5); f.Attempt = 2; b.Add(a13, f) }},
		{"a payment of a different amount", verify.RuleBooking, func(b *logtest.ForgedLog) {
			b.Add("booking-b.3", &events.BookingPaymentStarted{PaymentID: "b.3.1", Amount: 6, Attempt: 1,
				Was: events.BookingIsHeld})
		}},
		{"a payment after the deadline as if in time", verify.RuleDeadlines, func(b *logtest.ForgedLog) {
			b.Wait(2 * logtest.ModelHold)
			b.Add("booking-b.3", &events.BookingPaymentStarted{PaymentID: "b.3.1", Amount: 5, Attempt: 1,
				Was: events.BookingIsHeld})
		}},
		{"released without a refund id", verify.RulePayments,
			func(b *logtest.ForgedLog) { b.Add("booking-b.2", &events.BookingReleased{Was: events.BookingIsBooked}) }},
		{"refunded without a refund in the wallet", verify.RulePayments, func(b *logtest.ForgedLog) {
			b.RunInterrupted(1, func() { b.Release(b.Bookings["b.2"]) })
			b.Add("booking-b.2", &events.BookingRefunded{PaymentID: "b.2.1", Amount: 10})
		}},
		{"refunded with its seats still booked", verify.RuleBooked, func(b *logtest.ForgedLog) {
			b.RunInterrupted(2, func() { b.Release(b.Bookings["b.2"]) })
			b.Add("booking-b.2", &events.BookingRefunded{PaymentID: "b.2.1", Amount: 10})
		}},
		{"a negative balance", verify.RuleMoney, func(b *logtest.ForgedLog) {
			b.Add("wallet-bob", &events.WalletDebited{PaymentID: "b.4.2", BookingID: "b.4", Amount: 5, Balance: -5})
		}},
		{"a balance higher than the sum", verify.RuleMoney, func(b *logtest.ForgedLog) {
			b.Add("wallet-ada", &events.WalletCharged{ChargeID: "c", Amount: 1, Balance: 12})
		}},
		{"debited twice", verify.RulePayments, func(b *logtest.ForgedLog) {
			b.Add("wallet-ada", &events.WalletDebited{PaymentID: "b.2.1", BookingID: "b.2", Amount: 10, Balance: 0})
		}},
		{"debited for a different booking", verify.RulePayments, func(b *logtest.ForgedLog) {
			b.Add("wallet-ada", &events.WalletDebited{PaymentID: "b.4.2", BookingID: "b.4", Amount: 5, Balance: 5})
		}},
		{"debited for an unknown booking", verify.RulePayments, func(b *logtest.ForgedLog) {
			b.Add("wallet-ada", &events.WalletDebited{PaymentID: "x.1", BookingID: "x", Amount: 5, Balance: 5})
		}},
		{"refunded twice", verify.RulePayments, func(b *logtest.ForgedLog) {
			refund := func(balance int64) *events.WalletRefunded {
				return &events.WalletRefunded{PaymentID: "b.2.1", BookingID: "b.2", Amount: 10, Balance: balance}
			}
			b.Add("wallet-ada", refund(20), refund(30))
		}},
		{"a payment cancelled after its debit", verify.RulePayments, func(b *logtest.ForgedLog) {
			b.Add("wallet-ada", &events.WalletCancelled{PaymentID: "b.2.1", BookingID: "b.2"})
		}},
		{"a product fact in a wallet's stream", verify.RuleKnown,
			func(b *logtest.ForgedLog) { b.Add("wallet-ada", logtest.Created(1, 0)) }},
		{"more seats than the limit", verify.RuleLimit, func(b *logtest.ForgedLog) {
			b.Add("allowance-a~ada", &events.AllowanceTaken{HoldID: "x.1", Seats: 2, Taken: 5, ExpiresAt: b.BookingModel.Now})
		}},
		{"an allowance with a wrong sum", verify.RuleFigures, func(b *logtest.ForgedLog) {
			b.Add("allowance-a~ada", &events.AllowanceTaken{HoldID: "x.1", Seats: 1, Taken: 3, ExpiresAt: b.BookingModel.Now})
		}},
		{"an allowance released twice", verify.RuleFigures, func(b *logtest.ForgedLog) {
			f := &events.AllowanceReleased{HoldID: "b.3.1", Was: events.AllowanceIsHeld, Seats: 1, Taken: 2}
			b.Add("allowance-a~ada", f, f)
		}},
		{"more of an allowance kept than taken", verify.RuleFigures, func(b *logtest.ForgedLog) {
			b.Add("allowance-a~ada", &events.AllowanceKept{HoldID: "b.3.1", Seats: 2, Taken: 3})
		}},
		{"an allowance extended without a share", verify.RuleOwner, func(b *logtest.ForgedLog) {
			b.Add("allowance-a~ada", &events.AllowanceExtended{HoldID: "x.1", ExpiresAt: b.BookingModel.Now})
		}},
		{"an allowance expires too early", verify.RuleDeadlines, func(b *logtest.ForgedLog) {
			b.Add("allowance-a~ada", &events.AllowanceExpired{HoldID: "b.3.1", Seats: 1, Taken: 2,
				ExpiresAt: b.Parts["b.3.1"].Until})
		}},
	} {
		b := logtest.CompletePerformance()
		test.forge(b)
		err := verifyAll(b.Log)
		var v *verify.Violation
		if !errors.As(err, &v) || v.Rule != test.rule || v.Position != b.Log[len(b.Log)-1].Position {
			t.Errorf("%s: %v; want a violation of %q at the last event", test.name, err, test.rule)
		}
		broken[test.rule] = true
	}
	for _, rule := range []verify.Rule{verify.RuleLayout, verify.RuleOwner, verify.RuleStay, verify.RuleBooked,
		verify.RuleBooking, verify.RulePayments, verify.RuleMoney, verify.RuleLimit, verify.RuleDeadlines} {
		if !broken[rule] {
			t.Errorf("no case breaks the rule %q", rule)
		}
	}
}
