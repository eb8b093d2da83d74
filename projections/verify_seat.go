package projections

import (
	"slices"
	"time"

	"admitone/events"
)

// The rules of performances and their seats, as they are printed.
const (
	RuleLayout Rule = "every seat is one of its performance, at its price"
	RuleOwner  Rule = "a seat has one owner at a time, and what is done about a hold carries its id"
	RuleStay   Rule = "nobody keeps a seat from others for longer than twice a hold"
	RuleBooked Rule = "a seat is booked under a booking that is being paid and is debited, and a booked booking has all its seats"
)

// seatGrace is how much longer a seat is held than its booking, and how long for a
// late payment.
const seatGrace = 30 * time.Second

// ledger has the checks of the streams that are held to one another, by id.
type ledger struct {
	performances map[string]*performanceCheck
	seats        map[string]*seatCheck
	bookings     map[string]*bookingCheck
	wallets      map[string]*walletCheck
	allowances   map[string]*allowanceCheck
}

func newLedger() *ledger {
	return &ledger{map[string]*performanceCheck{}, map[string]*seatCheck{}, map[string]*bookingCheck{}, map[string]*walletCheck{}, map[string]*allowanceCheck{}}
}

// ledgerChecks make the check of a new stream of those, by category.
var ledgerChecks = map[string]func(l *ledger, id string) check{
	performanceCategory: func(l *ledger, id string) check { return &performanceCheck{ledger: l, id: id} },
	seatCategory: func(l *ledger, id string) check {
		c := &seatCheck{ledger: l, id: id, mark: markFree}
		l.seats[id] = c
		return c
	},
	bookingCategory: func(l *ledger, id string) check { return &bookingCheck{ledger: l, id: id} },
	walletCategory: func(l *ledger, id string) check {
		c := &walletCheck{ledger: l, payments: map[string]paid{}}
		l.wallets[id] = c
		return c
	},
	allowanceCategory: func(l *ledger, id string) check {
		c := &allowanceCheck{ledger: l, id: id, parts: map[string]part{}}
		l.allowances[id] = c
		return c
	},
}

// performanceCheck holds a performance to being created, and to nothing else.
type performanceCheck struct {
	ledger  *ledger
	id      string
	layout  *layout
	holdFor time.Duration
	limit   int64
}

func (c *performanceCheck) take(e *events.Recorded, fact events.Fact, _ time.Time) *fault {
	created, ok := fact.(*events.PerformanceCreated)
	switch {
	case !ok:
		return faultf(RuleKnown, "a %s in a performance's stream", fact.Name())
	case e.Revision != 0:
		return faultf(RuleCreation, "a %s at revision %d", fact.Name(), e.Revision)
	case created.PerformanceID != c.id || created.HoldSeconds < 0 || created.LimitPerHolder < 0 || len(created.Sections) == 0:
		return faultf(RuleFigures, "it creates %q with %d sections, holds of %d s, limit %d",
			created.PerformanceID, len(created.Sections), created.HoldSeconds, created.LimitPerHolder)
	}
	if err := checkSections(e, created); err != nil {
		return faultf(RuleLayout, "%v", err)
	}
	c.layout, c.limit = newLayout(created.Sections), created.LimitPerHolder
	c.holdFor = time.Duration(created.HoldSeconds) * time.Second
	c.ledger.performances[c.id] = c
	return nil
}

// price of a seat. ok is false if there is no such seat.
func (c *performanceCheck) price(name string) (amount int64, ok bool) {
	_, section, ok := c.layout.find(name)
	if !ok {
		return 0, false
	}
	return c.layout.sections[section].Price, true
}

// seatCheck folds a seat, by rules of its own, and holds it to its booking.
type seatCheck struct {
	ledger *ledger
	id     string // of the stream
	mark   seatMark
	hold   string // that has it, "" if none
	holder string // who has it, or kept it last
	until  time.Time
	first  time.Time // when the holder's stay began
	freed  time.Time // when it ended, if it did
}

func (c *seatCheck) take(e *events.Recorded, fact events.Fact, decided time.Time) *fault {
	step, ok := stepOf(fact)
	if !ok {
		return faultf(RuleKnown, "a %s in a seat's stream", fact.Name())
	}
	id, name := events.CutPerformance(c.id)
	show := c.ledger.performances[id]
	if show == nil {
		return faultf(RuleLayout, "there is no performance %q", id)
	}
	price, ok := show.price(name)
	switch {
	case !ok:
		return faultf(RuleLayout, "performance %q has no seat %q", id, name)
	case c.mark != step.from:
		return faultf(RuleOwner, "a %s while the seat is %s under %q", fact.Name(), c.mark.status(), c.hold)
	case step.from != markFree && c.hold != step.holdID:
		return faultf(RuleOwner, "it is about the hold %q, and %q has the seat", step.holdID, c.hold)
	}
	switch f := fact.(type) {
	case *events.SeatHeld:
		return c.held(show, f, price, decided)
	case *events.SeatExtended:
		if f.ExpiresAt.After(c.longest(show)) || !f.ExpiresAt.After(c.until) {
			return faultf(RuleStay, "extended from %s to %s, and the holder's stay began at %s", stamp(c.until), stamp(f.ExpiresAt), stamp(c.first))
		}
		c.until = f.ExpiresAt
	case *events.SeatBooked:
		return c.booked(show, name, f, decided)
	case *events.SeatReleased:
		return c.released(f)
	case *events.SeatExpired:
		switch {
		case f.Holder != c.holder || !f.ExpiresAt.Equal(c.until):
			return faultf(RuleFigures, "it says that %q had it until %s; %q had, until %s", f.Holder, stamp(f.ExpiresAt), c.holder, stamp(c.until))
		case !decided.After(c.until):
			return faultf(RuleDeadlines, "held until %s and expired at %s", stamp(c.until), stamp(decided))
		}
		c.free(c.until)
	default: // blocked, or not any more
		c.mark = step.to
	}
	return nil
}

func (c *seatCheck) free(at time.Time) { c.mark, c.hold, c.freed = markFree, "", at }

// longest is the last moment up to which the holder can keep the seat.
func (c *seatCheck) longest(show *performanceCheck) time.Time {
	return c.first.Add(2*show.holdFor + seatGrace)
}

func (c *seatCheck) held(show *performanceCheck, f *events.SeatHeld, price int64, decided time.Time) *fault {
	booking, attempt, ok := events.CutHoldID(f.HoldID)
	switch {
	case !ok || f.BookingID != booking:
		return faultf(RuleOwner, "the hold %q is not one of the booking %q", f.HoldID, f.BookingID)
	case f.Price != price:
		return faultf(RuleLayout, "held at %d, and the price is %d", f.Price, price)
	}
	first := decided
	if c.holder == f.Holder && decided.Sub(c.freed) < show.holdFor {
		first = c.first
	}
	if !f.FirstHeldAt.Equal(first) {
		return faultf(RuleStay, "it says that the stay began at %s; it was at %s", stamp(f.FirstHeldAt), stamp(first))
	}
	before := *c
	c.mark, c.hold, c.holder, c.until, c.first = markHeld, f.HoldID, f.Holder, f.ExpiresAt, first
	most := decided.Add(show.holdFor + seatGrace)
	if end := c.longest(show); end.Before(most) {
		most = end
	}
	if attempt > 1 { // for a payment that is under way, whatever the stay is
		most = decided.Add(seatGrace)
	}
	if f.ExpiresAt.After(most) {
		*c = before
		return faultf(RuleStay, "held until %s, and the longest is %s", stamp(f.ExpiresAt), stamp(most))
	}
	return nil
}

func (c *seatCheck) booked(show *performanceCheck, name string, f *events.SeatBooked, decided time.Time) *fault {
	booking := c.ledger.bookings[f.BookingID]
	switch {
	case f.Holder != c.holder:
		return faultf(RuleFigures, "booked for %q, and held for %q", f.Holder, c.holder)
	case decided.After(c.until):
		return faultf(RuleDeadlines, "held until %s and booked at %s", stamp(c.until), stamp(decided))
	case booking == nil || booking.row.HoldID() != c.hold || booking.row.Status != events.BookingIsPaying || booking.row.Holder != c.holder:
		return faultf(RuleBooked, "no booking is being paid under %q", c.hold)
	case !slices.ContainsFunc(booking.row.Seats, func(s events.BookedSeat) bool { return s.Seat == name }):
		return faultf(RuleBooked, "it is not a seat of the booking %q", f.BookingID)
	case !c.ledger.isPaid(&booking.row):
		return faultf(RuleBooked, "nothing is debited for %q", c.hold)
	case show.limit > 0 && !c.ledger.isKept(&booking.row):
		return faultf(RuleLimit, "the seat is not kept out of the allowance of %q", c.holder)
	}
	c.mark = markBooked
	return nil
}

func (c *seatCheck) released(f *events.SeatReleased) *fault {
	if f.Holder != c.holder {
		return faultf(RuleFigures, "it says that %q had it; %q had", f.Holder, c.holder)
	}
	id, _, _ := events.CutHoldID(c.hold)
	if b := c.ledger.bookings[id]; b != nil && b.row.Status == events.BookingIsBooked && b.row.HoldID() == c.hold {
		return faultf(RuleBooked, "the booking %q is booked and loses the seat", id)
	}
	if c.free(f.ReleasedAt); f.Was == events.SeatIsBooked {
		c.holder = "" // who has paid has kept it from nobody
	}
	return nil
}

// isPaid says whether a booking's present payment is debited and not given back.
func (l *ledger) isPaid(b *Booking) bool {
	if b.Amount == 0 {
		return true
	}
	wallet := l.wallets[b.Holder]
	if wallet == nil {
		return false
	}
	payment, known := wallet.payments[b.HoldID()]
	return known && !payment.closed && payment.amount == b.Amount
}

// isKept says whether a booking's seats are kept out of its holder's allowance.
func (l *ledger) isKept(b *Booking) bool {
	allowance := l.allowances[events.OfPerformance(b.PerformanceID, b.Holder)]
	if allowance == nil {
		return false
	}
	part, known := allowance.parts[b.HoldID()]
	return known && part.until.IsZero() && part.seats == int64(len(b.Seats))
}
