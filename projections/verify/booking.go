package verify

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"admitone/events"
)

// The rules of bookings, wallets and allowances, as they are printed.
const (
	RuleBooking  Rule = "a booking is held, paid once and released at most once, and each attempt has its own id"
	RulePayments Rule = "a payment is debited at most once and refunded at most once, from the wallet of the booking's holder"
	RuleMoney    Rule = "a wallet's balance is what was charged, minus debits, plus refunds, and is never negative"
)

// bookingCheck folds a booking and checks it against its seats and its payments.
//
// It does not require that every seat is held when the booking is recorded: an append may take so long that the
// holds of the seats expire first. Such a booking can't be paid.
type bookingCheck struct {
	ledger    *ledger
	id        events.BookingID
	row       booking
	closed    int64 // number of attempts closed before the booking was held
	saleOver  bool  // the last payment came after the end of the sale
	createdAt events.Position
	// retakenAt is the start of the last payment after its expiry, 0 for none.
	retakenAt events.Position
	// feesAfterCancellation is the sum of the fees withheld after the cancellation of the performance.
	feesAfterCancellation int64
}

func (c *bookingCheck) apply(e *events.Recorded, fact events.Fact, decided time.Time) *fault {
	if f, ok := fact.(*events.BookingAbandoned); ok {
		return c.abandoned(f)
	}
	made, isCreation := fact.(*events.BookingHeld)
	if isCreation != (c.row.id == "") {
		return faultf(RuleCreation, "a %s at revision %d", fact.Name(), e.Revision)
	}
	next := c.row
	if !next.evolve(fact) {
		return faultf(RuleBooking, "a %s while the booking is %q, attempt %d", fact.Name(), c.row.status, c.row.attempt)
	}
	var f *fault
	if isCreation {
		f = c.checkHeld(made, decided)
	} else {
		f = c.checkChange(fact, decided)
	}
	if f != nil {
		return f
	}
	if started, ok := fact.(*events.BookingPaymentStarted); ok && started.Was == events.BookingIsExpired {
		c.retakenAt = e.Position
	}
	c.row = next
	c.ledger.bookings[c.id] = c
	c.countFees(fact)
	if isCreation {
		c.createdAt = e.Position
		c.ledger.unconfirmed.confirm(c)
	}
	return nil
}

// abandoned checks that attempts are closed in order.
func (c *bookingCheck) abandoned(f *events.BookingAbandoned) *fault {
	switch {
	case c.row.id != "":
		return faultf(RuleBooking, "attempt %d is abandoned, and the booking is held under %d", f.Attempt, c.row.heldUnder)
	case f.BookingID != c.id || f.Attempt != c.closed+1:
		return faultf(RuleFigures, "it closes attempt %d of %q; %d are closed", f.Attempt, f.BookingID, c.closed)
	case c.ledger.performances[f.PerformanceID] == nil:
		return faultf(RuleLayout, "there is no performance %q", f.PerformanceID)
	}
	c.closed++
	return nil
}

func (c *bookingCheck) checkHeld(f *events.BookingHeld, decided time.Time) *fault {
	performance, sum := c.ledger.performances[f.PerformanceID], int64(0)
	if performance == nil {
		return faultf(RuleLayout, "there is no performance %q", f.PerformanceID)
	}
	saleTerms, fault := performance.checkAcquisition(f.SaleTerms, decided)
	if fault != nil {
		return fault
	}
	if fault := saleTerms.checkFrozen(f); fault != nil {
		return fault
	}
	seen := map[events.SeatName]bool{}
	for _, s := range f.Seats {
		if !saleTerms.sells(&s) || seen[s.Seat] {
			return faultf(RuleLayout, "the seat %q at %d for %q", s.Seat, s.Price, s.PriceType)
		}
		seen[s.Seat] = true
		sum += s.Price
		held := c.ledger.seats[events.OfPerformance(f.PerformanceID, string(s.Seat))]
		if id := events.NewHoldID(c.id, f.Attempt); held != nil && held.hold == id && held.label != "" && held.label != f.Label {
			return faultf(RuleLabel, "it names the label %q, and its seat %q is under %q", f.Label, s.Seat, held.label)
		}
	}
	places, fault := saleTerms.checkPlaces(f.Areas)
	if fault == nil {
		fault = c.ledger.checkLabels(f)
	}
	if fault != nil {
		return fault
	}
	sum += places
	switch {
	case f.BookingID != c.id || f.Attempt != c.closed+1 || len(f.Seats)+len(f.Areas) == 0 || sum != f.Amount:
		return faultf(RuleFigures, "it creates %q, attempt %d, of %d seats and %d places for %d; they cost %d", f.BookingID,
			f.Attempt, len(f.Seats), events.CountPlaces(f.Areas), f.Amount, sum)
	case decided.After(f.ExpiresAt):
		return faultf(RuleDeadlines, "created at %s, and held until %s", events.FormatTime(decided),
			events.FormatTime(f.ExpiresAt))
	}
	return nil
}

// checkChange checks a fact other than the first against the booking and the streams that it involves.
func (c *bookingCheck) checkChange(fact events.Fact, decided time.Time) *fault {
	row := &c.row
	switch f := fact.(type) {
	case *events.BookingExtended:
		if row.extended || !f.ExpiresAt.After(row.expiresAt) || f.ExpiresAt.After(row.extendableUntil) {
			return faultf(RuleStay, "extended from %s to %s; the end is %s, and it was before: %t",
				events.FormatTime(row.expiresAt), events.FormatTime(f.ExpiresAt), events.FormatTime(row.extendableUntil),
				row.extended)
		}
	case *events.BookingExpired:
		if !f.ExpiresAt.Equal(row.expiresAt) || !decided.After(row.expiresAt) {
			return faultf(RuleDeadlines, "held until %s; expired, as of %s, at %s", events.FormatTime(row.expiresAt),
				events.FormatTime(f.ExpiresAt), events.FormatTime(decided))
		}
	case *events.BookingPaymentStarted:
		attempt := row.attempt
		if f.Was == events.BookingIsExpired {
			attempt++
			_, fault := c.ledger.performances[row.performance].checkAcquisition(f.SaleTerms, decided)
			if c.saleOver = fault != nil; c.saleOver && f.Payment == "" {
				return fault
			}
		} else if f.SaleTerms != (events.SaleTerms{}) {
			return faultf(RuleTerms, "a payment in time names revision %d", f.Terms)
		} else if until := row.until(); decided.After(until) {
			return faultf(RuleDeadlines, "held until %s and paid in time at %s", events.FormatTime(until),
				events.FormatTime(decided))
		}
		if f.Attempt != attempt || f.Amount != row.amount {
			return faultf(RuleBooking, "attempt %d for %d; it should be %d for %d", f.Attempt, f.Amount, attempt, row.amount)
		}
	case *events.BookingRetaken:
		if c.saleOver {
			return faultf(RuleTerms, "an external payment takes seats again that are no longer on sale")
		}
	case *events.BookingIntentBegun:
		if decided.After(row.expiresAt) || f.ExpiresAt.After(decided.Add(maxIntent)) {
			return faultf(RuleStay, "held until %s, and waits from %s to %s", events.FormatTime(row.expiresAt),
				events.FormatTime(decided), events.FormatTime(f.ExpiresAt))
		}
	case *events.BookingIntentEnded:
		return c.intentEnded(f, decided)
	case *events.BookingBooked:
		return c.booked()
	case *events.BookingSeatReturned:
		return c.checkSeatReturned(f, decided)
	case *events.BookingSeatRefunded:
		return c.checkSeatRefunded(f)
	case *events.BookingReleased:
		return c.checkReleased(f, decided)
	case *events.BookingCancelled:
		return c.checkCancelled(f)
	case *events.BookingRefunded:
		if fault := c.checkRefunded(); fault != nil {
			return fault
		}
		if name := c.seat(func(s *seatCheck) bool {
			return s.status == events.SeatIsBooked &&
				s.hold == row.holdID()
		}); name != "" {
			return faultf(RuleBooked, "the seat %s is not released", name)
		}
		if id := c.findArea(func(a *areaCheck, _ int64) bool { return a.bookedPlaces(row.holdID()) > 0 }); id != "" {
			return faultf(RuleBooked, "the places of %s are not released", id)
		}
	}
	return nil
}

func (c *bookingCheck) booked() *fault {
	row := &c.row
	switch name := c.seat(func(s *seatCheck) bool {
		return s == nil || s.status != events.SeatIsBooked ||
			s.hold != row.holdID()
	}); {
	case name != "":
		return faultf(RuleBooked, "the seat %s is not booked under %q", name, row.holdID())
	case c.findArea(func(a *areaCheck, places int64) bool { return a.bookedPlaces(row.holdID()) != places }) != "":
		return faultf(RuleBooked, "not all its places are booked under %q", row.holdID())
	case !c.ledger.isPaid(row):
		return faultf(RuleBooked, "nothing is paid for %q", row.paymentID)
	case row.late && !row.retaken:
		return faultf(RuleBooking, "a late payment has not taken its seats again")
	}
	return nil
}

// seat returns the first seat of the booking for which match returns true, "" for none. The check of a seat without
// events is nil.
func (c *bookingCheck) seat(match func(*seatCheck) bool) events.SeatName {
	for _, s := range c.row.seats {
		if match(c.ledger.seats[events.OfPerformance(c.row.performance, string(s.Seat))]) {
			return s.Seat
		}
	}
	return ""
}

// walletCheck folds a wallet and its payments.
type walletCheck struct {
	ledger   *ledger
	holder   events.Holder
	money    Money
	payments map[events.HoldID]paid
}

// paid is the outcome of a payment id.
type paid struct {
	amount   int64
	closed   bool
	refunded int64
	parts    map[events.RefundID]int64 // partial refunds
}

func (c *walletCheck) apply(_ *events.Recorded, fact events.Fact, _ time.Time) *fault {
	next := c.money
	amount, balance, ok := next.add(fact)
	_, cancelled := fact.(*events.WalletCancelled)
	switch {
	case !ok:
		return faultf(RuleKnown, "a %s in a wallet's stream", fact.Name())
	case next.Balance != balance || next.Balance < 0 || amount < 1 && !cancelled:
		return faultf(RuleMoney, "a %s of %d that records a balance of %d; the balance was %d", fact.Name(), amount, balance,
			c.money.Balance)
	}
	c.money = next
	switch f := fact.(type) {
	case *events.WalletDebited:
		return c.debited(f)
	case *events.WalletRefunded:
		return c.refunded(f)
	case *events.WalletCancelled:
		if _, known := c.payments[f.PaymentID]; known {
			return faultf(RulePayments, "%q is cancelled, and it was debited or closed before", f.PaymentID)
		}
		c.payments[f.PaymentID] = paid{closed: true}
	}
	return nil
}

func (c *walletCheck) debited(f *events.WalletDebited) *fault {
	id, attempt, ok := events.CutHoldID(events.HoldOfPayment(f.PaymentID))
	booking := c.ledger.bookings[id]
	_, known := c.payments[f.PaymentID]
	switch {
	case known:
		return faultf(RulePayments, "%q was debited or closed before", f.PaymentID)
	case !ok || id != f.BookingID || booking == nil || attempt > booking.row.attempt:
		return faultf(RulePayments, "%q is not a payment of the booking %q", f.PaymentID, f.BookingID)
	case booking.row.holder != c.holder || booking.row.amount != f.Amount:
		return faultf(RulePayments, "%q costs %q %d, and is debited with %d", id, booking.row.holder, booking.row.amount,
			f.Amount)
	}
	c.payments[f.PaymentID] = paid{amount: f.Amount}
	return nil
}

// Money returns the totals of all wallets.
func (v *Verifier) Money() (sum Money) {
	for _, c := range v.ledger.wallets {
		sum.Charged += c.money.Charged
		sum.Debited += c.money.Debited
		sum.Refunded += c.money.Refunded
		sum.Balance += c.money.Balance
	}
	return sum
}

// Open describes the work that the events so far leave unfinished: payments in progress, incomplete refunds, debits
// that paid for nothing, booked seats without a booking, teams that must be promoted. The log of an idle system has
// none.
func (v *Verifier) Open() (open []string) {
	l := v.ledger
	for _, id := range slices.Sorted(maps.Keys(l.bookings)) {
		if b := &l.bookings[id].row; b.status == events.BookingIsPaying || b.refunding || b.returning() {
			open = append(open, fmt.Sprintf("the booking %s is %s, being refunded: %t", id, b.status,
				b.refunding || b.returning()))
		} else if reason := l.pendingCancellation(l.bookings[id]); reason != "" {
			open = append(open, fmt.Sprintf("the booking %s %s", id, reason))
		}
	}
	for _, holder := range slices.Sorted(maps.Keys(l.wallets)) {
		for _, payment := range slices.Sorted(maps.Keys(l.wallets[holder].payments)) {
			p := l.wallets[holder].payments[payment]
			if !p.closed && !l.isUsed(payment) && !l.isFee(payment, &p) {
				open = append(open, fmt.Sprintf("the payment %s of %q is debited, and nothing is booked for it", payment, holder))
			}
		}
	}
	for _, id := range slices.Sorted(maps.Keys(l.seats)) {
		if s := l.seats[id]; s.status == events.SeatIsBooked && !l.isInUse(s.hold) {
			open = append(open, fmt.Sprintf("the seat %s is booked under %s, whose booking is not booked", id, s.hold))
		}
	}
	if id, teams := l.unpromoted(); id != "" {
		open = append(open, fmt.Sprintf("%q can be promoted in the tournament %s, and were not", teams, id))
	}
	return append(append(open, l.openAreas()...), l.openExternal()...)
}

// isUsed reports whether a booking is booked, or about to be booked, by a payment of a wallet.
func (l *ledger) isUsed(payment events.HoldID) bool {
	hold := events.HoldOfPayment(payment)
	id, _, _ := events.CutHoldID(hold)
	return l.isInUse(hold) && l.bookings[id].row.paymentID == payment && l.bookings[id].row.payment == ""
}

// isInUse reports whether a booking is booked, or about to be booked, under a hold.
func (l *ledger) isInUse(hold events.HoldID) bool {
	id, _, _ := events.CutHoldID(hold)
	b := l.bookings[id]
	return b != nil && b.row.holdID() == hold &&
		(b.row.status == events.BookingIsBooked || b.row.status == events.BookingIsPaying || b.row.refunding)
}
