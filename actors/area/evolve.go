package area

import (
	"fmt"

	"admitone/events"
)

// Evolve implements [core.Core].
func (a *Area) Evolve(fact events.Fact) {
	switch f := fact.(type) {
	case *events.AreaHeld:
		a.begin(f)
	case *events.AreaExtended:
		booking, h, ok := a.find(f.HoldID)
		a.must(fact, ok && h.held())
		h.expires = f.ExpiresAt.UnixNano()
		a.holds.Set(booking, h)
		a.deadline.Add(booking, h.expires)
	case *events.AreaBooked:
		booking, h, ok := a.find(f.HoldID)
		a.must(fact, ok && h.held() && int64(h.places) == f.Places)
		a.holds.Set(booking, hold{attempt: h.attempt, places: h.places})
		a.open--
		a.move(fact, events.AreaCounts{Held: -f.Places, Booked: f.Places}, f.AreaCounts)
	case *events.AreaReleased:
		a.releasePlaces(fact, f.HoldID, f.Places, f.Left, f.Was == events.AreaIsHeld, f.Labelled, f.AreaCounts)
	case *events.AreaExpired:
		a.releasePlaces(fact, f.HoldID, f.Places, 0, true, f.Labelled, f.AreaCounts)
	case *events.AreaResized:
		a.move(fact, events.AreaCounts{Remaining: f.Places - a.counts.Capacity()}, f.AreaCounts)
		if f.Change != 0 {
			a.last = change{Number: f.Change}
		}
	case *events.AreaBlocked:
		a.must(fact, f.Places > 0 && f.Label != "" && f.Change > a.last.Number)
		a.learn(f.AreaCounts)
		a.addToLabel(fact, f.Label, f.Places, 0)
		a.move(fact, events.AreaCounts{Remaining: -f.Places, Blocked: f.Places}, f.AreaCounts)
		a.must(fact, a.labels[f.Label].blocked+a.labels[f.Label].given == f.Kept)
		a.last = change{f.Change, f.Places}
	case *events.AreaUnblocked:
		early := f.Places == 0 && f.Change > a.last.Number // the undo of a change that has not arrived
		a.must(fact, (f.Places > 0 || early) && f.Change >= a.last.Number &&
			f.Undo == (early || f.Change == a.last.Number))
		a.learn(f.AreaCounts)
		a.addToLabel(fact, f.Label, -f.Places, 0)
		a.move(fact, events.AreaCounts{Remaining: f.Places, Blocked: -f.Places}, f.AreaCounts)
		if f.Change == a.last.Number {
			a.last.Moved -= f.Places
		} else {
			a.last = change{f.Change, -f.Places}
		}
	default:
		a.must(fact, false)
	}
	a.deadline.Tidy(a.open, a.current)
}

func (a *Area) begin(f *events.AreaHeld) {
	booking, attempt := splitHoldID(f.HoldID)
	_, ok := a.holds.Get(booking)
	a.must(f, !ok && f.Places > 0 && f.Places <= MaxCapacity)
	h := hold{holder: f.Holder, expires: f.ExpiresAt.UnixNano(), attempt: attempt, places: uint32(f.Places)}
	h.first = h.expires
	a.holds.Set(booking, h)
	a.deadline.Add(booking, h.expires)
	a.open++
	a.learn(f.AreaCounts)
	if of := f.Labelled; of.OfLabel != 0 {
		a.must(f, of.OfLabel > 0 && of.OfLabel <= f.Places)
		a.addToLabel(f, of.Label, -of.OfLabel, of.OfLabel)
		a.labelled.Set(booking, of)
	}
	a.move(f, events.AreaCounts{Remaining: f.OfLabel - f.Places, Held: f.Places, Blocked: -f.OfLabel}, f.AreaCounts)
}

// learn takes the capacity from the first fact.
func (a *Area) learn(c events.AreaCounts) {
	if a.counts.Capacity() == 0 {
		a.counts.Remaining = c.Capacity()
	}
}

// addToLabel changes the numbers of a label's places: blocked ones, and those of its bookings.
func (a *Area) addToLabel(fact events.Fact, name events.BlockLabel, blocked, given int64) {
	l := a.labels[name]
	l.blocked, l.given = l.blocked+blocked, l.given+given
	a.must(fact, l.blocked >= 0 && l.given >= 0)
	if a.labels[name] = l; l == (label{}) {
		delete(a.labels, name)
	}
}

// move counts places, and checks the counts against those of the fact.
func (a *Area) move(fact events.Fact, by, want events.AreaCounts) {
	c := &a.counts
	c.Remaining, c.Held, c.Booked = c.Remaining+by.Remaining, c.Held+by.Held, c.Booked+by.Booked
	c.Blocked += by.Blocked
	a.must(fact, *c == want && c.Remaining >= 0 && c.Held >= 0 && c.Booked >= 0 && c.Blocked >= 0)
}

// releasePlaces reduces a hold to left places; those of its label are blocked again.
func (a *Area) releasePlaces(fact events.Fact, holdID events.HoldID, places, left int64, held bool, of events.Labelled,
	want events.AreaCounts) {
	booking, h, ok := a.find(holdID)
	a.must(fact, ok && of == a.freed(booking, places))
	leftValid := left == 0 || left > 0 && !held
	a.must(fact, ok && h.held() == held && places > 0 && int64(h.places) == places+left && leftValid)
	if h.places = uint32(left); left > 0 {
		a.holds.Set(booking, h)
	} else {
		a.holds.Delete(booking)
	}
	if of.OfLabel > 0 {
		labelled, _ := a.labelled.Get(booking)
		if labelled.OfLabel -= of.OfLabel; labelled.OfLabel > 0 {
			a.labelled.Set(booking, labelled)
		} else {
			a.labelled.Delete(booking)
		}
		a.addToLabel(fact, of.Label, of.OfLabel, -of.OfLabel)
	}
	by := events.AreaCounts{Remaining: places - of.OfLabel, Blocked: of.OfLabel}
	if held {
		a.open--
		by.Held = -places
	} else {
		by.Booked = -places
	}
	a.move(fact, by, want)
}

// must panics on a fact that can't follow from the state: the log is damaged, or an area is oversold.
func (a *Area) must(fact events.Fact, fits bool) {
	if !fits {
		panic(fmt.Sprintf("area: unexpected fact %s %+v while its places are %+v", fact.Name(), fact, a.counts))
	}
}
