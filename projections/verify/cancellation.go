package verify

import (
	"time"

	"admitone/events"
)

// RuleReturns is the rule of returns, as it is printed.
const RuleReturns Rule = "a paid purchase is refunded by the policy of its hold, before the deadline or for a recorded reason"

// checkRule checks the bounds of a cancellation policy.
func checkRule(c events.Cancellation) *fault {
	if c.RefundPercent < 0 || c.RefundPercent > 100 {
		return faultf(RuleReturns, "it refunds %d percent", c.RefundPercent)
	}
	return nil
}

// checkFrozen checks the policy frozen in a booking against that of the performance.
func (t *terms) checkFrozen(f *events.BookingHeld) *fault {
	want := t.rule
	switch {
	case f.SaleTerms == events.SaleTerms{}: // from before there were policies
		want = events.Cancellation{}
	case want == events.Cancellation{}:
		want = events.DefaultCancellation
	}
	if f.Cancellation.Until.Equal(want.Until) && f.Cancellation.RefundPercent == want.RefundPercent {
		return nil
	}
	return faultf(RuleReturns, "it freezes %d percent until %s; the performance has %d percent until %s",
		f.Cancellation.RefundPercent, f.Cancellation.Until, want.RefundPercent, want.Until)
}

// kept returns the fee withheld from a price when it is refunded.
func (b *booking) kept(price int64) int64 { return feeOf(b.rule, price) }

// feeOf returns the fee of a policy for a price. The refund is rounded up.
func feeOf(rule events.Cancellation, price int64) int64 {
	if rule == (events.Cancellation{}) {
		return 0
	}
	refund := price / 100 * rule.RefundPercent
	if rest := price % 100 * rule.RefundPercent; rest > 0 {
		refund += (rest + 99) / 100
	}
	return price - refund
}

// checkReleased checks the release of a paid booking against its policy and the start of the performance.
func (c *bookingCheck) checkReleased(f *events.BookingReleased, decided time.Time) *fault {
	row := &c.row
	want, kept := events.HoldID(""), int64(0)
	if price, keeps := row.remainingPrice(); f.Was == events.BookingIsBooked && price > 0 {
		want, kept = row.paymentID, keeps
	}
	switch {
	case f.RefundID != want:
		return faultf(RulePayments, "it records that %q is refunded; it should be %q", f.RefundID, want)
	case f.Kept != kept:
		return faultf(RuleReturns, "it keeps %d of %d; it should keep %d", f.Kept, row.amount, kept)
	case want == "":
		return nil
	}
	return c.inTime(f.Terms, f.Reason, decided)
}

// inTime checks that a release of a paid booking without a reason is before the policy's deadline.
func (c *bookingCheck) inTime(named events.Revision, reason string, decided time.Time) *fault {
	row := &c.row
	saleTerms, fault := c.ledger.performances[row.performance].findTerms(named)
	if fault != nil || row.rule == (events.Cancellation{}) || reason != "" {
		return fault
	}
	until := saleTerms.starts
	if !row.rule.Until.IsZero() && row.rule.Until.Before(until) {
		until = row.rule.Until
	}
	if !decided.Before(until) {
		return faultf(RuleReturns, "released at %s, without a reason; that was possible before %s",
			events.FormatTime(decided), events.FormatTime(until))
	}
	return nil
}

// checkRefunded checks the refunds of a booking against its release.
func (c *bookingCheck) checkRefunded() *fault {
	row := &c.row
	switch {
	case row.status == events.BookingIsCancelled:
		return c.checkCancellationRefund()
	case row.refunds == 0:
		return nil
	case row.payment != "" || row.refunds == row.amount:
		if c.ledger.isPaid(row) {
			return faultf(RulePayments, "%q is not refunded", row.paymentID)
		}
	default:
		if wallet := c.ledger.wallets[row.holder]; wallet == nil ||
			wallet.payments[row.paymentID].parts[events.ReleaseRefund(row.paymentID)] != row.refunds {
			return faultf(RulePayments, "%d of %q are not refunded", row.refunds, row.paymentID)
		}
	}
	return nil
}

// refunded applies a refund: the whole remainder of a debit, or a part that the booking has recorded.
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
		announced, is := int64(0), false
		if b != nil && b.row.paymentID == f.PaymentID {
			announced, is = b.row.announced(f.RefundID)
		}
		if !is || f.Amount != announced {
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

// isFee reports whether the unrefunded remainder of a payment is the fee withheld from its booking.
func (l *ledger) isFee(holdID events.HoldID, p *paid) bool {
	id, _, _ := events.CutHoldID(events.HoldOfPayment(holdID))
	b := l.bookings[id]
	return b != nil && b.row.paymentID == holdID &&
		(b.row.status == events.BookingIsReleased || b.row.status == events.BookingIsCancelled) &&
		p.amount-p.refunded == b.row.withheld
}
