package area

import (
	"slices"
	"time"

	"admitone/actors/core"
	"admitone/events"
)

// Kind of areas.
var Kind = core.Kind{Category: events.AreaCategory, New: New, SnapshotVersion: snapshotVersion}

// Stream of a performance's area.
func Stream(performanceID events.PerformanceID, id events.AreaID) events.StreamID {
	return events.NewStreamID(events.AreaCategory, events.OfPerformance(performanceID, string(id)))
}

// MaxCapacity is the largest capacity of an area.
const MaxCapacity = events.MaxAreaPlaces

// expiryBatch bounds the holds that expire by one decision.
const expiryBatch = 64

// Hold holds places for a booking. Idempotent; a later attempt of a booking replaces an earlier one
// that is not booked. Refusals: not_held (there is a later attempt, or this one has a different number
// of places, or the booking is paid), sold_out (with remaining).
type Hold struct {
	HoldID events.HoldID
	Holder events.Holder
	// Places of the booking here, above 0.
	Places int64
	// Label whose blocked places can be held too, and are taken first; "" for none.
	Label events.BlockLabel
	// Capacity is the capacity in the plan, for an area without facts.
	Capacity int64
	// For is the duration of the hold.
	For time.Duration
	// Terms is the revision of the performance's edit that it is decided on.
	Terms events.Revision
}

// Extend moves the deadline of a hold. Refusals: not_held, limit_exceeded.
type Extend struct {
	HoldID    events.HoldID
	ExpiresAt time.Time
	// HoldFor is the time to pay a booking; the deadline can move that far from the first.
	HoldFor time.Duration
	// Intent to pay outside that the booking has announced, "" if the places are extended for the
	// holder. For intents they may be held longer by [events.MaxIntent], however many there are.
	Intent events.IntentID
}

// Book books the places of a hold for its paid booking. Idempotent. Refusal: not_held.
type Book struct{ HoldID events.HoldID }

// Release frees all places of a hold, held or booked. It does nothing if the hold has none.
type Release struct {
	HoldID events.HoldID
	Reason events.ReleaseReason
}

// Return frees places of a booking until the given number is left. No-op if the hold has no more.
// Refusal: not_held (the places are not booked).
type Return struct {
	HoldID events.HoldID
	Left   int64
}

// Resize sets the capacity. Refusal: limit_exceeded (more places are held, booked and blocked).
type Resize struct {
	Capacity int64
	// Change of the performance that it is part of. An area takes part in each once, in their order: in an earlier
	// one it does nothing.
	Change int64
	// Undo reverts the change here, if it was the last one. A change that has not reached the area yet has no
	// effect when it does.
	Undo bool
	// Stated: an edit states the capacity, so it can't be refused. If more are held, booked and blocked, it does
	// nothing.
	Stated bool
}

// Block takes free places off sale until a label keeps the given number, including the places of
// its bookings. No-op if the label keeps them already, or if the change is repeated. Refusal:
// sold_out (with remaining, the number that the label can keep).
type Block struct {
	Label  events.BlockLabel
	Places int64
	// Capacity and Change are as in Hold and Resize.
	Capacity, Change int64
}

// Unblock puts all blocked places of a label back on sale or, to undo a change, the places that it
// has blocked.
type Unblock struct {
	Label events.BlockLabel
	// Capacity is as in Hold, Change and Undo are as in Resize.
	Capacity, Change int64
	Undo             bool
}

// hold is a booking's share of the area. It is compact: an area may have a hundred thousand.
type hold struct {
	holder  events.Holder // "" once booked
	expires int64         // UnixNano of the deadline, 0 once booked
	first   int64         // UnixNano of the first deadline, 0 once booked
	attempt uint32
	places  uint32
}

func (h hold) held() bool { return h.expires != 0 }

// label has the places that a label keeps.
type label struct {
	blocked int64 // can be held
	given   int64 // bookings have
}

// change is the last one of the performance that has changed something here.
type change struct {
	Number int64
	// Moved places: blocked by it, negative if it has unblocked them.
	Moved int64
}

// Area is the state and the rules of one area. It implements [core.Core].
type Area struct {
	counts events.AreaCounts // zero before the first fact
	open   int               // holds that are held
	// holds by booking: it has one at most.
	holds    *core.Table[events.ID, hold]
	deadline core.Deadlines
	labels   map[events.BlockLabel]label
	// labelled places of holds, which few have.
	labelled *core.Table[events.ID, events.Labelled]
	last     change
}

// New returns an area without facts.
func New() core.Core {
	return &Area{holds: core.NewTable[events.ID, hold](), labels: map[events.BlockLabel]label{},
		labelled: core.NewTable[events.ID, events.Labelled]()}
}

// Counts are the numbers of places by status. Before the first fact all places remain: capacity,
// the number in the plan.
func (a *Area) Counts(capacity int64) events.AreaCounts {
	if a.counts.Capacity() == 0 {
		return events.AreaCounts{Remaining: capacity}
	}
	return a.counts
}

// Available returns the number of places available to a hold with a label, including those of its
// booking. capacity is the plan's.
func (a *Area) Available(holdID events.HoldID, label events.BlockLabel, capacity int64) int64 {
	booking, _ := splitHoldID(holdID)
	h, _ := a.holds.Get(booking)
	return a.Counts(capacity).Remaining + a.Blocked(label) + int64(h.places)
}

// Blocked returns the number of places blocked under a label.
func (a *Area) Blocked(label events.BlockLabel) int64 { return a.labels[label].blocked }

// Kept returns the number of places that a label keeps: blocked ones, and those of its bookings.
func (a *Area) Kept(label events.BlockLabel) int64 {
	return a.labels[label].blocked + a.labels[label].given
}

// Labels returns the labels with blocked places, in order.
func (a *Area) Labels() []events.BlockLabel {
	return slices.Sorted(func(yield func(events.BlockLabel) bool) {
		for name, l := range a.labels {
			if l.blocked > 0 && !yield(name) {
				return
			}
		}
	})
}

// Unblocked returns the number of places that a change has put back on sale, if it was the last
// one.
func (a *Area) Unblocked(number int64) int64 {
	if a.last.Number != number {
		return 0
	}
	return max(0, -a.last.Moved)
}

// Held is the content of a hold.
type Held struct {
	// Holder has the places, "" once they are booked.
	Holder events.Holder
	Places int64
	// ExpiresAt is the deadline and First the original one, both zero once booked.
	ExpiresAt, First time.Time
}

// Held returns the content of a hold. ok is false if it has no places.
func (a *Area) Held(holdID events.HoldID) (held Held, ok bool) {
	_, h, ok := a.find(holdID)
	if !ok {
		return held, false
	}
	held = Held{Holder: h.holder, Places: int64(h.places)}
	if h.held() {
		held.ExpiresAt, held.First = moment(h.expires), moment(h.first)
	}
	return held, true
}

// NextDeadline implements [core.Core].
func (a *Area) NextDeadline() time.Time { return a.deadline.Next() }

func moment(nanos int64) time.Time { return time.Unix(0, nanos).UTC() }

// find returns the content of a hold and its booking.
func (a *Area) find(holdID events.HoldID) (booking events.ID, h hold, ok bool) {
	booking, attempt := splitHoldID(holdID)
	h, ok = a.holds.Get(booking)
	return booking, h, ok && h.attempt == attempt
}

// splitHoldID splits a hold's id. Bookings have the ids of requests, and no others.
func splitHoldID(holdID events.HoldID) (booking events.ID, attempt uint32) {
	id, n, ok := events.CutHoldID(holdID)
	booking, err := events.ParseID(string(id))
	if !ok || err != nil {
		panic("area: " + string(holdID) + " is not the id of a hold")
	}
	return booking, uint32(n)
}

func holdID(booking events.ID, h hold) events.HoldID {
	return events.NewHoldID(events.BookingID(booking.String()), int64(h.attempt))
}

// current reports whether a deadline is still in force.
func (a *Area) current(d core.Deadline) bool {
	h, ok := a.holds.Get(d.ID)
	return ok && h.expires == d.At
}
