package verify_test

import (
	"errors"
	"testing"
	"time"

	"admitone/events"
	"admitone/projections/logtest"
	"admitone/projections/verify"
)

// shop is a log of a product of 9 units at 5 EUR, which refunds half of the price for two hold times. ada holds 2 units
// as reservation 1, bob 1 as reservation 2.
type shop struct {
	*logtest.Forgery
	t     *testing.T
	rule  events.Cancellation
	until time.Time // of the holds
}

func newShop(t *testing.T) *shop {
	f := &shop{Forgery: logtest.NewForgery(), t: t}
	f.rule = events.Cancellation{Until: f.Now.Add(2 * logtest.HoldFor), RefundPercent: 50}
	f.Add(events.SettingsStream, &events.CurrencyNamed{Currency: "EUR", Digits: 2})
	created := logtest.Created(9, 4)
	created.Price, created.Cancellation = 5, f.rule
	f.until = f.Now.Add(logtest.HoldFor)
	f.Add("product-a", created, f.hold(1, "ada", 2, 7), f.hold(2, "bob", 1, 6))
	return f
}

func (f *shop) hold(n int, holder events.Holder, quantity, remaining int64) *events.ProductHeld {
	held := f.Held(n, holder, quantity, remaining)
	held.Price, held.Cancellation = 5, f.rule
	return held
}

func bank(reference string) events.StreamID { return events.PaymentStream("bank", reference) }

func (f *shop) receive(reference string, n int, amount, expected int64) {
	f.Add(bank(reference), &events.PaymentReceived{Provider: "bank", Reference: reference, Amount: amount, Currency: "EUR",
		Expected: expected, ExpectedCurrency: "EUR", PaymentSubject: events.PaymentSubject{ProductID: "a",
			ReservationID: logtest.ReservationID(n)}})
}

func (f *shop) confirm(n int, holder events.Holder, quantity, remaining int64, reference string) {
	fact := logtest.Confirmed(n, holder, quantity, remaining)
	fact.Payment = bank(reference)
	f.Add("product-a", fact)
}

func (f *shop) booked(reference string, amount int64) {
	f.Add(bank(reference), &events.PaymentBooked{Amount: amount})
}

func (f *shop) owe(reference string, cause events.RefundCause, amount int64) {
	f.Add(bank(reference), &events.PaymentOwed{RefundID: events.NewRefundID(bank(reference), cause, ""), Cause: cause,
		Amount: amount})
}

// paid confirms ada's reservation by the payment x.
func (f *shop) paid() {
	f.receive("x", 1, 10, 10)
	f.confirm(1, "ada", 2, 6, "x")
	f.booked("x", 10)
}

func (f *shop) release(kept int64, by, reason string) {
	fact := logtest.Released(1, "ada", 2, events.ReservationConfirmed, 8)
	fact.Payment, fact.Kept, fact.Reason = bank(by), kept, reason
	f.Add("product-a", fact)
}

func (f *shop) returned(owed, kept int64) {
	f.Add(bank("x"), &events.PaymentReturned{RefundID: events.NewRefundID(bank("x"), events.OwedReleased, ""),
		Cause: events.OwedReleased, Amount: owed, Kept: kept})
}

// expire expires both holds.
func (f *shop) expire() {
	f.Wait(logtest.HoldFor + 1)
	fact := logtest.Expired(f.until, 1, "ada", 2, 9)
	fact.Expired = append(fact.Expired, logtest.Expired(f.until, 2, "bob", 1, 9).Expired...)
	fact.Quantity = 3
	f.Add("product-a", fact)
}

func (f *shop) retake(edit func(*events.ProductRetaken)) {
	fact := &events.ProductRetaken{ReservationID: logtest.ReservationID(1), Holder: "ada", Quantity: 2, Price: 5,
		Cancellation: f.rule, ExpiresAt: f.until, Payment: bank("x"), Remaining: 7}
	if edit != nil {
		edit(fact)
	}
	f.Add("product-a", fact)
}

func (f *shop) fail(reason events.FailReason, remaining int64) {
	f.Add("product-a", &events.ProductPaymentFailed{ReservationID: logtest.ReservationID(1), Holder: "ada", Quantity: 2,
		Price: 5, Cancellation: f.rule, ExpiresAt: f.until, Payment: bank("x"), Reason: reason, Remaining: remaining})
}

// TestVerifierChecksMoneyForReservations breaks each rule; the last event of each log breaks it.
func TestVerifierChecksMoneyForReservations(t *testing.T) {
	price := int64(7)
	edit := &events.ProductEdited{DisplayName: "A", Stock: 9, Price: price, LimitPerHolder: 4, Remaining: 6}
	for name, test := range map[string]struct {
		want  verify.Rule // "" if no rule is broken
		open  bool
		forge func(f *shop)
	}{
		"paid in time": {"", false, func(f *shop) { f.paid() }},
		"paid and half refunded": {"", false, func(f *shop) {
			f.paid()
			f.release(4, "x", "")
			f.returned(6, 4)
		}},
		"released, but not owed yet":    {"", true, func(f *shop) { f.paid(); f.release(4, "x", "") }},
		"received only":                 {"", true, func(f *shop) { f.receive("x", 1, 10, 10) }},
		"confirmed, but not booked yet": {"", true, func(f *shop) { f.receive("x", 1, 10, 10); f.confirm(1, "ada", 2, 6, "x") }},
		"paid late and retaken": {"", false, func(f *shop) {
			f.expire()
			f.receive("x", 1, 10, 10)
			f.retake(nil)
			f.confirm(1, "ada", 2, 7, "x")
			f.booked("x", 10)
		}},
		"paid late beyond the limit": {"", false, func(f *shop) {
			f.expire()
			f.Add("product-a", f.sold(3, "ada", 3, 6))
			f.receive("x", 1, 10, 10)
			f.fail(events.FailedLimit, 6)
			f.owe("x", events.OwedLate, 10)
		}},
		"paid at the earlier price": {"", false, func(f *shop) { f.Add("product-a", edit); f.paid() }},
		"paid after the confirmation": {"", false, func(f *shop) {
			f.Add("product-a", logtest.Confirmed(1, "ada", 2, 6))
			f.receive("x", 1, 10, 10)
			f.Add("product-a", &events.ProductPaid{ReservationID: logtest.ReservationID(1), Holder: "ada", Quantity: 2,
				Payment: bank("x"), Remaining: 6})
			f.booked("x", 10)
		}},
		"cancelled": {"", false, func(f *shop) {
			f.paid()
			f.Add("product-a", &events.ProductCancelled{Reason: "lift", Remaining: 6})
			f.callOff("x")
			f.Add(bank("x"), &events.PaymentReturned{RefundID: events.NewRefundID(bank("x"), events.OwedCancelled, ""),
				Cause: events.OwedCancelled, Amount: 10})
			f.receive("y", 2, 5, 5)
			f.owe("y", events.OwedCancelled, 5)
		}},
		"cancelled without its payment": {verify.RuleUnits, false, func(f *shop) {
			f.paid()
			f.Add("product-a", &events.ProductCancelled{Reason: "lift", Remaining: 6})
			f.callOff("")
		}},
		"owed as cancelled without a cancellation": {verify.RuleOutcome, false, func(f *shop) {
			f.receive("x", 1, 10, 10)
			f.owe("x", events.OwedCancelled, 10)
		}},
		"second payment": {"", false, func(f *shop) {
			f.paid()
			f.receive("y", 1, 10, 10)
			f.owe("y", events.OwedAlreadyPaid, 10)
		}},
		"payment for a released reservation": {"", false, func(f *shop) {
			f.Add("product-a", logtest.Released(1, "ada", 2, events.ReservationHeld, 8))
			f.receive("x", 1, 10, 10)
			f.owe("x", events.OwedReleased, 10)
		}},

		"hold at a different price":                            {verify.RuleReturns, false, func(f *shop) { f.Add("product-a", edit, f.hold(3, "cy", 1, 5)) }},
		"wrong expected amount":                                {verify.RuleExternal, false, func(f *shop) { f.receive("x", 1, 5, 5) }},
		"for an unknown reservation":                           {verify.RuleExternal, false, func(f *shop) { f.receive("x", 9, 10, 10) }},
		"confirmed without a payment":                          {verify.RuleUnits, false, func(f *shop) { f.confirm(1, "ada", 2, 6, "x") }},
		"confirmed by the payment for a different reservation": {verify.RuleUnits, false, func(f *shop) { f.receive("x", 2, 5, 5); f.confirm(1, "ada", 2, 6, "x") }},
		"confirmed by a payment of a wrong sum":                {verify.RuleUnits, false, func(f *shop) { f.receive("x", 1, 9, 10); f.confirm(1, "ada", 2, 6, "x") }},
		"booked but not confirmed":                             {verify.RuleOutcome, false, func(f *shop) { f.receive("x", 1, 10, 10); f.booked("x", 10) }},
		"owed as late while held":                              {verify.RuleOutcome, false, func(f *shop) { f.receive("x", 1, 10, 10); f.owe("x", events.OwedLate, 10) }},
		"owed as already paid while held":                      {verify.RuleOutcome, false, func(f *shop) { f.receive("x", 1, 10, 10); f.owe("x", events.OwedAlreadyPaid, 10) }},
		"owed as released while held":                          {verify.RuleOutcome, false, func(f *shop) { f.receive("x", 1, 10, 10); f.owe("x", events.OwedReleased, 10) }},
		"fee too high":                                         {verify.RuleReturns, false, func(f *shop) { f.paid(); f.release(5, "x", "") }},
		"released with a different payment":                    {verify.RuleUnits, false, func(f *shop) { f.paid(); f.release(4, "y", "") }},
		"released as paid without a payment":                   {verify.RuleUnits, false, func(f *shop) { f.Add("product-a", logtest.Confirmed(1, "ada", 2, 6)); f.release(4, "x", "") }},
		"released too late":                                    {verify.RuleReturns, false, func(f *shop) { f.paid(); f.Wait(2 * logtest.HoldFor); f.release(4, "x", "") }},
		"released too late for a reason": {"", false, func(f *shop) {
			f.paid()
			f.Wait(2 * logtest.HoldFor)
			f.release(4, "x", "lift")
			f.returned(6, 4)
		}},
		"too little owed":           {verify.RuleOutcome, false, func(f *shop) { f.paid(); f.release(4, "x", ""); f.returned(5, 5) }},
		"owed but not released":     {verify.RuleOutcome, false, func(f *shop) { f.paid(); f.returned(6, 4) }},
		"retaken before it expired": {verify.RuleUnits, false, func(f *shop) { f.receive("x", 1, 10, 10); f.retake(nil) }},
		"retaken with a different quantity": {verify.RuleUnits, false, func(f *shop) {
			f.expire()
			f.retake(func(r *events.ProductRetaken) { r.Quantity, r.Remaining = 3, 6 })
		}},
		"retaken for a different holder": {verify.RuleUnits, false, func(f *shop) {
			f.expire()
			f.retake(func(r *events.ProductRetaken) { r.Holder = "bob" })
		}},
		"retaken at a different price": {verify.RuleUnits, false, func(f *shop) {
			f.expire()
			f.retake(func(r *events.ProductRetaken) { r.Price = 4 })
		}},
		"retaken with a different policy": {verify.RuleUnits, false, func(f *shop) {
			f.expire()
			f.retake(func(r *events.ProductRetaken) { r.Cancellation = events.Cancellation{} })
		}},
		"retaken with a different deadline": {verify.RuleUnits, false, func(f *shop) {
			f.expire()
			f.retake(func(r *events.ProductRetaken) { r.ExpiresAt = r.ExpiresAt.Add(1) })
		}},
		"retaken and not confirmed": {verify.RuleUnits, false, func(f *shop) { f.expire(); f.retake(nil); f.Add("product-a", f.sold(3, "cy", 1, 6)) }},
		"retaken beyond the limit": {verify.RuleLimit, false, func(f *shop) {
			f.expire()
			f.Add("product-a", f.sold(3, "ada", 3, 6))
			f.retake(func(r *events.ProductRetaken) { r.Remaining = 4 })
		}},
		"failed for a wrong reason": {verify.RuleUnits, false, func(f *shop) { f.expire(); f.receive("x", 1, 10, 10); f.fail(events.FailedSoldOut, 9) }},
		"failed without a payment":  {verify.RuleUnits, false, func(f *shop) { f.expire(); f.Add("product-a", f.sold(3, "ada", 3, 6)); f.fail(events.FailedLimit, 6) }},
	} {
		f := newShop(t)
		test.forge(f)
		err := verifyAll(f.Log)
		violation := (*verify.Violation)(nil)
		if test.want == "" && err != nil || test.want != "" && (!errors.As(err, &violation) || violation.Rule != test.want ||
			violation.Position != f.Log[len(f.Log)-1].Position) {
			t.Errorf("%s: %v, want %q", name, err, test.want)
		}
		if test.want != "" || err != nil {
			continue
		}
		v := verify.New(true)
		for i := range f.Log {
			if err := v.Check(&f.Log[i]); err != nil {
				t.Fatal(err)
			}
		}
		if open := v.Open(); len(open) > 0 != test.open {
			t.Errorf("%s: Open() = %q, want some: %t", name, open, test.open)
		}
	}
}

func (f *shop) sold(n int, holder events.Holder, quantity, remaining int64) *events.ProductReserved {
	fact := logtest.Reserved(n, holder, quantity, remaining)
	fact.Price, fact.Cancellation = 5, f.rule
	return fact
}

func (f *shop) callOff(by string) {
	fact := &events.ProductReservationCancelled{ReservationID: logtest.ReservationID(1), Holder: "ada", Quantity: 2,
		Was: events.ReservationConfirmed, Remaining: 8}
	if by != "" {
		fact.Payment = bank(by)
	}
	f.Add("product-a", fact)
}
