package area

import (
	"slices"
	"time"

	"admitone/actors/core"
	"admitone/events"
)

// Kind registers areas with the shell.
var Kind = core.Kind{Category: events.AreaCategory, New: New, SnapshotVersion: snapshotVersion}

// Stream returns the stream of an area of a performance.
func Stream(performanceID events.PerformanceID, id events.AreaID) events.StreamID {
	return events.NewStreamID(events.AreaCategory, events.OfPerformance(performanceID, string(id)))
}

// MaxCapacity is the largest capacity of an area.
const MaxCapacity = events.MaxAreaPlaces

// expiryBatch is the maximum number of holds that one decision expires.
const expiryBatch = 64

// Hold holds places for a booking. Idempotent. A later attempt of a booking replaces an earlier one that is
// not booked. Refusals: not_held (a later attempt has places, or this attempt has a different number of
// places, or the places are booked), sold_out (remaining has the number of available places).
type Hold struct {
	HoldID events.HoldID
	Holder events.Holder
	// Places is the number of places to hold, above 0.
	Places int64
	// Label whose blocked places can be held too, and are taken first; "" for none.
	Label events.BlockLabel
	// Capacity is the capacity in the plan. It applies to an area without facts.
	Capacity int64
	// For is the duration of the hold.
	For time.Duration
	// Terms is the revision of the performance's terms that apply.
	Terms events.Revision
}

// Extend moves the deadline of a hold. Refusals: not_held, limit_exceeded.
type Extend struct {
	HoldID    events.HoldID
	ExpiresAt time.Time
	// HoldFor is the time to pay a booking, and the maximum extension from the first deadline.
	HoldFor time.Duration
	// Intent is the booking's payment intent, "" if the holder extends. With an intent the maximum is longer
	// by [events.MaxIntent], for all intents together.
	Intent events.IntentID
}

// Book books the places of a hold for its paid booking. Idempotent. Refusal: not_held.
type Book struct{ HoldID events.HoldID }

// Release frees all places of a hold, held or booked. No-op if the hold has none.
type Release struct {
	HoldID events.HoldID
	Reason events.ReleaseReason
}

// Return frees booked places until Left remain. No-op if the hold has no more than that. Refusal: not_held
// (the places are held, not booked).
type Return struct {
	HoldID events.HoldID
	Left   int64
}

// Resize sets the capacity. Refusal: limit_exceeded (more places are held, booked and blocked).
type Resize struct {
	Capacity int64
	// Change is the number of the performance's change. A change that is not later than the last one is a
	// no-op.
	Change int64
	// Undo reverts the change if it was the last one. If the change arrives later, it has no effect.
	Undo bool
	// Committed: the performance has been edited, so the command can't be refused. If more places are held,
	// booked and blocked, it is a no-op.
	Committed bool
}

// Block takes remaining places off sale until the label has Places, including those that its bookings have.
// No-op if the label has that many, or if the change is repeated. Refusal: sold_out (remaining has the number
// that the label can have).
type Block struct {
	Label  events.BlockLabel
	Places int64
	// Capacity and Change are as in Hold and Resize.
	Capacity, Change int64
}

// Unblock puts all blocked places of a label back on sale. With Undo, it puts back on sale the places that the
// change has blocked.
type Unblock struct {
	Label events.BlockLabel
	// Capacity is as in Hold, Change and Undo are as in Resize.
	Capacity, Change int64
	Undo             bool
}

// hold has the places of one booking. It is compact, because an area may have a hundred thousand holds.
type hold struct {
	holder  events.Holder // "" once booked
	expires int64         // UnixNano of the deadline, 0 once booked
	first   int64         // UnixNano of the first deadline, 0 once booked
	attempt uint32
	places  uint32
}

func (h hold) held() bool { return h.expires != 0 }

// label has the numbers of places that belong to a label.
type label struct {
	blocked int64 // off sale, for holds that name the label
	taken   int64 // held or booked by bookings that name the label
}

// change is the performance's last change that has changed something in the area.
type change struct {
	Number int64
	// Moved is the number of places that it has blocked, negative if it has unblocked them.
	Moved int64
}

// Area is the state and the rules of one area. It implements [core.Core].
type Area struct {
	counts events.AreaCounts // zero before the first fact
	open   int               // number of holds that are not booked
	// holds has the hold of each booking.
	holds    *core.Table[events.ID, hold]
	deadline core.Deadlines
	labels   map[events.BlockLabel]label
	// labelled has, by booking, the places of holds that belong to a label. Few holds have any.
	labelled *core.Table[events.ID, events.Labelled]
	last     change
}

// New returns an area without facts.
func New() core.Core {
	return &Area{holds: core.NewTable[events.ID, hold](), labels: map[events.BlockLabel]label{},
		labelled: core.NewTable[events.ID, events.Labelled]()}
}

// Counts returns the numbers of places by status. Before the first fact, all places of the planned
// capacity are remaining.
func (a *Area) Counts(capacity int64) events.AreaCounts {
	if a.counts.Capacity() == 0 {
		return events.AreaCounts{Remaining: capacity}
	}
	return a.counts
}

// Available returns the number of places available to a hold with a label, including those that its booking
// has. capacity is the capacity in the plan.
func (a *Area) Available(holdID events.HoldID, label events.BlockLabel, capacity int64) int64 {
	booking, _ := splitHoldID(holdID)
	h, _ := a.holds.Get(booking)
	return a.Counts(capacity).Remaining + a.Blocked(label) + int64(h.places)
}

// Blocked returns the number of places blocked under a label.
func (a *Area) Blocked(label events.BlockLabel) int64 { return a.labels[label].blocked }

// Kept returns the number of places that belong to a label: blocked, or held or booked by bookings that name
// it.
func (a *Area) Kept(label events.BlockLabel) int64 {
	return a.labels[label].blocked + a.labels[label].taken
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

// Unblocked returns the number of places that a change has put back on sale, 0 if it was not the last
// change.
func (a *Area) Unblocked(number int64) int64 {
	if a.last.Number != number {
		return 0
	}
	return max(0, -a.last.Moved)
}

// Held is the content of a hold.
type Held struct {
	// Holder is "" once the places are booked.
	Holder events.Holder
	Places int64
	// ExpiresAt is the deadline and First the first deadline, both zero once booked.
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

// splitHoldID splits a hold's id. It panics if the id is not that of a booking's hold.
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
