package projections

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"admitone/events"
)

// books is a log that a clerk writes, into which anything can be forged.
type books struct {
	*forgery
	*clerk
}

func newBooks() *books {
	b := &books{forgery: newForgery()}
	b.clerk = newClerk(func(stream events.StreamID, fact events.Fact) {
		b.forgery.now = b.clerk.now
		b.add(stream, fact)
	})
	return b
}

// evening is a log in which every fact of a performance occurs and no rule is
// broken: ada has paid b.2 (A-1-1, A-1-2) and holds b.3 (A-2-1); bob came too late
// for b.4 (A-2-2) and has it all the same.
func evening() *books {
	b := newBooks()
	b.open("a")
	b.charge("ada", 20)
	b.book("a", "ada", []string{"A-1-1", "A-1-2"})
	b.pay(b.bookings["b.2"])
	b.later(time.Second)
	b.book("a", "ada", []string{"A-2-1"})
	b.book("a", "bob", []string{"A-2-2"})
	b.later(clerkHold / 2)
	b.extend(b.bookings["b.3"])
	b.later(clerkHold / 2)
	b.later(clerkGrace + 1)
	b.charge("bob", 5)
	b.pay(b.bookings["b.4"])
	b.block("a", "A-1-3")
	b.block("a", "A-1-3")
	b.book("a", "bob", []string{"B-x-1-1"})
	b.pay(b.bookings["b.6"]) // for nothing
	b.cancel(b.bookings["b.6"])
	b.book("a", "cy", []string{"B-x-1-1", "A-1-3"})
	b.cancel(b.bookings["b.7"])
	return b
}

func TestVerifierTakesAnEvening(t *testing.T) {
	b := evening()
	if err := b.verify(); err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	v := NewVerifier(true)
	for i := range b.log {
		seen[b.log[i].Type] = true
		if err := v.Take(&b.log[i]); err != nil {
			t.Fatal(err)
		}
	}
	if m := v.Money(); m.Charged != 25 || m.Debited != 15 || m.Refunded != 0 || m.Balance != 10 {
		t.Errorf("the money is %+v", m)
	}
	if open := v.Open(); len(open) != 0 {
		t.Errorf("left open: %q", open)
	}
	for _, name := range events.Names() {
		kind, _, _ := strings.Cut(name, ".")
		ours := ledgerChecks[kind] != nil && !slices.Contains([]string{"booking.refunded.v1", "booking.payment_failed.v1", "wallet.cancelled.v1", "wallet.refunded.v1"}, name)
		if ours && !seen[name] && name != "allowance.expired.v1" {
			t.Errorf("there is no %s in it", name)
		}
	}
}

// TestVerifierSeesWhatIsLeftOpen: a payment that was debited and paid for nothing.
func TestVerifierSeesWhatIsLeftOpen(t *testing.T) {
	for name, spoil := range map[string]func(b *books){
		"a payment under way": func(b *books) { b.until(2, func() { b.pay(b.bookings["b.3"]) }) },
		"half a refund":       func(b *books) { b.until(2, func() { b.cancel(b.bookings["b.2"]) }) },
		"money for nothing": func(b *books) {
			b.add("wallet-ada", &events.WalletDebited{PaymentID: "b.3.1", BookingID: "b.3", Amount: 5, Balance: 5})
		},
	} {
		b := evening()
		spoil(b)
		v := NewVerifier(true)
		for i := range b.log {
			if err := v.Take(&b.log[i]); err != nil {
				t.Fatal(name, err)
			}
		}
		if len(v.Open()) == 0 {
			t.Errorf("%s is not seen", name)
		}
	}
}

// TestVerifierRulesOfSeats breaks every rule on purpose; the last event is the one
// that does.
func TestVerifierRulesOfSeats(t *testing.T) {
	broken := map[Rule]bool{}
	a11, a13, a21 := chair("a", "A-1-1"), chair("a", "A-1-3"), chair("a", "A-2-1")
	held := func(b *books, hold, holder string, price int64) *events.SeatHeld {
		booking, _, _ := events.CutHoldID(hold)
		return &events.SeatHeld{HoldID: hold, BookingID: booking, Holder: holder, Price: price, ExpiresAt: b.clerk.now.Add(clerkHold), FirstHeldAt: b.clerk.now}
	}
	made := func(b *books, id string, seat string, price int64) *events.BookingHeld {
		return &events.BookingHeld{BookingID: id, PerformanceID: "a", Holder: "cy", Seats: []events.BookedSeat{{Seat: seat, Price: price}}, Amount: price,
			ExpiresAt: b.clerk.now, ExtendableUntil: b.clerk.now.Add(time.Second), Attempt: 1}
	}
	for _, test := range []struct {
		about string
		rule  Rule
		forge func(b *books)
	}{
		{"a seat of no performance", RuleLayout, func(b *books) { b.add(chair("b", "A-1-1"), &events.SeatBlocked{}) }},
		{"a seat that is not there", RuleLayout, func(b *books) { b.add(chair("a", "A-9-1"), &events.SeatBlocked{}) }},
		{"another price", RuleLayout, func(b *books) { b.add(a13, held(b, "x.1", "cy", 6)) }},
		{"a performance created twice", RuleCreation, func(b *books) { b.add(hall("a"), &events.PerformanceCreated{}) }},
		{"another's performance", RuleFigures, func(b *books) {
			b.add(hall("c"), &events.PerformanceCreated{PerformanceID: "d", Sections: clerkSections})
		}},
		{"no such seats", RuleLayout, func(b *books) {
			b.add(hall("c"), &events.PerformanceCreated{PerformanceID: "c", Sections: []events.Section{{ID: "A", Rows: 0, SeatsPerRow: 1}}})
		}},
		{"a product's fact", RuleKnown, func(b *books) { b.add(a11, create(1, 0)) }},
		{"a booked seat held", RuleOwner, func(b *books) { b.add(a11, held(b, "x.1", "cy", 5)) }},
		{"a booked seat blocked", RuleOwner, func(b *books) { b.add(a11, &events.SeatBlocked{}) }},
		{"a free seat expires", RuleOwner, func(b *books) { b.add(a13, &events.SeatExpired{HoldID: "x.1"}) }},
		{"a late release of another hold", RuleOwner, func(b *books) {
			b.add(a11, &events.SeatReleased{HoldID: "b.9.1", Holder: "ada", Was: events.SeatIsBooked})
		}},
		{"a booking's hold under another's id", RuleOwner, func(b *books) {
			f := held(b, "x.1", "cy", 5)
			f.BookingID = "y"
			b.add(a13, f)
		}},
		{"held too long", RuleStay, func(b *books) {
			f := held(b, "x.1", "cy", 5)
			f.ExpiresAt = f.ExpiresAt.Add(clerkGrace + 1)
			b.add(a13, f)
		}},
		{"a stay that begins anew", RuleStay, func(b *books) {
			b.add(a13, held(b, "x.1", "cy", 5), &events.SeatReleased{HoldID: "x.1", Holder: "cy", Was: events.SeatIsHeld, ReleasedAt: b.clerk.now})
			b.clerk.now = b.clerk.now.Add(time.Second)
			b.wait(time.Second)
			b.add(a13, held(b, "x.2", "cy", 5))
		}},
		{"extended beyond the stay", RuleStay, func(b *books) {
			b.add(a21, &events.SeatExtended{HoldID: "b.3.1", ExpiresAt: b.clerk.now.Add(3 * clerkHold)})
		}},
		{"booked without a payment", RuleBooked, func(b *books) { b.add(a21, &events.SeatBooked{HoldID: "b.3.1", BookingID: "b.3", Holder: "ada"}) }},
		{"booked without a booking", RuleBooked, func(b *books) {
			b.add(a13, held(b, "x.1", "cy", 5), &events.SeatBooked{HoldID: "x.1", BookingID: "x", Holder: "cy"})
		}},
		{"booked and not debited", RuleBooked, func(b *books) {
			b.until(1, func() { b.pay(b.bookings["b.3"]) })
			b.add(a21, &events.SeatBooked{HoldID: "b.3.1", BookingID: "b.3", Holder: "ada"})
		}},
		{"booked beside the allowance", RuleLimit, func(b *books) {
			b.until(2, func() { b.pay(b.bookings["b.3"]) })
			b.add(a21, &events.SeatBooked{HoldID: "b.3.1", BookingID: "b.3", Holder: "ada"})
		}},
		{"booked after the deadline", RuleDeadlines, func(b *books) {
			b.until(3, func() { b.pay(b.bookings["b.3"]) })
			b.wait(2 * clerkHold)
			b.add(a21, &events.SeatBooked{HoldID: "b.3.1", BookingID: "b.3", Holder: "ada"})
		}},
		{"expires too early", RuleDeadlines, func(b *books) {
			b.add(a21, &events.SeatExpired{HoldID: "b.3.1", Holder: "ada", ExpiresAt: b.shows["a"]["A-2-1"].until})
		}},
		{"a booked booking loses a seat", RuleBooked, func(b *books) {
			b.add(a11, &events.SeatReleased{HoldID: "b.2.1", Holder: "ada", Was: events.SeatIsBooked})
		}},
		{"a booking complete without its seats", RuleBooked, func(b *books) {
			b.until(2, func() { b.pay(b.bookings["b.3"]) })
			b.add("booking-b.3", &events.BookingBooked{PaymentID: "b.3.1", Amount: 5})
		}},
		{"a booking made twice", RuleCreation, func(b *books) { b.add("booking-b.3", made(b, "b.3", "A-1-3", 5)) }},
		{"a booking at another price", RuleLayout, func(b *books) { b.add("booking-x", made(b, "x", "A-1-3", 4)) }},
		{"a booking under another's id", RuleFigures, func(b *books) { b.add("booking-x", made(b, "y", "A-1-3", 5)) }},
		{"a booking of no performance", RuleLayout, func(b *books) {
			f := made(b, "x", "A-1-3", 5)
			f.PerformanceID = "z"
			b.add("booking-x", f)
		}},
		{"a booking that comes too late", RuleDeadlines, func(b *books) { f := made(b, "x", "A-1-3", 5); b.wait(1); b.add("booking-x", f) }},
		{"a released booking is paid", RuleBooking, func(b *books) {
			b.add("booking-b.7", &events.BookingPaymentStarted{PaymentID: "b.7.1", Amount: 5, Attempt: 1, Was: events.BookingIsHeld})
		}},
		{"extended twice", RuleStay, func(b *books) {
			b.add("booking-b.3", &events.BookingExtended{ExpiresAt: b.bookings["b.3"].until.Add(1)})
		}},
		{"a booking expires too early", RuleDeadlines, func(b *books) {
			b.add("booking-b.3", &events.BookingExpired{ExpiresAt: b.bookings["b.3"].until})
		}},
		{"another amount", RuleBooking, func(b *books) {
			b.add("booking-b.3", &events.BookingPaymentStarted{PaymentID: "b.3.1", Amount: 6, Attempt: 1, Was: events.BookingIsHeld})
		}},
		{"paid in time, too late", RuleDeadlines, func(b *books) {
			b.wait(2 * clerkHold)
			b.add("booking-b.3", &events.BookingPaymentStarted{PaymentID: "b.3.1", Amount: 5, Attempt: 1, Was: events.BookingIsHeld})
		}},
		{"released without its refund", RulePayments, func(b *books) { b.add("booking-b.2", &events.BookingReleased{Was: events.BookingIsBooked}) }},
		{"refunded, it says", RulePayments, func(b *books) {
			b.until(1, func() { b.cancel(b.bookings["b.2"]) })
			b.add("booking-b.2", &events.BookingRefunded{PaymentID: "b.2.1", Amount: 10})
		}},
		{"refunded with its seats", RuleBooked, func(b *books) {
			b.until(2, func() { b.cancel(b.bookings["b.2"]) })
			b.add("booking-b.2", &events.BookingRefunded{PaymentID: "b.2.1", Amount: 10})
		}},
		{"a balance below nothing", RuleMoney, func(b *books) {
			b.add("wallet-bob", &events.WalletDebited{PaymentID: "b.4.2", BookingID: "b.4", Amount: 5, Balance: -5})
		}},
		{"money out of nothing", RuleMoney, func(b *books) { b.add("wallet-ada", &events.WalletCharged{ChargeID: "c", Amount: 1, Balance: 12}) }},
		{"debited twice", RulePayments, func(b *books) {
			b.add("wallet-ada", &events.WalletDebited{PaymentID: "b.2.1", BookingID: "b.2", Amount: 10, Balance: 0})
		}},
		{"debited for another", RulePayments, func(b *books) {
			b.add("wallet-ada", &events.WalletDebited{PaymentID: "b.4.2", BookingID: "b.4", Amount: 5, Balance: 5})
		}},
		{"debited for nothing", RulePayments, func(b *books) {
			b.add("wallet-ada", &events.WalletDebited{PaymentID: "x.1", BookingID: "x", Amount: 5, Balance: 5})
		}},
		{"refunded twice", RulePayments, func(b *books) {
			refund := func(balance int64) *events.WalletRefunded {
				return &events.WalletRefunded{PaymentID: "b.2.1", BookingID: "b.2", Amount: 10, Balance: balance}
			}
			b.add("wallet-ada", refund(20), refund(30))
		}},
		{"cancelled and debited", RulePayments, func(b *books) { b.add("wallet-ada", &events.WalletCancelled{PaymentID: "b.2.1", BookingID: "b.2"}) }},
		{"a product's fact in a wallet", RuleKnown, func(b *books) { b.add("wallet-ada", create(1, 0)) }},
		{"more seats than the limit", RuleLimit, func(b *books) {
			b.add("allowance-a~ada", &events.AllowanceTaken{HoldID: "x.1", Seats: 2, Taken: 5, ExpiresAt: b.clerk.now})
		}},
		{"a wrong sum", RuleFigures, func(b *books) {
			b.add("allowance-a~ada", &events.AllowanceTaken{HoldID: "x.1", Seats: 1, Taken: 3, ExpiresAt: b.clerk.now})
		}},
		{"given back twice", RuleFigures, func(b *books) {
			f := &events.AllowanceReleased{HoldID: "b.3.1", Was: events.AllowanceIsHeld, Seats: 1, Taken: 2}
			b.add("allowance-a~ada", f, f)
		}},
		{"kept for more", RuleFigures, func(b *books) { b.add("allowance-a~ada", &events.AllowanceKept{HoldID: "b.3.1", Seats: 2, Taken: 3}) }},
		{"nothing prolonged", RuleOwner, func(b *books) {
			b.add("allowance-a~ada", &events.AllowanceExtended{HoldID: "x.1", ExpiresAt: b.clerk.now})
		}},
		{"an allowance expires too early", RuleDeadlines, func(b *books) {
			b.add("allowance-a~ada", &events.AllowanceExpired{HoldID: "b.3.1", Seats: 1, Taken: 2, ExpiresAt: b.parts["b.3.1"].until})
		}},
	} {
		b := evening()
		test.forge(b)
		err := b.verify()
		var v *Violation
		if !errors.As(err, &v) || v.Rule != test.rule || v.Position != b.log[len(b.log)-1].Position {
			t.Errorf("%s: %v; want one of %q at the last event", test.about, err, test.rule)
		}
		broken[test.rule] = true
	}
	for _, rule := range []Rule{RuleLayout, RuleOwner, RuleStay, RuleBooked, RuleBooking, RulePayments, RuleMoney, RuleLimit, RuleDeadlines} {
		if !broken[rule] {
			t.Errorf("nothing breaks the rule %q", rule)
		}
	}
}
