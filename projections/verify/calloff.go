package verify

import (
	"fmt"
	"time"

	"admitone/events"
)

// RuleCalledOff is the rule of cancellations, as it is printed.
const RuleCalledOff Rule = "a cancelled entity is not edited, and its sales are all ended once and refunded in full"

func init() {
	ledgerChecks[events.CallOffCategory] = func(l *ledger, id string) check {
		return &callOffCheck{ledger: l, id: events.CallOffID(id)}
	}
}

// callOffCheck checks a cancellation by the organiser, and the cancelled sales.
type callOffCheck struct {
	ledger *ledger
	id     events.CallOffID
	begun  *events.CallOffBegun
	swept  bool
	cursor cursorCheck
}

func (c *callOffCheck) apply(e *events.Recorded, fact events.Fact, _ time.Time) *fault {
	begun, isCreation := fact.(*events.CallOffBegun)
	if isCreation != (c.begun == nil) {
		return faultf(RuleCreation, "a %s at revision %d", fact.Name(), e.Revision)
	}
	switch f := fact.(type) {
	case *events.CallOffBegun:
		if events.NewCallOffID(f.Of, f.ID) != c.id {
			return faultf(RuleFigures, "it begins the cancellation of %s %q", f.Of, f.ID)
		}
		c.begun = begun
		return nil
	case *events.CallOffSwept:
		if c.swept || f.Ended < 0 {
			return faultf(RuleCalledOff, "it was swept before: %t; %d are ended", c.swept, f.Ended)
		}
		c.swept = true
		if sweep := sweepChecks[c.begun.Of]; sweep != nil {
			return sweep(c.ledger, c.begun.ID, f.Ended)
		}
		return faultf(RuleKnown, "nothing of the category %q is cancelled", c.begun.Of)
	}
	return c.cursor.apply(e, fact)
}

// sweepChecks check that a completed cancellation covers all sales, by the category of the cancelled
// entity.
var sweepChecks = map[string]func(l *ledger, id string, ended int64) *fault{
	events.PerformanceCategory: (*ledger).sweptPerformance,
	events.ProductCategory:     (*ledger).sweptProduct,
	events.TournamentCategory:  (*ledger).sweptTournament,
}

// sweptPerformance checks that no booking made before the performance was cancelled is still held or
// booked. A server that did not know of the cancellation yet may have made bookings, or paid expired
// bookings late, after it; the sweep need not wait for those.
func (l *ledger) sweptPerformance(id string, ended int64) *fault {
	performance := l.performances[events.PerformanceID(id)]
	if performance == nil || performance.fence == 0 {
		return faultf(RuleCalledOff, "performance %q was not cancelled", id)
	}
	cancelled := int64(0)
	for _, b := range l.bookings {
		if b.row.performance != events.PerformanceID(id) || max(b.createdAt, b.retakenAt) > performance.fence {
			continue
		}
		if reason := l.pendingCancellation(b); reason != "" || b.row.refunding {
			return faultf(RuleCalledOff, "the booking %q, being refunded: %t, %s", b.id, b.row.refunding, reason)
		}
		if b.row.status == events.BookingIsCancelled {
			cancelled++
		}
	}
	if ended > cancelled {
		return faultf(RuleFigures, "%d bookings are ended, and it records %d", cancelled, ended)
	}
	return nil
}

// sweptProduct checks that no unit of a product is held or sold.
func (l *ledger) sweptProduct(id string, _ int64) *fault {
	p := l.products[events.ProductID(id)]
	if p == nil || !p.row.fence {
		return faultf(RuleCalledOff, "product %q was not cancelled", id)
	}
	if p.row.held != 0 || p.row.sold != 0 {
		return faultf(RuleCalledOff, "of product %q, %d are held and %d sold", id, p.row.held, p.row.sold)
	}
	return nil
}

// sweptTournament checks that a tournament was cancelled, which ends all entries by itself.
func (l *ledger) sweptTournament(id string, _ int64) *fault {
	if t := l.tournaments[events.TournamentID(id)]; t == nil || t.row.status != events.TournamentIsCancelled {
		return faultf(RuleCalledOff, "tournament %q was not cancelled", id)
	}
	return nil
}

// pendingCancellation describes a booking that its performance's cancellation must still end or refund, "" if
// there is nothing to do.
func (l *ledger) pendingCancellation(b *bookingCheck) string {
	performance := l.performances[b.row.performance]
	if performance == nil || performance.fence == 0 {
		return ""
	}
	switch b.row.status {
	case events.BookingIsHeld, events.BookingIsAwaiting, events.BookingIsPaying, events.BookingIsBooked:
		return fmt.Sprintf("is %s, and performance %s was cancelled", b.row.status, b.row.performance)
	case events.BookingIsReleased:
		if b.feesAfterCancellation > 0 {
			return fmt.Sprintf("has %d kept after the cancellation of performance %s", b.feesAfterCancellation, b.row.performance)
		}
	}
	return ""
}

// cancel applies the cancellation of a booking, and reports whether it is valid in the booking's state.
func (b *booking) cancel(f *events.BookingCancelled) bool {
	was, due := b.status, f.MadeUp
	switch was {
	case events.BookingIsBooked:
		price, _ := b.remainingPrice()
		due += price
	case events.BookingIsReleased, events.BookingIsHeld, events.BookingIsExpired:
	default:
		return false
	}
	valid := !b.refunding && !b.returning() && f.MadeUp >= 0 && f.MadeUp <= b.withheld &&
		(due > 0 || was != events.BookingIsReleased)
	b.status, b.refunds, b.feesRefunded = events.BookingIsCancelled, f.Amount, f.MadeUp
	b.refunding = was == events.BookingIsBooked || due > 0
	b.withheld -= f.MadeUp
	return valid && f.Was == was && f.Amount == due && (due == 0) == (f.PaymentID == "") &&
		(due == 0 || f.PaymentID == b.paymentID)
}

// countFees counts the fees withheld after the cancellation of the performance, until they are refunded.
func (c *bookingCheck) countFees(fact events.Fact) {
	performance := c.ledger.performances[c.row.performance]
	if performance == nil || performance.fence == 0 {
		return
	}
	switch f := fact.(type) {
	case *events.BookingReleased:
		c.feesAfterCancellation += f.Kept
	case *events.BookingSeatReturned:
		c.feesAfterCancellation += f.Kept
	case *events.BookingCancelled:
		c.feesAfterCancellation = 0
	}
}

// checkCancelled checks the cancellation of a booking against that of its performance.
func (c *bookingCheck) checkCancelled(f *events.BookingCancelled) *fault {
	performance := c.ledger.performances[c.row.performance]
	switch {
	case performance.fence == 0:
		return faultf(RuleCalledOff, "performance %q was not cancelled", c.row.performance)
	case f.MadeUp != c.feesAfterCancellation:
		return faultf(RuleCalledOff, "%d that were kept are refunded; %d were kept after the cancellation", f.MadeUp, c.feesAfterCancellation)
	}
	return nil
}

// checkCancellationRefund checks the amount refunded because of a cancellation against the booking.
func (c *bookingCheck) checkCancellationRefund() *fault {
	row := &c.row
	switch {
	case row.refunds == 0:
		return nil
	case row.payment != "":
		if p := c.ledger.payments[row.payment.Entity()]; p == nil || p.booked != 0 || p.kept != row.withheld {
			return faultf(RuleCalledOff, "the payment %s is neither refunded nor owed", row.payment)
		}
	default:
		if wallet := c.ledger.wallets[row.holder]; wallet == nil ||
			wallet.payments[row.paymentID].parts[events.CallOffRefund(row.paymentID)] != row.refunds {
			return faultf(RuleCalledOff, "%d of %q are not refunded", row.refunds, row.paymentID)
		}
	}
	return nil
}

// outcomeFeeOwed checks an owed fee against the booking.
func (c *paymentCheck) outcomeFeeOwed(f *events.PaymentMadeUp) *fault {
	b := c.ledger.bookings[c.received.BookingID]
	if f.Amount < 1 || f.Cause != events.OwedCancelled || b == nil || b.row.bookedBy != c.stream() ||
		b.row.status != events.BookingIsCancelled || b.row.feesRefunded != f.Amount {
		return faultf(RuleOutcome, "%d that were kept are owed as %q, and %s does not record this", f.Amount, f.Cause,
			c.received.Path())
	}
	return nil
}
