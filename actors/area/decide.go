package area

import (
	"fmt"
	"time"

	"admitone/actors/core"
	"admitone/events"
)

var errNotHeld = &core.Refusal{Code: core.CodeNotHeld,
	Detail: "the places are no longer held for this booking"}

// Decide implements [core.Core].
func (a *Area) Decide(cmd core.Command, now time.Time) ([]events.Fact, error) {
	switch cmd := cmd.(type) {
	case *Hold:
		return a.hold(cmd, now)
	case *Extend:
		return a.extend(cmd)
	case *Book:
		return a.book(cmd)
	case *Release:
		if _, h, ok := a.find(cmd.HoldID); ok {
			return []events.Fact{a.released(cmd.HoldID, h, int64(h.places), cmd.Reason)}, nil
		}
		return nil, nil
	case *Return:
		return a.returnPlaces(cmd)
	case *Resize:
		return a.resize(cmd)
	case *Block:
		return a.block(cmd)
	case *Unblock:
		return a.unblock(cmd), nil
	case *core.Expire:
		return a.expire(now), nil
	}
	panic(fmt.Sprintf("area: no rule for %T", cmd))
}

func (a *Area) hold(cmd *Hold, now time.Time) ([]events.Fact, error) {
	if cmd.Places < 1 || cmd.Places > MaxCapacity || cmd.Capacity < 1 || cmd.Capacity > MaxCapacity {
		panic(fmt.Sprintf("area: invalid hold of %d places, capacity %d", cmd.Places, cmd.Capacity))
	}
	booking, attempt := splitHoldID(cmd.HoldID)
	counts, blocked, facts := a.Counts(cmd.Capacity), int64(0), []events.Fact(nil)
	if cmd.Label != "" {
		blocked = a.Blocked(cmd.Label)
	}
	if has, ok := a.holds.Get(booking); ok {
		switch {
		case has.attempt == attempt && int64(has.places) == cmd.Places:
			return nil, nil
		case has.attempt >= attempt || !has.held():
			return nil, errNotHeld
		}
		fact := a.released(holdID(booking, has), has, int64(has.places), events.ReleasedRetaken)
		counts, facts = fact.AreaCounts, append(facts, fact)
		if fact.Label == cmd.Label {
			blocked += fact.OfLabel
		}
	}
	if counts.Remaining+blocked < cmd.Places {
		return nil, soldOut(counts.Remaining + blocked)
	}
	var of events.Labelled
	if n := min(blocked, cmd.Places); n > 0 {
		of = events.Labelled{Label: cmd.Label, OfLabel: n}
	}
	counts.Remaining -= cmd.Places - of.OfLabel
	counts.Blocked, counts.Held = counts.Blocked-of.OfLabel, counts.Held+cmd.Places
	bookingID, _, _ := events.CutHoldID(cmd.HoldID)
	return append(facts, &events.AreaHeld{HoldID: cmd.HoldID, BookingID: bookingID, Holder: cmd.Holder,
		Places: cmd.Places, AreaCounts: counts, ExpiresAt: now.UTC().Add(cmd.For), Terms: cmd.Terms, Labelled: of}), nil
}

func soldOut(remaining int64) *core.Refusal {
	return &core.Refusal{Code: core.CodeSoldOut, Detail: "fewer places are left than requested; request fewer",
		Fields: core.Fields{"remaining": remaining}}
}

func (a *Area) extend(cmd *Extend) ([]events.Fact, error) {
	_, h, ok := a.find(cmd.HoldID)
	longest := cmd.HoldFor
	if cmd.Intent != "" {
		longest += events.MaxIntent
	}
	switch {
	case !ok || !h.held():
		return nil, errNotHeld
	case cmd.ExpiresAt.UnixNano() <= h.expires:
		return nil, nil
	case cmd.ExpiresAt.After(moment(h.first).Add(longest)):
		return nil, &core.Refusal{Code: core.CodeLimitExceeded,
			Detail: "the places can't be held that long; pay, or release them"}
	}
	return []events.Fact{&events.AreaExtended{HoldID: cmd.HoldID, ExpiresAt: cmd.ExpiresAt.UTC(),
		Intent: cmd.Intent}}, nil
}

func (a *Area) book(cmd *Book) ([]events.Fact, error) {
	_, h, ok := a.find(cmd.HoldID)
	switch {
	case !ok:
		return nil, errNotHeld
	case !h.held():
		return nil, nil
	}
	bookingID, _, _ := events.CutHoldID(cmd.HoldID)
	places, counts := int64(h.places), a.counts
	counts.Held, counts.Booked = counts.Held-places, counts.Booked+places
	return []events.Fact{&events.AreaBooked{HoldID: cmd.HoldID, BookingID: bookingID, Places: places,
		AreaCounts: counts}}, nil
}

func (a *Area) returnPlaces(cmd *Return) ([]events.Fact, error) {
	_, h, ok := a.find(cmd.HoldID)
	switch {
	case !ok || int64(h.places) <= cmd.Left:
		return nil, nil
	case h.held():
		return nil, errNotHeld
	}
	return []events.Fact{a.released(cmd.HoldID, h, int64(h.places)-cmd.Left, events.ReleasedReturned)}, nil
}

// released returns the fact that frees some places of a hold.
func (a *Area) released(id events.HoldID, h hold, places int64, reason events.ReleaseReason) *events.AreaReleased {
	booking, _ := splitHoldID(id)
	was, counts, of := events.AreaIsBooked, a.counts, a.labelledShare(booking, places)
	if h.held() {
		was = events.AreaIsHeld
		counts.Held -= places
	} else {
		counts.Booked -= places
	}
	counts.Remaining += places - of.OfLabel
	counts.Blocked += of.OfLabel
	return &events.AreaReleased{HoldID: id, Was: was, Places: places, Left: int64(h.places) - places, Reason: reason,
		AreaCounts: counts, Labelled: of}
}

// labelledShare returns how many of the places that a booking releases are blocked again. Labelled places are
// released first.
func (a *Area) labelledShare(booking events.ID, places int64) events.Labelled {
	of, _ := a.labelled.Get(booking)
	if of.OfLabel = min(of.OfLabel, places); of.OfLabel == 0 {
		return events.Labelled{}
	}
	return of
}

func (a *Area) resize(cmd *Resize) ([]events.Fact, error) {
	counts := a.counts
	counts.Remaining = cmd.Capacity - counts.Held - counts.Booked - counts.Blocked
	switch {
	case cmd.Capacity < 1 || cmd.Capacity > MaxCapacity:
		panic(fmt.Sprintf("area: invalid capacity %d", cmd.Capacity))
	case cmd.Undo && cmd.Change > a.last.Number && (counts == a.counts || a.counts.Capacity() == 0):
		// The change has not arrived. After this fact, it has no effect.
	case counts == a.counts, a.alreadyApplied(cmd.Change, cmd.Undo), counts.Remaining < 0 && cmd.Committed:
		return nil, nil
	case counts.Remaining < 0:
		return nil, CapacityTooLow(counts)
	}
	return []events.Fact{&events.AreaResized{Places: cmd.Capacity, AreaCounts: counts, Change: cmd.Change,
		Undo: cmd.Undo}}, nil
}

// CapacityTooLow returns limit_exceeded for a capacity below the number of places in use.
func CapacityTooLow(counts events.AreaCounts) *core.Refusal {
	return &core.Refusal{Code: core.CodeLimitExceeded,
		Detail: "an area can't have fewer places than are held, booked and blocked; release some first",
		Fields: core.Fields{"held": counts.Held, "booked": counts.Booked, "blocked": counts.Blocked}}
}

// alreadyApplied reports whether a change, or its undo, is a no-op: a later change has been applied, or this
// one has (for an undo: has not).
func (a *Area) alreadyApplied(number int64, undo bool) bool {
	if undo {
		return number != a.last.Number
	}
	return number != 0 && number <= a.last.Number
}

func (a *Area) block(cmd *Block) ([]events.Fact, error) {
	if cmd.Label == "" || cmd.Places < 1 || cmd.Places > MaxCapacity || cmd.Capacity < 1 || cmd.Capacity > MaxCapacity {
		panic(fmt.Sprintf("area: invalid block of %d places under %q, capacity %d", cmd.Places, cmd.Label, cmd.Capacity))
	}
	counts, has := a.Counts(cmd.Capacity), a.labels[cmd.Label]
	more := cmd.Places - has.blocked - has.taken
	switch {
	case more <= 0, a.alreadyApplied(cmd.Change, false):
		return nil, nil
	case counts.Remaining < more:
		return nil, soldOut(counts.Remaining + has.blocked + has.taken)
	}
	counts.Remaining, counts.Blocked = counts.Remaining-more, counts.Blocked+more
	return []events.Fact{&events.AreaBlocked{Label: cmd.Label, Places: more, Kept: cmd.Places, AreaCounts: counts,
		Change: cmd.Change}}, nil
}

func (a *Area) unblock(cmd *Unblock) []events.Fact {
	counts, places := a.Counts(cmd.Capacity), a.Blocked(cmd.Label)
	if cmd.Undo {
		places = min(places, a.last.Moved)
	}
	switch {
	case cmd.Undo && cmd.Change > a.last.Number:
		places = 0 // The change has not arrived. After this fact, it has no effect.
	case places <= 0, a.alreadyApplied(cmd.Change, cmd.Undo):
		return nil
	}
	counts.Remaining, counts.Blocked = counts.Remaining+places, counts.Blocked-places
	return []events.Fact{&events.AreaUnblocked{Label: cmd.Label, Places: places, AreaCounts: counts, Change: cmd.Change,
		Undo: cmd.Undo}}
}

// expire returns the facts that free expired holds, in the order of their deadlines.
func (a *Area) expire(now time.Time) (facts []events.Fact) {
	counts := a.counts
	for _, d := range a.deadline.Due(now, expiryBatch, a.current) {
		h, _ := a.holds.Get(d.ID)
		places := int64(h.places)
		of := a.labelledShare(d.ID, places)
		counts.Remaining, counts.Held = counts.Remaining+places-of.OfLabel, counts.Held-places
		counts.Blocked += of.OfLabel
		facts = append(facts, &events.AreaExpired{HoldID: holdID(d.ID, h), Places: places, AreaCounts: counts,
			ExpiresAt: moment(h.expires), Labelled: of})
	}
	return facts
}
