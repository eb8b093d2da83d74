package verify

import (
	"time"

	"admitone/events"
)

// RuleReturns is the rule of what is given back, as it is printed.
const RuleReturns Rule = "what is paid is given back by the rule that it was held on, in time or for a reason that is told"

// checkRule holds a rule for giving back to its bounds.
func checkRule(c events.Cancellation) *fault {
	if c.RefundPercent < 0 || c.RefundPercent > 100 {
		return faultf(RuleReturns, "it refunds %d percent", c.RefundPercent)
	}
	return nil
}

// checkFrozen holds the rule that a booking freezes to that of the performance.
func (t *terms) checkFrozen(f *events.BookingHeld) *fault {
	want := t.rule
	switch {
	case f.SaleTerms == events.SaleTerms{}: // from before there were rules
		want = events.Cancellation{}
	case want == events.Cancellation{}:
		want = events.DefaultCancellation
	}
	if f.Cancellation.Until.Equal(want.Until) && f.Cancellation.RefundPercent == want.RefundPercent {
		return nil
	}
	return faultf(RuleReturns, "it freezes %d percent until %s; the performance states %d percent until %s",
		f.Cancellation.RefundPercent, f.Cancellation.Until, want.RefundPercent, want.Until)
}

// kept is what is not refunded of a booking that is given back: each seat's refund is rounded up.
func (b *booking) kept() (sum int64) {
	if b.rule == (events.Cancellation{}) {
		return 0
	}
	for i := range b.seats {
		price := b.seats[i].Price
		refund := price / 100 * b.rule.RefundPercent
		if rest := price % 100 * b.rule.RefundPercent; rest > 0 {
			refund += (rest + 99) / 100
		}
		sum += price - refund
	}
	return sum
}

// checkReleased holds the release of a paid booking to its rule and to when the show starts.
func (c *bookingCheck) checkReleased(f *events.BookingReleased, decided time.Time) *fault {
	row := &c.row
	want, kept := events.HoldID(""), int64(0)
	if f.Was == events.BookingIsBooked && row.amount > 0 {
		want, kept = row.holdID(), row.kept()
	}
	switch {
	case f.RefundID != want:
		return faultf(RulePayments, "it says that %q is refunded; it should be %q", f.RefundID, want)
	case f.Kept != kept:
		return faultf(RuleReturns, "it keeps %d of %d; it should keep %d", f.Kept, row.amount, kept)
	case want == "":
		return nil
	}
	on, fault := c.ledger.performances[row.performance].on(f.Terms)
	if fault != nil || row.rule == (events.Cancellation{}) || f.Reason != "" {
		return fault
	}
	until := on.starts
	if !row.rule.Until.IsZero() && row.rule.Until.Before(until) {
		until = row.rule.Until
	}
	if !decided.Before(until) {
		return faultf(RuleReturns, "given back at %s, without a reason; that was possible before %s",
			events.FormatTime(decided), events.FormatTime(until))
	}
	return nil
}

// checkRefunded holds what was refunded of a booking to what its release says.
func (c *bookingCheck) checkRefunded() *fault {
	row := &c.row
	switch {
	case row.amount == row.keeps:
		return nil
	case row.payment != "" || row.keeps == 0:
		if c.ledger.isPaid(row) {
			return faultf(RulePayments, "%q is not refunded", row.paymentID)
		}
	case row.keeps > 0:
		refund := row.amount - row.keeps
		if wallet := c.ledger.wallets[row.holder]; wallet == nil ||
			wallet.payments[row.paymentID].parts[events.ReleaseRefund(row.paymentID)] != refund {
			return faultf(RulePayments, "%d of %q are not refunded", refund, row.holdID())
		}
	}
	return nil
}

// refunded takes in a refund: all that is left of a debit, or a part that its booking has announced.
func (c *walletCheck) refunded(f *events.WalletRefunded) *fault {
	payment, known := c.payments[f.PaymentID]
	rest := payment.amount - payment.refunded
	_, twice := payment.parts[f.RefundID]
	if !known || payment.closed || f.Amount > rest || twice || f.RefundID == "" && f.Amount != rest {
		return faultf(RulePayments, "%q is refunded %d; debited: %t, %d are left of %d, closed: %t, this part before: %t",
			f.PaymentID, f.Amount, known, rest, payment.amount, payment.closed, twice)
	}
	if f.RefundID != "" {
		id, _, _ := events.CutHoldID(events.HoldOfPayment(f.PaymentID))
		b := c.ledger.bookings[id]
		if b == nil || !b.row.refunding || f.RefundID != events.ReleaseRefund(b.row.paymentID) ||
			f.Amount != b.row.amount-b.row.keeps {
			return faultf(RulePayments, "the refund %q of %d is not announced by the booking %q", f.RefundID, f.Amount, id)
		}
		if payment.parts == nil {
			payment.parts = map[events.RefundID]int64{}
		}
		payment.parts[f.RefundID] = f.Amount
	}
	payment.refunded += f.Amount
	payment.closed = payment.refunded == payment.amount
	c.payments[f.PaymentID] = payment
	return nil
}

// keeps reports whether what is left of a payment is kept by the rule of its booking.
func (l *ledger) keeps(holdID events.HoldID, p *paid) bool {
	id, _, _ := events.CutHoldID(events.HoldOfPayment(holdID))
	b := l.bookings[id]
	return b != nil && b.row.paymentID == holdID && b.row.status == events.BookingIsReleased &&
		p.amount-p.refunded == b.row.keeps
}
