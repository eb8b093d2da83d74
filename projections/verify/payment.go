package verify

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"admitone/events"
)

// The rules for external payments, as they are printed.
const (
	RuleExternal  Rule = "each part of an external payment is open, booked, kept, refunded or owed"
	RuleReference Rule = "a provider's reference identifies one payment for one purchase, or settles one refund"
	RuleOutcome   Rule = "an external payment is booked or owed as the stream of its purchase records"
)

func init() {
	ledgerChecks[events.PaymentCategory] = func(l *ledger, id string) check {
		c := &paymentCheck{ledger: l, id: id, refunds: map[events.RefundID]*refund{}}
		l.payments[id] = c
		return c
	}
	ledgerChecks[events.SettlementCategory] = func(l *ledger, id string) check {
		return &settlementCheck{ledger: l, id: id}
	}
	ledgerChecks[events.SettingsCategory] = func(l *ledger, _ string) check {
		return &settingsCheck{ledger: l, keys: map[string]bool{}}
	}
}

// paymentCheck folds an external payment, and checks it against the purchase that it pays for.
type paymentCheck struct {
	ledger                             *ledger
	id                                 string // the entity part of the stream's name
	received                           events.PaymentReceived
	open, booked, kept, refunded, owed int64
	refunds                            map[events.RefundID]*refund
}

// refund is an amount owed because of one fact, 0 if the price was withheld in full.
type refund struct {
	amount    int64
	reference string // under which the refund is settled, "" while it is owed
	// requested means that the provider was asked for the refund, failed that the refund failed or was reversed.
	requested, failed bool
	reversed          map[string]bool // the references of reversed refunds
}

func (c *paymentCheck) stream() events.StreamID {
	return events.NewStreamID(events.PaymentCategory, c.id)
}

func (c *paymentCheck) apply(e *events.Recorded, fact events.Fact, _ time.Time) *fault {
	received, isCreation := fact.(*events.PaymentReceived)
	if isCreation != (e.Revision == 0) {
		return faultf(RuleCreation, "a %s at revision %d", fact.Name(), e.Revision)
	}
	var f *fault
	switch fact := fact.(type) {
	case *events.PaymentReceived:
		f = c.receive(received)
	case *events.PaymentBooked:
		c.open, c.booked = c.open-fact.Amount, c.booked+fact.Amount
		f = c.outcomeBooked(fact)
	case *events.PaymentOwed:
		c.open, c.owed = c.open-fact.Amount, c.owed+fact.Amount
		if f = c.outcomeOwed(fact); f == nil {
			f = c.owe(fact.RefundID, fact.Amount)
		}
	case *events.PaymentReturned:
		c.booked, c.owed, c.kept = c.booked-fact.Amount-fact.Kept, c.owed+fact.Amount, c.kept+fact.Kept
		if f = c.outcomeReturned(fact); f == nil {
			f = c.owe(fact.RefundID, fact.Amount)
		}
	case *events.PaymentMadeUp:
		c.kept, c.owed = c.kept-fact.Amount, c.owed+fact.Amount
		if f = c.outcomeFeeOwed(fact); f == nil {
			f = c.owe(fact.RefundID, fact.Amount)
		}
	case *events.PaymentRefunded:
		c.owed, c.refunded = c.owed-fact.Amount, c.refunded+fact.Amount
		f = c.settle(fact)
	default:
		f = c.checkRefundRequest(fact)
	}
	if f != nil {
		return f
	}
	if min(c.open, c.booked, c.kept, c.refunded, c.owed) < 0 ||
		c.received.Amount != c.open+c.booked+c.kept+c.refunded+c.owed {
		return faultf(RuleExternal, "of %d, %d are open, %d booked, %d kept, %d refunded and %d owed", c.received.Amount,
			c.open, c.booked, c.kept, c.refunded, c.owed)
	}
	return nil
}

func (c *paymentCheck) receive(f *events.PaymentReceived) *fault {
	price, known := c.price(f.PaymentSubject)
	switch {
	case f.Amount < 1 || events.PaymentStream(f.Provider, f.Reference) != c.stream():
		return faultf(RuleReference, "%d under the reference %q of %q", f.Amount, f.Reference, f.Provider)
	case !known || f.Expected != price || f.ExpectedCurrency != c.ledger.currency:
		return faultf(RuleExternal, "%s is expected to cost %d %s; in the log it costs %d %s, and exists: %t", f.Path(), f.Expected,
			f.ExpectedCurrency, price, c.ledger.currency, known)
	}
	c.received, c.open = *f, f.Amount
	return nil
}

// price returns the price of a purchase, as of its hold, and whether the purchase exists.
func (c *paymentCheck) price(of events.PaymentSubject) (amount int64, ok bool) {
	if b := c.ledger.bookings[of.BookingID]; b != nil {
		return b.row.amount, true
	}
	if p := c.ledger.products[of.ProductID]; p != nil && of.BookingID == "" {
		return p.cost(of.ReservationID)
	}
	return 0, false
}

func (c *paymentCheck) outcomeBooked(f *events.PaymentBooked) *fault {
	if c.received.ProductID != "" {
		if m := c.reservation(); c.received.Wrong() || f.Amount != c.received.Amount || m == nil || m.paidBy != c.stream() ||
			f.PaymentID != "" {
			return faultf(RuleOutcome, "%d are booked, and %s is not paid by that", f.Amount, c.received.Path())
		}
		return nil
	}
	b := c.ledger.bookings[c.received.BookingID]
	if c.received.Wrong() || f.Amount != c.received.Amount || b == nil || b.row.bookedBy != c.stream() ||
		b.row.paymentID != f.PaymentID {
		return faultf(RuleOutcome, "%d are booked as %q, and %s is not paid by that", f.Amount, f.PaymentID,
			c.received.Path())
	}
	return nil
}

func (c *paymentCheck) outcomeOwed(f *events.PaymentOwed) *fault {
	valid, b := false, c.ledger.bookings[c.received.BookingID]
	switch {
	case f.Cause == events.OwedWrongSum:
		valid = c.received.Wrong()
	case c.received.ProductID != "":
		valid = !c.received.Wrong() && c.reservationOwed(f.Cause)
	case c.received.Wrong() || b == nil || b.row.bookedBy == c.stream():
	case f.Cause == events.OwedLate:
		valid = b.row.failed[c.stream()]
	case f.Cause == events.OwedCancelled:
		valid = b.row.status == events.BookingIsCancelled
	case f.Cause == events.OwedReleased:
		valid = b.row.status == events.BookingIsReleased
	case f.Cause == events.OwedAlreadyPaid:
		valid = b.row.paid
	}
	if !valid {
		return faultf(RuleOutcome, "%d are owed as %q, and %s does not record this", f.Amount, f.Cause, c.received.Path())
	}
	return nil
}

func (c *paymentCheck) outcomeReturned(f *events.PaymentReturned) *fault {
	b := c.ledger.bookings[c.received.BookingID]
	owed, kept, is := int64(0), int64(0), false
	cause := events.OwedReleased
	if m := c.reservation(); m != nil && m.cancelled {
		cause = events.OwedCancelled
	}
	if m := c.reservation(); m != nil && m.released && m.paidBy == c.stream() &&
		f.RefundID == events.NewRefundID(c.stream(), cause, "") {
		owed, kept, is = m.cost-m.kept, m.kept, true
	}
	if b != nil && b.row.bookedBy == c.stream() {
		owed, kept, is = b.row.returnOf(c.stream(), f.RefundID)
	}
	if !is || f.Amount != owed || f.Kept != kept {
		return faultf(RuleOutcome, "%d are returned as %q, and %s does not record this", f.Amount, f.Cause, c.received.Path())
	}
	return nil
}

func (c *paymentCheck) owe(id events.RefundID, amount int64) *fault {
	if id == "" || c.refunds[id] != nil || c.ledger.refunds[id] != nil {
		return faultf(RuleExternal, "the refund %q is owed a second time", id)
	}
	c.refunds[id] = &refund{amount: amount}
	c.ledger.refunds[id] = c
	return nil
}

func (c *paymentCheck) settle(f *events.PaymentRefunded) *fault {
	r := c.refunds[f.RefundID]
	switch {
	case r == nil || r.reference != "" || r.amount != f.Amount || f.Amount < 1:
		return faultf(RuleExternal, "%d are refunded for %q, and are not owed", f.Amount, f.RefundID)
	case c.ledger.settlements[events.SettlementStream(c.received.Provider, f.Reference)] != f.RefundID:
		return faultf(RuleReference, "the reference %q does not count for the refund %q", f.Reference, f.RefundID)
	case r.reversed[f.Reference]:
		return faultf(RuleReference, "the refund %q is settled under %q, which was reversed", f.RefundID, f.Reference)
	}
	r.reference, r.requested, r.failed = f.Reference, false, false
	return nil
}

// checkRefundRequest checks the requests to the provider for refunds, and their failures.
func (c *paymentCheck) checkRefundRequest(fact events.Fact) *fault {
	switch f := fact.(type) {
	case *events.PaymentRefundAsked:
		r := c.refunds[f.RefundID]
		if r == nil || r.amount < 1 || r.reference != "" || r.requested || r.failed {
			return faultf(RuleExternal, "the refund %q is requested from the provider, and can't be", f.RefundID)
		}
		r.requested = true
	case *events.PaymentRefundFailed:
		r := c.refunds[f.RefundID]
		if r == nil || f.Failure == "" || r.reference == "" && (f.Amount != 0 || !r.requested) ||
			r.reference != "" && (f.Amount != r.amount || f.Reference != r.reference) {
			return faultf(RuleExternal, "the refund %q fails under %q with %d", f.RefundID, f.Reference, f.Amount)
		}
		c.owed, c.refunded = c.owed+f.Amount, c.refunded-f.Amount
		r.reference, r.requested, r.failed = "", false, true
		if f.Reference != "" {
			if r.reversed == nil {
				r.reversed = map[string]bool{}
			}
			r.reversed[f.Reference] = true
		}
	default:
		return faultf(RuleKnown, "a %s in a payment's stream", fact.Name())
	}
	return nil
}

// settlementCheck checks the assignment of a reference to a refund.
type settlementCheck struct {
	ledger *ledger
	id     string
}

func (c *settlementCheck) apply(e *events.Recorded, fact events.Fact, _ time.Time) *fault {
	f, ok := fact.(*events.SettlementClaimed)
	if !ok || e.Revision != 0 {
		return faultf(RuleCreation, "a %s at revision %d", fact.Name(), e.Revision)
	}
	stream := events.NewStreamID(events.SettlementCategory, c.id)
	of := c.ledger.refunds[f.RefundID]
	if events.SettlementStream(f.Provider, f.Reference) != stream || of == nil || of.received.Provider != f.Provider {
		return faultf(RuleReference, "the reference %q of %q settles %q", f.Reference, f.Provider, f.RefundID)
	}
	c.ledger.settlements[stream] = f.RefundID
	return nil
}

// isPaidExternally reports whether an external payment covers a booking: it is already applied to the booking, or
// still open.
func (l *ledger) isPaidExternally(stream events.StreamID, b *booking) bool {
	p := l.payments[stream.Entity()]
	return p != nil && p.received.BookingID == b.id && !p.received.Wrong() && p.received.Amount == b.amount &&
		(p.open == b.amount || p.booked > 0)
}

// openExternal describes external payments that are neither applied nor owed, or are applied to nothing.
func (l *ledger) openExternal() (open []string) {
	for _, id := range slices.Sorted(maps.Keys(l.payments)) {
		p := l.payments[id]
		if p.open > 0 {
			open = append(open, fmt.Sprintf("of the payment %s, %d are neither applied nor owed", id, p.open))
		}
		if m := p.reservation(); p.booked > 0 && m != nil && (m.paidBy != p.stream() || m.released) {
			open = append(open, fmt.Sprintf("%d of the payment %s are booked, and what it has paid for is released", p.booked, id))
		}
		if b := l.bookings[p.received.BookingID]; p.booked > 0 && b != nil &&
			(b.row.bookedBy != p.stream() || b.row.status != events.BookingIsBooked && !b.row.refunding) {
			open = append(open, fmt.Sprintf("%d of the payment %s are booked, and nothing is booked for it", p.booked, id))
		}
	}
	return open
}
