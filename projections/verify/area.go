package verify

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"admitone/events"
)

// The rules of areas, as they are printed.
const (
	RulePlaces Rule = "an area has no more places held, booked and blocked than its size, and is no larger than in its plan"
	RuleKept   Rule = "labelled places are held only by bookings that name the label, and are blocked under it again when released"
	RuleNumber Rule = "the places of an area in a booking are numbered from 1, without gaps"
)

// areaCheck folds an area independently of the views, and checks it against its bookings.
type areaCheck struct {
	ledger *ledger
	id     string // of the stream
	counts events.AreaCounts
	holds  map[events.HoldID]*areaHold
	labels map[events.BlockLabel]int64 // blocked places
}

// areaHold is a hold's share of an area.
type areaHold struct {
	holder   events.Holder
	places   int64
	labelled events.Labelled
	until    time.Time // zero once booked
	// originalDeadline is its original deadline, and holdFor the limit of an extension.
	originalDeadline time.Time
	holdFor          time.Duration
}

// bookedPlaces returns the number of a hold's booked places.
func (c *areaCheck) bookedPlaces(hold events.HoldID) int64 {
	if c == nil {
		return 0
	}
	if h := c.holds[hold]; h != nil && h.until.IsZero() {
		return h.places
	}
	return 0
}

func (c *areaCheck) apply(e *events.Recorded, fact events.Fact, decided time.Time) *fault {
	id, name := events.CutPerformance(c.id)
	performance := c.ledger.performances[id]
	if performance == nil {
		return faultf(RuleLayout, "there is no performance %q", id)
	}
	at := performance.latest.layout.Area(events.AreaID(name))
	if at < 0 {
		return faultf(RuleLayout, "performance %q has no area %q", id, name)
	}
	capacity := performance.latest.layout.Areas()[at].Capacity
	if e.Revision == 0 {
		c.counts.Remaining = capacity
	}
	hold := events.HoldOf(fact)
	h := c.holds[hold]
	switch fact.(type) {
	case *events.AreaHeld, *events.AreaExtended, *events.AreaBooked, *events.AreaReleased, *events.AreaExpired:
		if _, begins := fact.(*events.AreaHeld); begins == (h != nil) {
			return faultf(RuleOwner, "it is about the hold %q, which has places: %t", hold, h != nil)
		}
	}
	switch f := fact.(type) {
	case *events.AreaHeld:
		return c.held(e, performance, f, decided)
	case *events.AreaExtended:
		return c.extended(h, f)
	case *events.AreaBooked:
		return c.booked(events.AreaID(name), h, f, decided)
	case *events.AreaReleased:
		return c.released(h, f)
	case *events.AreaExpired:
		if h.places != f.Places || !f.ExpiresAt.Equal(h.until) || !decided.After(h.until) {
			return faultf(RuleDeadlines, "%d held until %s; %d expired, as of %s, at %s", h.places,
				events.FormatTime(h.until), f.Places, events.FormatTime(f.ExpiresAt), events.FormatTime(decided))
		}
		return c.free(hold, h, f.Places, f.Labelled, f.AreaCounts)
	}
	if fault := performance.blocks.changes(events.AreaID(name), fact); fault != nil {
		return fault
	}
	return c.changed(fact, capacity)
}

// changed applies a fact of a change of the performance's blocks or sizes.
func (c *areaCheck) changed(fact events.Fact, capacity int64) *fault {
	switch f := fact.(type) {
	case *events.AreaResized:
		if f.Places < 1 || f.Places > capacity {
			return faultf(RulePlaces, "it has %d places now; by its plan there are %d", f.Places, capacity)
		}
		return c.move(events.AreaCounts{Remaining: f.Places - c.counts.Capacity()}, f.AreaCounts)
	case *events.AreaBlocked:
		kept := c.labels[f.Label] + f.Places
		for _, h := range c.holds {
			if h.labelled.Label == f.Label {
				kept += h.labelled.OfLabel
			}
		}
		if f.Places < 1 || !f.Label.Valid() || f.Kept != kept {
			return faultf(RuleKept, "%d are blocked under %q, which then has %d; it records %d", f.Places, f.Label, kept, f.Kept)
		}
		c.labels[f.Label] += f.Places
		return c.move(events.AreaCounts{Remaining: -f.Places, Blocked: f.Places}, f.AreaCounts)
	case *events.AreaUnblocked:
		// The undo of a change that has not reached the area yet unblocks none.
		if f.Places < 0 || f.Places > c.labels[f.Label] || !f.Undo && (f.Places == 0 || f.Places != c.labels[f.Label]) {
			return faultf(RuleKept, "%d are unblocked, and %d are blocked under %q", f.Places, c.labels[f.Label], f.Label)
		}
		c.labels[f.Label] -= f.Places
		return c.move(events.AreaCounts{Remaining: f.Places, Blocked: -f.Places}, f.AreaCounts)
	}
	return faultf(RuleKnown, "a %s in an area's stream", fact.Name())
}

// move adds delta to the counts, and compares the result with the counts that a fact records.
func (c *areaCheck) move(delta, recorded events.AreaCounts) *fault {
	now := events.AreaCounts{Remaining: c.counts.Remaining + delta.Remaining, Held: c.counts.Held + delta.Held,
		Booked: c.counts.Booked + delta.Booked, Blocked: c.counts.Blocked + delta.Blocked}
	switch {
	case now.Remaining < 0:
		return faultf(RulePlaces, "%d are held, %d booked and %d blocked of %d", now.Held, now.Booked, now.Blocked,
			now.Capacity())
	case now != recorded:
		return faultf(RuleFigures, "it records %+v, and its facts add up to %+v", recorded, now)
	}
	c.counts = now
	return nil
}

func (c *areaCheck) held(e *events.Recorded, performance *performanceCheck, f *events.AreaHeld,
	decided time.Time) *fault {
	saleTerms, fault := performance.findTerms(f.Terms)
	if fault != nil {
		return fault
	}
	booking, attempt, ok := events.CutHoldID(f.HoldID)
	if !ok || f.BookingID != booking || f.Places < 1 {
		return faultf(RuleOwner, "the hold %q of %d is not one of the booking %q", f.HoldID, f.Places, f.BookingID)
	}
	if of := f.Labelled; of.OfLabel < 0 || of.OfLabel > f.Places || of.OfLabel > c.labels[of.Label] ||
		(of.OfLabel == 0) != (of.Label == "") {
		return faultf(RuleKept, "%d of %d are labelled %q, which has %d", of.OfLabel, f.Places, of.Label, c.labels[of.Label])
	}
	longest := decided.Add(saleTerms.holdFor + seatGrace)
	if known := c.ledger.bookings[booking]; known != nil && attempt > known.row.heldUnder { // for a late payment
		longest = decided.Add(seatGrace)
		if f.OfLabel > 0 && f.Label != known.row.label {
			return faultf(RuleKept, "held again under the label %q, and the booking names %q", f.Label, known.row.label)
		}
	}
	if f.ExpiresAt.After(longest) {
		return faultf(RuleStay, "held until %s, and the longest is %s", events.FormatTime(f.ExpiresAt),
			events.FormatTime(longest))
	}
	delta := events.AreaCounts{Remaining: f.OfLabel - f.Places, Held: f.Places, Blocked: -f.OfLabel}
	if fault := c.move(delta, f.AreaCounts); fault != nil {
		return fault
	}
	if f.OfLabel > 0 {
		c.labels[f.Label] -= f.OfLabel
	}
	c.holds[f.HoldID] = &areaHold{f.Holder, f.Places, f.Labelled, f.ExpiresAt, f.ExpiresAt, saleTerms.holdFor}
	c.ledger.addUnconfirmed(e, unconfirmedKey{c, f.HoldID})
	return nil
}

// extended checks an extension against the limit on consecutive holds, which is longer for an intent that the
// booking has recorded.
func (c *areaCheck) extended(h *areaHold, f *events.AreaExtended) *fault {
	id, _, _ := events.CutHoldID(f.HoldID)
	holdFor, b := h.holdFor, c.ledger.bookings[id]
	if b != nil { // its terms may be those of an earlier run
		holdFor = max(holdFor, c.ledger.terms(&b.row).holdFor)
	}
	longest := h.originalDeadline.Add(holdFor)
	if f.Intent != "" {
		if b == nil || b.row.intent != f.Intent || b.row.holdID() != f.HoldID ||
			f.ExpiresAt.After(b.row.intentUntil.Add(seatGrace)) {
			return faultf(RuleStay, "extended until %s for the intent %q, which the booking %q has not announced",
				events.FormatTime(f.ExpiresAt), f.Intent, id)
		}
		longest = longest.Add(maxIntent)
	}
	if h.until.IsZero() || f.ExpiresAt.After(longest) || !f.ExpiresAt.After(h.until) {
		return faultf(RuleStay, "extended from %s to %s, and the longest is %s", events.FormatTime(h.until),
			events.FormatTime(f.ExpiresAt), events.FormatTime(longest))
	}
	h.until = f.ExpiresAt
	return nil
}

func (c *areaCheck) booked(id events.AreaID, h *areaHold, f *events.AreaBooked, decided time.Time) *fault {
	booking := c.ledger.bookings[f.BookingID]
	switch {
	case h.until.IsZero() || decided.After(h.until):
		return faultf(RuleDeadlines, "held until %s and booked at %s", events.FormatTime(h.until), events.FormatTime(decided))
	case booking == nil || booking.row.holdID() != f.HoldID || booking.row.status != events.BookingIsPaying ||
		booking.row.holder != h.holder:
		return faultf(RuleBooked, "no booking is being paid under %q", f.HoldID)
	case f.Places != h.places || booking.row.places(id) != h.places:
		return faultf(RuleBooked, "%d are booked and %d held; the booking %q has %d", f.Places, h.places, f.BookingID,
			booking.row.places(id))
	case !c.ledger.isPaid(&booking.row):
		return faultf(RuleBooked, "nothing is debited for %q", f.HoldID)
	case c.ledger.terms(&booking.row).limit > 0 && !c.ledger.isKept(&booking.row):
		return faultf(RuleLimit, "the places are not kept out of the allowance of %q", h.holder)
	}
	if fault := c.move(events.AreaCounts{Held: -f.Places, Booked: f.Places}, f.AreaCounts); fault != nil {
		return fault
	}
	h.until = time.Time{}
	c.ledger.unconfirmed.remove(unconfirmedKey{c, f.HoldID})
	return nil
}

func (c *areaCheck) released(h *areaHold, f *events.AreaReleased) *fault {
	if f.Places < 1 || f.Places+f.Left != h.places || (f.Was == events.AreaIsBooked) != h.until.IsZero() ||
		f.Left > 0 && f.Was != events.AreaIsBooked {
		return faultf(RuleFigures, "%d that were %s are released and %d remain; %q has %d, with a deadline: %t", f.Places,
			f.Was, f.Left, f.HoldID, h.places, !h.until.IsZero())
	}
	id, _, _ := events.CutHoldID(f.HoldID)
	_, name := events.CutPerformance(c.id)
	if b := c.ledger.bookings[id]; b != nil && b.row.status == events.BookingIsBooked && b.row.holdID() == f.HoldID &&
		b.row.places(events.AreaID(name)) > f.Left {
		return faultf(RuleBooked, "the booking %q is booked and loses places", id)
	}
	return c.free(f.HoldID, h, f.Places, f.Labelled, f.AreaCounts)
}

// free takes places from a hold. Labelled places are taken first, and return to their label.
func (c *areaCheck) free(id events.HoldID, h *areaHold, places int64, of events.Labelled,
	recorded events.AreaCounts) *fault {
	if of.OfLabel != min(h.labelled.OfLabel, places) || of.OfLabel > 0 && of.Label != h.labelled.Label || of.OfLabel == 0 && of.Label != "" {
		return faultf(RuleKept, "%d of %d are labelled %q again; of the hold %d are labelled %q", of.OfLabel, places, of.Label,
			h.labelled.OfLabel, h.labelled.Label)
	}
	delta := events.AreaCounts{Remaining: places - of.OfLabel, Blocked: of.OfLabel, Booked: -places}
	if !h.until.IsZero() {
		delta.Held, delta.Booked = -places, 0
	}
	if fault := c.move(delta, recorded); fault != nil {
		return fault
	}
	if of.OfLabel > 0 {
		h.labelled.OfLabel -= of.OfLabel
		c.labels[of.Label] += of.OfLabel
	}
	if h.places -= places; h.places == 0 {
		delete(c.holds, id)
		c.ledger.unconfirmed.remove(unconfirmedKey{c, id})
	}
	return nil
}

// partPrice returns the price of a seat or place of the booking that was not returned, -1 for any other.
func (b *booking) partPrice(part events.Part) int64 {
	if part.Area == "" {
		return b.price(part.Seat)
	}
	for _, p := range b.areas {
		if p.Area == part.Area && part.Place >= p.First && part.Place < p.First+p.Quantity {
			return p.Price
		}
	}
	return -1
}

// count returns the number of seats and places that were not returned.
func (b *booking) count() (n int64) {
	n = int64(len(b.seats))
	for _, p := range b.areas {
		n += p.Quantity
	}
	return n
}

// withoutPlace returns the places of the booking without the place that f returns.
func (b *booking) withoutPlace(f *events.BookingSeatReturned) (left []events.BookedPlaces) {
	if f.Area == "" {
		return b.areas
	}
	for _, p := range b.areas {
		for number := p.First; number < p.First+p.Quantity; number++ {
			if p.Area != f.Area || number != f.Place {
				left = append(left, events.BookedPlaces{Area: p.Area, First: number, Quantity: 1,
					PriceType: p.PriceType, Price: p.Price})
			}
		}
	}
	return left
}

// places returns the number of the booking's places in an area.
func (b *booking) places(id events.AreaID) (n int64) {
	for i := range b.areas {
		if b.areas[i].Area == id {
			n += b.areas[i].Quantity
		}
	}
	return n
}

// findArea returns the first area of the booking for which match returns true, "" for none. places is the number of
// the booking's places in the area; the check of an area without events is nil.
func (c *bookingCheck) findArea(match func(a *areaCheck, places int64) bool) events.AreaID {
	for _, p := range c.row.areas {
		if a := c.ledger.areas[events.OfPerformance(c.row.performance, string(p.Area))]; match(a, c.row.places(p.Area)) {
			return p.Area
		}
	}
	return ""
}

// checkPlaces checks the places of a booking against the performance's areas, and returns their total price.
func (t *terms) checkPlaces(places []events.BookedPlaces) (sum int64, _ *fault) {
	next := map[events.AreaID]int64{}
	for _, p := range places {
		at, priced := t.layout.Area(p.Area), false
		if at >= 0 {
			for _, price := range t.layout.Areas()[at].Prices {
				priced = priced || price.Type == p.PriceType && price.Amount == p.Price
			}
		}
		switch {
		case !priced || p.Quantity < 1:
			return 0, faultf(RuleLayout, "%d places of %q at %d (%q)", p.Quantity, p.Area, p.Price, p.PriceType)
		case p.First != next[p.Area]+1:
			return 0, faultf(RuleNumber, "the places of %q continue with %d after %d", p.Area, p.First, next[p.Area])
		}
		next[p.Area] += p.Quantity
		sum += p.Quantity * p.Price
	}
	return sum, nil
}

// openAreas describes the areas with booked places that belong to no booking.
func (l *ledger) openAreas() (open []string) {
	for _, id := range slices.Sorted(maps.Keys(l.areas)) {
		for _, hold := range slices.Sorted(maps.Keys(l.areas[id].holds)) {
			if l.areas[id].bookedPlaces(hold) > 0 && !l.isInUse(hold) {
				open = append(open, fmt.Sprintf("places of the area %s are booked under %s, whose booking is not booked", id, hold))
			}
		}
	}
	return open
}

// checkLabels checks that a new booking has no places of a different label.
func (l *ledger) checkLabels(f *events.BookingHeld) *fault {
	for _, p := range f.Areas {
		a := l.areas[events.OfPerformance(f.PerformanceID, string(p.Area))]
		if a == nil {
			continue
		}
		h := a.holds[events.NewHoldID(f.BookingID, f.Attempt)]
		if h != nil && h.labelled.OfLabel > 0 && h.labelled.Label != f.Label {
			return faultf(RuleKept, "it names the label %q, and has places of %q kept for %q", f.Label, p.Area, h.labelled.Label)
		}
	}
	return nil
}
