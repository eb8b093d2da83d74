package verify

import (
	"slices"
	"time"

	"admitone/events"
)

// The rules of performances and their seats, as they are printed.
const (
	RuleLayout Rule = "every seat belongs to its performance's layout, and has its price there"
	RuleOwner  Rule = "a seat has one owner at a time, and every fact about a hold carries its id"
	RuleStay   Rule = "a holder keeps a seat unpaid for at most twice the duration of a hold"
	RuleLabel  Rule = "a blocked seat is held only under its label, and is blocked under it again when it is released"
	RuleBooked Rule = "a seat is booked only for a booking whose payment is debited, and a booked booking has all its seats"
)

// seatGrace is the time by which the hold of a seat outlasts that of its booking, and the duration of a hold
// for a late payment.
const seatGrace = 30 * time.Second

// ledger has the checks of streams that are checked against one another, by id.
type ledger struct {
	performances map[events.PerformanceID]*performanceCheck
	seats        map[string]*seatCheck
	bookings     map[events.BookingID]*bookingCheck
	wallets      map[events.Holder]*walletCheck
	allowances   map[string]*allowanceCheck
	areas        map[string]*areaCheck
	unconfirmed  unconfirmedHolds
	payments     map[string]*paymentCheck
	refunds      map[events.RefundID]*paymentCheck // including refunds withheld in full
	settlements  map[events.StreamID]events.RefundID
	currency     string // of all amounts, "" if none was named
	halls        map[events.PlanID]*events.Hall
	products     map[events.ProductID]*productCheck
	tournaments  map[events.TournamentID]*tournamentCheck
}

func newLedger() *ledger {
	return &ledger{
		map[events.PerformanceID]*performanceCheck{},
		map[string]*seatCheck{},
		map[events.BookingID]*bookingCheck{},
		map[events.Holder]*walletCheck{},
		map[string]*allowanceCheck{},
		map[string]*areaCheck{},
		newUnconfirmedHolds(),
		map[string]*paymentCheck{},
		map[events.RefundID]*paymentCheck{},
		map[events.StreamID]events.RefundID{},
		"",
		map[events.PlanID]*events.Hall{},
		map[events.ProductID]*productCheck{},
		map[events.TournamentID]*tournamentCheck{},
	}
}

// ledgerChecks has the constructors of checks that use the ledger, by category of the stream.
var ledgerChecks = map[string]func(l *ledger, id string) check{
	events.PerformanceCategory: func(l *ledger, id string) check {
		return &performanceCheck{ledger: l, id: events.PerformanceID(id)}
	},
	events.SeatCategory: func(l *ledger, id string) check {
		c := &seatCheck{ledger: l, id: id, status: events.SeatIsFree}
		l.seats[id] = c
		return c
	},
	events.BookingCategory: func(l *ledger, id string) check { return &bookingCheck{ledger: l, id: events.BookingID(id)} },
	events.WalletCategory: func(l *ledger, id string) check {
		c := &walletCheck{ledger: l, holder: events.Holder(id), payments: map[events.HoldID]paid{}}
		l.wallets[events.Holder(id)] = c
		return c
	},
	events.AllowanceCategory: func(l *ledger, id string) check {
		c := &allowanceCheck{ledger: l, id: id, parts: map[events.HoldID]part{}}
		l.allowances[id] = c
		return c
	},
	events.AreaCategory: func(l *ledger, id string) check {
		c := &areaCheck{ledger: l, id: id, holds: map[events.HoldID]*areaHold{}, labels: map[events.BlockLabel]int64{}}
		l.areas[id] = c
		return c
	},
}

// seatCheck folds a seat independently of the views, and checks it against its booking.
type seatCheck struct {
	ledger    *ledger
	id        string // of the stream
	status    events.SeatStatus
	hold      events.HoldID // that has the seat, "" if none
	holder    events.Holder // the current or last holder
	until     time.Time
	stayBegan time.Time // when the holder's stay began
	freed     time.Time // when the stay ended, if it did
	terms     *terms    // that the last hold names
	label     events.BlockLabel
}

func (c *seatCheck) apply(e *events.Recorded, fact events.Fact, decided time.Time) *fault {
	from, to, ok := seatStep(fact)
	if !ok {
		return faultf(RuleKnown, "a %s in a seat's stream", fact.Name())
	}
	id, name := events.CutPerformance(c.id)
	performance := c.ledger.performances[id]
	if performance == nil {
		return faultf(RuleLayout, "there is no performance %q", id)
	}
	switch _, ok := performance.latest.layout.Find(events.SeatName(name)); {
	case !ok:
		return faultf(RuleLayout, "performance %q has no seat %q", id, name)
	case c.status != from:
		return faultf(RuleOwner, "a %s while the seat is %s under %q", fact.Name(), c.status, c.hold)
	case from != events.SeatIsFree && from != events.SeatIsBlocked && c.hold != events.HoldOf(fact):
		return faultf(RuleOwner, "it is about the hold %q, and %q has the seat", events.HoldOf(fact), c.hold)
	}
	if label, names := labelOf(fact); names && label != c.label {
		return faultf(RuleLabel, "a %s under the label %q of a seat under %q", fact.Name(), label, c.label)
	}
	switch f := fact.(type) {
	case *events.SeatHeld:
		if fault := c.held(performance, f, events.SeatName(name), decided); fault != nil {
			return fault
		}
		if f.Attempt != 0 { // older holds have no attempt number
			c.ledger.addUnconfirmed(e, unconfirmedKey{c, f.HoldID})
		}
	case *events.SeatExtended:
		return c.extended(f)
	case *events.SeatBooked:
		return c.booked(events.SeatName(name), f, decided)
	case *events.SeatReleased:
		return c.released(f)
	case *events.SeatExpired:
		switch {
		case f.Holder != c.holder || !f.ExpiresAt.Equal(c.until):
			return faultf(RuleFigures, "it records that %q had it until %s; %q had, until %s", f.Holder,
				events.FormatTime(f.ExpiresAt), c.holder, events.FormatTime(c.until))
		case !decided.After(c.until):
			return faultf(RuleDeadlines, "held until %s and expired at %s", events.FormatTime(c.until),
				events.FormatTime(decided))
		}
		c.free(c.until)
	case *events.SeatBlocked:
		if f.Change != 0 {
			if fault := performance.blocks.blocked(events.SeatName(name), f); fault != nil {
				return fault
			}
		}
		c.status, c.label = to, f.Label
	default: // no longer blocked
		c.status, c.label = to, ""
	}
	return nil
}

// name returns the name of the seat in its performance.
func (c *seatCheck) name() events.SeatName {
	_, name := events.CutPerformance(c.id)
	return events.SeatName(name)
}

// free ends the hold of the seat at a time.
func (c *seatCheck) free(at time.Time) {
	c.ledger.unconfirmed.remove(unconfirmedKey{c, c.hold})
	c.status, c.hold, c.freed = unheld(c.label), "", at
}

// longest returns the latest time until which the holder may keep the seat, by the terms of the hold or
// the booking: those of the booking may be longer if the hold was made by an earlier run.
func (c *seatCheck) longest() time.Time {
	holdFor := c.terms.holdFor
	id, _, _ := events.CutHoldID(c.hold)
	if b := c.ledger.bookings[id]; b != nil {
		holdFor = max(holdFor, c.ledger.terms(&b.row).holdFor)
	}
	return c.stayBegan.Add(2*holdFor + seatGrace)
}

func (c *seatCheck) held(performance *performanceCheck, f *events.SeatHeld, name events.SeatName,
	decided time.Time) *fault {
	saleTerms, fault := performance.findTerms(f.Terms)
	if fault != nil {
		return fault
	}
	priced := saleTerms.costs(name, f.Price)
	booking, attempt, ok := events.CutHoldID(f.HoldID)
	known := c.ledger.bookings[booking]
	late := known != nil && attempt > known.row.heldUnder
	if late {
		priced = f.Price == known.row.price(name)
	}
	switch {
	case !ok || f.BookingID != booking:
		return faultf(RuleOwner, "the hold %q is not one of the booking %q", f.HoldID, f.BookingID)
	case f.Attempt != 0 && f.Attempt != attempt:
		return faultf(RuleFigures, "it records attempt %d, and the hold is %q", f.Attempt, f.HoldID)
	case f.Label != "" && late && f.Label != known.row.label:
		return faultf(RuleLabel, "held again under the label %q, and the booking names %q", f.Label, known.row.label)
	case !priced:
		return faultf(RuleLayout, "held at %d, which is not its price", f.Price)
	}
	first := decided
	if c.holder == f.Holder && decided.Sub(c.freed) < saleTerms.holdFor {
		first = c.stayBegan
	}
	if !f.FirstHeldAt.Equal(first) {
		return faultf(RuleStay, "it records that the stay began at %s; it was at %s", events.FormatTime(f.FirstHeldAt),
			events.FormatTime(first))
	}
	before := *c
	c.status, c.hold, c.holder = events.SeatIsHeld, f.HoldID, f.Holder
	c.until, c.stayBegan, c.terms = f.ExpiresAt, first, saleTerms
	highest := decided.Add(saleTerms.holdFor + seatGrace)
	if end := c.stayBegan.Add(2*saleTerms.holdFor + seatGrace); end.Before(highest) {
		highest = end
	}
	if late { // a hold for a late payment does not count towards the stay
		highest = decided.Add(seatGrace)
	}
	if f.ExpiresAt.After(highest) {
		*c = before
		return faultf(RuleStay, "held until %s, and the longest is %s", events.FormatTime(f.ExpiresAt),
			events.FormatTime(highest))
	}
	return nil
}

func (c *seatCheck) booked(name events.SeatName, f *events.SeatBooked, decided time.Time) *fault {
	booking := c.ledger.bookings[f.BookingID]
	switch {
	case f.Holder != c.holder:
		return faultf(RuleFigures, "booked for %q, and held for %q", f.Holder, c.holder)
	case decided.After(c.until):
		return faultf(RuleDeadlines, "held until %s and booked at %s", events.FormatTime(c.until), events.FormatTime(decided))
	case booking == nil || booking.row.holdID() != c.hold || booking.row.status != events.BookingIsPaying ||
		booking.row.holder != c.holder:
		return faultf(RuleBooked, "no booking is being paid under %q", c.hold)
	case !slices.ContainsFunc(booking.row.seats, func(s events.BookedSeat) bool { return s.Seat == name }):
		return faultf(RuleBooked, "it is not a seat of the booking %q", f.BookingID)
	case !c.ledger.isPaid(&booking.row):
		return faultf(RuleBooked, "nothing is debited for %q", c.hold)
	case c.ledger.terms(&booking.row).limit > 0 && !c.ledger.isKept(&booking.row):
		return faultf(RuleLimit, "the seat is not kept out of the allowance of %q", c.holder)
	}
	c.status = events.SeatIsBooked
	c.ledger.unconfirmed.remove(unconfirmedKey{c, c.hold})
	return nil
}

func (c *seatCheck) released(f *events.SeatReleased) *fault {
	if f.Holder != c.holder {
		return faultf(RuleFigures, "it records that %q had it; %q had", f.Holder, c.holder)
	}
	id, _, _ := events.CutHoldID(c.hold)
	if b := c.ledger.bookings[id]; b != nil && b.row.status == events.BookingIsBooked && b.row.holdID() == c.hold &&
		b.row.price(c.name()) >= 0 {
		return faultf(RuleBooked, "the booking %q is booked and loses the seat", id)
	}
	if c.free(f.ReleasedAt); f.Was == events.SeatIsBooked {
		c.holder = "" // the stay of a holder who has paid does not count
	}
	return nil
}

// isPaid reports whether a booking's current payment is debited and not refunded, or nothing has to be paid.
func (l *ledger) isPaid(b *booking) bool {
	if b.amount == 0 {
		return true
	}
	if b.payment != "" {
		return l.isPaidExternally(b.payment, b)
	}
	wallet := l.wallets[b.holder]
	if wallet == nil {
		return false
	}
	payment, known := wallet.payments[b.paymentID]
	return known && !payment.closed && payment.amount == b.amount
}

// isKept reports whether a booking's seats count permanently in its holder's allowance.
func (l *ledger) isKept(b *booking) bool {
	allowance := l.allowances[events.OfPerformance(b.performance, string(b.holder))]
	if allowance == nil {
		return false
	}
	part, known := allowance.parts[b.holdID()]
	return known && part.until.IsZero() && part.seats == int64(len(b.seats))+events.CountPlaces(b.areas)
}
