package verify_test

import (
	"errors"
	"testing"
	"time"

	"admitone/events"
	"admitone/projections/logtest"
	"admitone/projections/verify"
)

// shop is a log with a product of 9 at 5 EUR that refunds a half until 100 s; ada holds 2 as the
// first reservation, bob 1 as the second.
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

// paid pays ada's reservation by x.
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

// TestVerifierChecksMoneyForReservations breaks each rule; the last event of each log is the one
// that does.
func TestVerifierChecksMoneyForReservations(t *testing.T) {
	price := int64(7)
	edit := &events.ProductEdited{DisplayName: "A", Stock: 9, Price: price, LimitPerHolder: 4, Remaining: 6}
	for name, test := range map[string]struct {
		want  verify.Rule // "" if all is well
		open  bool
		forge func(f *shop)
	}{
		"in time": {"", false, func(f *shop) { f.paid() }},
		"and given back for a half": {"", false, func(f *shop) {
			f.paid()
			f.release(4, "x", "")
			f.returned(6, 4)
		}},
		"given back, and not owed yet": {"", true, func(f *shop) { f.paid(); f.release(4, "x", "") }},
		"received, and no more":        {"", true, func(f *shop) { f.receive("x", 1, 10, 10) }},
		"confirmed, and not copied":    {"", true, func(f *shop) { f.receive("x", 1, 10, 10); f.confirm(1, "ada", 2, 6, "x") }},
		"late": {"", false, func(f *shop) {
			f.expire()
			f.receive("x", 1, 10, 10)
			f.retake(nil)
			f.confirm(1, "ada", 2, 7, "x")
			f.booked("x", 10)
		}},
		"too late": {"", false, func(f *shop) {
			f.expire()
			f.Add("product-a", f.sold(3, "ada", 3, 6))
			f.receive("x", 1, 10, 10)
			f.fail(events.FailedLimit, 6)
			f.owe("x", events.OwedLate, 10)
		}},
		"at the price of then": {"", false, func(f *shop) { f.Add("product-a", edit); f.paid() }},
		"confirmed before": {"", false, func(f *shop) {
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
		"cancelled as a different holder's": {verify.RuleUnits, false, func(f *shop) {
			f.paid()
			f.Add("product-a", &events.ProductCancelled{Reason: "lift", Remaining: 6})
			f.callOff("")
		}},
		"owed as cancelled": {verify.RuleOutcome, false, func(f *shop) {
			f.receive("x", 1, 10, 10)
			f.owe("x", events.OwedCancelled, 10)
		}},
		"a second one": {"", false, func(f *shop) {
			f.paid()
			f.receive("y", 1, 10, 10)
			f.owe("y", events.OwedAlreadyPaid, 10)
		}},
		"for a released one": {"", false, func(f *shop) {
			f.Add("product-a", logtest.Released(1, "ada", 2, events.ReservationHeld, 8))
			f.receive("x", 1, 10, 10)
			f.owe("x", events.OwedReleased, 10)
		}},

		"a different price":  {verify.RuleReturns, false, func(f *shop) { f.Add("product-a", edit, f.hold(3, "cy", 1, 5)) }},
		"expected otherwise": {verify.RuleExternal, false, func(f *shop) { f.receive("x", 1, 5, 5) }},
		"for none":           {verify.RuleExternal, false, func(f *shop) { f.receive("x", 9, 10, 10) }},
		"without money":      {verify.RuleUnits, false, func(f *shop) { f.confirm(1, "ada", 2, 6, "x") }},
		"with the money for a different reservation": {verify.RuleUnits, false, func(f *shop) { f.receive("x", 2, 5, 5); f.confirm(1, "ada", 2, 6, "x") }},
		"with a wrong sum":                           {verify.RuleUnits, false, func(f *shop) { f.receive("x", 1, 9, 10); f.confirm(1, "ada", 2, 6, "x") }},
		"booked and not paid":                        {verify.RuleOutcome, false, func(f *shop) { f.receive("x", 1, 10, 10); f.booked("x", 10) }},
		"owed as late, and held":                     {verify.RuleOutcome, false, func(f *shop) { f.receive("x", 1, 10, 10); f.owe("x", events.OwedLate, 10) }},
		"owed as paid, and held":                     {verify.RuleOutcome, false, func(f *shop) { f.receive("x", 1, 10, 10); f.owe("x", events.OwedAlreadyPaid, 10) }},
		"owed as released":                           {verify.RuleOutcome, false, func(f *shop) { f.receive("x", 1, 10, 10); f.owe("x", events.OwedReleased, 10) }},
		"keeps too much":                             {verify.RuleReturns, false, func(f *shop) { f.paid(); f.release(5, "x", "") }},
		"released as a different holder's":           {verify.RuleUnits, false, func(f *shop) { f.paid(); f.release(4, "y", "") }},
		"given back as paid":                         {verify.RuleUnits, false, func(f *shop) { f.Add("product-a", logtest.Confirmed(1, "ada", 2, 6)); f.release(4, "x", "") }},
		"given back too late":                        {verify.RuleReturns, false, func(f *shop) { f.paid(); f.Wait(2 * logtest.HoldFor); f.release(4, "x", "") }},
		"but for a reason": {"", false, func(f *shop) {
			f.paid()
			f.Wait(2 * logtest.HoldFor)
			f.release(4, "x", "lift")
			f.returned(6, 4)
		}},
		"owes too little":       {verify.RuleOutcome, false, func(f *shop) { f.paid(); f.release(4, "x", ""); f.returned(5, 5) }},
		"owed and not released": {verify.RuleOutcome, false, func(f *shop) { f.paid(); f.returned(6, 4) }},
		"taken again in time":   {verify.RuleUnits, false, func(f *shop) { f.receive("x", 1, 10, 10); f.retake(nil) }},
		"taken again for more": {verify.RuleUnits, false, func(f *shop) {
			f.expire()
			f.retake(func(r *events.ProductRetaken) { r.Quantity, r.Remaining = 3, 6 })
		}},
		"taken again for a different holder": {verify.RuleUnits, false, func(f *shop) {
			f.expire()
			f.retake(func(r *events.ProductRetaken) { r.Holder = "bob" })
		}},
		"taken again at a different price": {verify.RuleUnits, false, func(f *shop) {
			f.expire()
			f.retake(func(r *events.ProductRetaken) { r.Price = 4 })
		}},
		"taken again by a different rule": {verify.RuleUnits, false, func(f *shop) {
			f.expire()
			f.retake(func(r *events.ProductRetaken) { r.Cancellation = events.Cancellation{} })
		}},
		"taken again of a different time": {verify.RuleUnits, false, func(f *shop) {
			f.expire()
			f.retake(func(r *events.ProductRetaken) { r.ExpiresAt = r.ExpiresAt.Add(1) })
		}},
		"taken again and not confirmed": {verify.RuleUnits, false, func(f *shop) { f.expire(); f.retake(nil); f.Add("product-a", f.sold(3, "cy", 1, 6)) }},
		"taken again beyond the limit": {verify.RuleLimit, false, func(f *shop) {
			f.expire()
			f.Add("product-a", f.sold(3, "ada", 3, 6))
			f.retake(func(r *events.ProductRetaken) { r.Remaining = 4 })
		}},
		"failed for no reason": {verify.RuleUnits, false, func(f *shop) { f.expire(); f.receive("x", 1, 10, 10); f.fail(events.FailedSoldOut, 9) }},
		"failed without money": {verify.RuleUnits, false, func(f *shop) { f.expire(); f.Add("product-a", f.sold(3, "ada", 3, 6)); f.fail(events.FailedLimit, 6) }},
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
