package area

import (
	"fmt"

	"admitone/events"
)

// Evolve implements [core.Core].
func (a *Area) Evolve(fact events.Fact) {
	switch f := fact.(type) {
	case *events.AreaHeld:
		a.applyHeld(f)
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
		a.moveCounts(fact, events.AreaCounts{Held: -f.Places, Booked: f.Places}, f.AreaCounts)
	case *events.AreaReleased:
		a.releasePlaces(fact, f.HoldID, f.Places, f.Left, f.Was == events.AreaIsHeld, f.Labelled, f.AreaCounts)
	case *events.AreaExpired:
		a.releasePlaces(fact, f.HoldID, f.Places, 0, true, f.Labelled, f.AreaCounts)
	case *events.AreaResized:
		a.moveCounts(fact, events.AreaCounts{Remaining: f.Places - a.counts.Capacity()}, f.AreaCounts)
		if f.Change != 0 {
			a.last = change{Number: f.Change}
		}
	case *events.AreaBlocked:
		a.must(fact, f.Places > 0 && f.Label != "" && f.Change > a.last.Number)
		a.initCapacity(f.AreaCounts)
		a.addToLabel(fact, f.Label, f.Places, 0)
		a.moveCounts(fact, events.AreaCounts{Remaining: -f.Places, Blocked: f.Places}, f.AreaCounts)
		a.must(fact, a.labels[f.Label].blocked+a.labels[f.Label].taken == f.Kept)
		a.last = change{f.Change, f.Places}
	case *events.AreaUnblocked:
		early := f.Places == 0 && f.Change > a.last.Number // undoes a change that has not arrived
		a.must(fact, (f.Places > 0 || early) && f.Change >= a.last.Number &&
			f.Undo == (early || f.Change == a.last.Number))
		a.initCapacity(f.AreaCounts)
		a.addToLabel(fact, f.Label, -f.Places, 0)
		a.moveCounts(fact, events.AreaCounts{Remaining: f.Places, Blocked: -f.Places}, f.AreaCounts)
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

func (a *Area) applyHeld(f *events.AreaHeld) {
	booking, attempt := splitHoldID(f.HoldID)
	_, ok := a.holds.Get(booking)
	a.must(f, !ok && f.Places > 0 && f.Places <= MaxCapacity)
	h := hold{holder: f.Holder, expires: f.ExpiresAt.UnixNano(), attempt: attempt, places: uint32(f.Places)}
	h.first = h.expires
	a.holds.Set(booking, h)
	a.deadline.Add(booking, h.expires)
	a.open++
	a.initCapacity(f.AreaCounts)
	if of := f.Labelled; of.OfLabel != 0 {
		a.must(f, of.OfLabel > 0 && of.OfLabel <= f.Places)
		a.addToLabel(f, of.Label, -of.OfLabel, of.OfLabel)
		a.labelled.Set(booking, of)
	}
	a.moveCounts(f, events.AreaCounts{Remaining: f.OfLabel - f.Places, Held: f.Places, Blocked: -f.OfLabel}, f.AreaCounts)
}

// initCapacity takes the capacity from the first fact.
func (a *Area) initCapacity(c events.AreaCounts) {
	if a.counts.Capacity() == 0 {
		a.counts.Remaining = c.Capacity()
	}
}

// addToLabel adds to the numbers of a label's places.
func (a *Area) addToLabel(fact events.Fact, name events.BlockLabel, blocked, taken int64) {
	l := a.labels[name]
	l.blocked, l.taken = l.blocked+blocked, l.taken+taken
	a.must(fact, l.blocked >= 0 && l.taken >= 0)
	if a.labels[name] = l; l == (label{}) {
		delete(a.labels, name)
	}
}

// moveCounts adds to the counts, and checks the result against the fact.
func (a *Area) moveCounts(fact events.Fact, by, want events.AreaCounts) {
	c := &a.counts
	c.Remaining, c.Held, c.Booked = c.Remaining+by.Remaining, c.Held+by.Held, c.Booked+by.Booked
	c.Blocked += by.Blocked
	a.must(fact, *c == want && c.Remaining >= 0 && c.Held >= 0 && c.Booked >= 0 && c.Blocked >= 0)
}

// releasePlaces reduces a hold to left places. Released places that belong to its label are blocked again.
func (a *Area) releasePlaces(fact events.Fact, holdID events.HoldID, places, left int64, held bool, of events.Labelled,
	want events.AreaCounts) {
	booking, h, ok := a.find(holdID)
	a.must(fact, ok && of == a.labelledShare(booking, places))
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
	a.moveCounts(fact, by, want)
}

// must panics if the fact is not valid: the log is damaged, or the area is oversold.
func (a *Area) must(fact events.Fact, valid bool) {
	if !valid {
		panic(fmt.Sprintf("area: unexpected fact %s %+v with counts %+v", fact.Name(), fact, a.counts))
	}
}
