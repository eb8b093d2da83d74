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
	RuleBooking  Rule = "a booking is held, paid once and released at most once, each attempt under an id of its own"
	RulePayments Rule = "a payment is debited at most once and refunded at most once, from the wallet of the booking's holder"
	RuleMoney    Rule = "a wallet has what was charged less what was debited plus what was refunded, and never less than nothing"
)

// bookingCheck folds a booking and holds it to its seats and to its money.
//
// It does not ask that every seat is held at the moment when the booking says so: an
// append may take longer than the seats' grace. Such a booking can't be paid.
type bookingCheck struct {
	ledger *ledger
	id     events.BookingID
	row    booking
	closed int64 // attempts, in their order, before it was held
	barred bool  // the last payment came when nothing could be had any more
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
		f = c.made(made, decided)
	} else {
		f = c.goesOn(fact, decided)
	}
	if f != nil {
		return f
	}
	c.row = next
	c.ledger.bookings[c.id] = c
	if isCreation {
		c.ledger.begun.become(c)
	}
	return nil
}

// abandoned holds the closing of an attempt to its order.
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

func (c *bookingCheck) made(f *events.BookingHeld, decided time.Time) *fault {
	show, sum := c.ledger.performances[f.PerformanceID], int64(0)
	if show == nil {
		return faultf(RuleLayout, "there is no performance %q", f.PerformanceID)
	}
	on, fault := show.acquires(f.SaleTerms, decided)
	if fault != nil {
		return fault
	}
	if fault := on.checkFrozen(f); fault != nil {
		return fault
	}
	seen := map[events.SeatName]bool{}
	for _, s := range f.Seats {
		if price, ok := on.price(s.Seat); !ok || s.Price != price || seen[s.Seat] {
			return faultf(RuleLayout, "the seat %q at %d", s.Seat, s.Price)
		}
		seen[s.Seat] = true
		sum += s.Price
	}
	switch {
	case f.BookingID != c.id || f.Attempt != c.closed+1 || len(f.Seats) == 0 || sum != f.Amount:
		return faultf(RuleFigures, "it makes %q, attempt %d, of %d seats for %d; they cost %d", f.BookingID, f.Attempt,
			len(f.Seats), f.Amount, sum)
	case decided.After(f.ExpiresAt):
		return faultf(RuleDeadlines, "made at %s, and held until %s", events.FormatTime(decided),
			events.FormatTime(f.ExpiresAt))
	}
	return nil
}

// goesOn holds a later fact to what is known of the booking and of all around it.
func (c *bookingCheck) goesOn(fact events.Fact, decided time.Time) *fault {
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
			_, fault := c.ledger.performances[row.performance].acquires(f.SaleTerms, decided)
			if c.barred = fault != nil; c.barred && f.Payment == "" {
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
		if c.barred {
			return faultf(RuleTerms, "money from outside takes seats again that could not be had any more")
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
	case *events.BookingReleased:
		return c.checkReleased(f, decided)
	case *events.BookingRefunded:
		if fault := c.checkRefunded(); fault != nil {
			return fault
		}
		if name := c.seat(func(s *seatCheck) bool {
			return s.status == events.SeatIsBooked &&
				s.hold == row.holdID()
		}); name != "" {
			return faultf(RuleBooked, "the seat %s is not given back", name)
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
	case !c.ledger.isPaid(row):
		return faultf(RuleBooked, "nothing is paid for %q", row.paymentID)
	case row.late && !row.retaken:
		return faultf(RuleBooking, "a late payment has not taken its seats again")
	}
	return nil
}

// seat returns the first seat of the booking of which something is true, "" if there
// is none. A seat that nobody has touched is nil.
func (c *bookingCheck) seat(is func(*seatCheck) bool) events.SeatName {
	for _, s := range c.row.seats {
		if is(c.ledger.seats[events.OfPerformance(c.row.performance, string(s.Seat))]) {
			return s.Seat
		}
	}
	return ""
}

// walletCheck folds a wallet with each of its payments.
type walletCheck struct {
	ledger   *ledger
	holder   events.Holder
	money    Money
	payments map[events.HoldID]paid
}

// paid is what became of a payment id.
type paid struct {
	amount   int64
	closed   bool
	refunded int64
	parts    map[events.RefundID]int64 // refunds of parts of it
}

func (c *walletCheck) apply(_ *events.Recorded, fact events.Fact, _ time.Time) *fault {
	next := c.money
	amount, balance, ok := next.add(fact)
	_, cancelled := fact.(*events.WalletCancelled)
	switch {
	case !ok:
		return faultf(RuleKnown, "a %s in a wallet's stream", fact.Name())
	case next.Balance != balance || next.Balance < 0 || amount < 1 && !cancelled:
		return faultf(RuleMoney, "a %s of %d that says %d are left; there were %d", fact.Name(), amount, balance,
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
		return faultf(RulePayments, "%q is no payment of the booking %q", f.PaymentID, f.BookingID)
	case booking.row.holder != c.holder || booking.row.amount != f.Amount:
		return faultf(RulePayments, "%q costs %q %d, and is debited with %d", id, booking.row.holder, booking.row.amount,
			f.Amount)
	}
	c.payments[f.PaymentID] = paid{amount: f.Amount}
	return nil
}

// allowanceCheck folds an allowance and holds it to the performance's limit.
type allowanceCheck struct {
	ledger *ledger
	id     string
	parts  map[events.HoldID]part
	taken  int64
}

// part is what one hold has taken, until a deadline or, if that is zero, for good.
type part struct {
	seats int64
	until time.Time
}

func (c *allowanceCheck) apply(_ *events.Recorded, fact events.Fact, decided time.Time) *fault {
	switch f := fact.(type) {
	case *events.AllowanceTaken:
		return c.checkTaken(f)
	case *events.AllowanceExtended:
		p := c.parts[f.HoldID]
		if p.until.IsZero() || !f.ExpiresAt.After(p.until) {
			return faultf(RuleOwner, "%q has nothing that ends before %s", f.HoldID, events.FormatTime(f.ExpiresAt))
		}
		c.parts[f.HoldID] = part{p.seats, f.ExpiresAt}
	case *events.AllowanceKept:
		p := c.parts[f.HoldID]
		switch {
		case p.until.IsZero() || p.seats != f.Seats || f.Taken != c.taken:
			return faultf(RuleFigures, "%q keeps %d of %d; it has %d of %d, until %s", f.HoldID, f.Seats, f.Taken, p.seats,
				c.taken, events.FormatTime(p.until))
		case decided.After(p.until):
			return faultf(RuleDeadlines, "taken until %s and kept at %s", events.FormatTime(p.until), events.FormatTime(decided))
		}
		c.parts[f.HoldID] = part{seats: p.seats}
	case *events.AllowanceReleased:
		return c.checkReleased(f.HoldID, f.Seats, f.Taken, f.Was == events.AllowanceIsHeld)
	case *events.AllowanceExpired:
		if until := c.parts[f.HoldID].until; !f.ExpiresAt.Equal(until) || !decided.After(until) {
			return faultf(RuleDeadlines, "taken until %s; expired, as of %s, at %s", events.FormatTime(until),
				events.FormatTime(f.ExpiresAt), events.FormatTime(decided))
		}
		return c.checkReleased(f.HoldID, f.Seats, f.Taken, true)
	default:
		return faultf(RuleKnown, "a %s in an allowance's stream", fact.Name())
	}
	return nil
}

func (c *allowanceCheck) checkTaken(f *events.AllowanceTaken) *fault {
	id, _ := events.CutPerformance(c.id)
	show := c.ledger.performances[id]
	if show == nil {
		return faultf(RuleLayout, "there is no performance %q", id)
	}
	on, fault := show.on(f.Terms)
	if fault != nil {
		return fault
	}
	_, known := c.parts[f.HoldID]
	switch {
	case on.limit == 0:
		return faultf(RuleLimit, "performance %q has no limit", id)
	case known || f.Seats < 1 || f.Taken != c.taken+f.Seats:
		return faultf(RuleFigures, "%q takes %d, which makes %d; there were %d, its own: %t", f.HoldID, f.Seats, f.Taken,
			c.taken, known)
	case f.Taken > on.limit:
		return faultf(RuleLimit, "%d seats are taken; the limit is %d", f.Taken, on.limit)
	}
	c.parts[f.HoldID], c.taken = part{f.Seats, f.ExpiresAt}, f.Taken
	return nil
}

func (c *allowanceCheck) checkReleased(hold events.HoldID, seats, taken int64, held bool) *fault {
	p, known := c.parts[hold]
	if !known || p.seats != seats || c.taken-seats != taken || held == p.until.IsZero() {
		return faultf(RuleFigures, "%q gives back %d and leaves %d; it has %d of %d, with a deadline: %t", hold, seats,
			taken, p.seats, c.taken, !p.until.IsZero())
	}
	delete(c.parts, hold)
	c.taken = taken
	return nil
}

// Money adds up all wallets.
func (v *Verifier) Money() (sum Money) {
	for _, c := range v.ledger.wallets {
		sum.Charged += c.money.Charged
		sum.Debited += c.money.Debited
		sum.Refunded += c.money.Refunded
		sum.Balance += c.money.Balance
	}
	return sum
}

// Open says what the events seen so far leave open, in words: payments under way,
// refunds that are not finished, money that was debited and paid for nothing, booked
// seats without a booking. At the end of a log in which nothing is under way there is
// none of it.
func (v *Verifier) Open() (open []string) {
	l := v.ledger
	for _, id := range slices.Sorted(maps.Keys(l.bookings)) {
		if b := &l.bookings[id].row; b.status == events.BookingIsPaying || b.refunding {
			open = append(open, fmt.Sprintf("the booking %s is %s, being refunded: %t", id, b.status, b.refunding))
		}
	}
	for _, holder := range slices.Sorted(maps.Keys(l.wallets)) {
		for _, payment := range slices.Sorted(maps.Keys(l.wallets[holder].payments)) {
			p := l.wallets[holder].payments[payment]
			if !p.closed && !l.pays(payment) && !l.keeps(payment, &p) {
				open = append(open, fmt.Sprintf("the payment %s of %q is debited, and nothing is booked for it", payment, holder))
			}
		}
	}
	for _, id := range slices.Sorted(maps.Keys(l.seats)) {
		if s := l.seats[id]; s.status == events.SeatIsBooked && !l.holds(s.hold) {
			open = append(open, fmt.Sprintf("the seat %s is booked under %s, and that booking is not", id, s.hold))
		}
	}
	return append(open, l.openOutside()...)
}

// pays reports whether a booking is booked, or about to be, by a payment of a wallet.
func (l *ledger) pays(payment events.HoldID) bool {
	hold := events.HoldOfPayment(payment)
	id, _, _ := events.CutHoldID(hold)
	return l.holds(hold) && l.bookings[id].row.paymentID == payment && l.bookings[id].row.payment == ""
}

// holds reports whether a booking is booked, or about to be, under a hold.
func (l *ledger) holds(hold events.HoldID) bool {
	id, _, _ := events.CutHoldID(hold)
	b := l.bookings[id]
	return b != nil && b.row.holdID() == hold &&
		(b.row.status == events.BookingIsBooked || b.row.status == events.BookingIsPaying || b.row.refunding)
}
