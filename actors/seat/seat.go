package seat

import (
	"encoding/json"
	"io"
	"time"

	"admitone/actors/core"
	"admitone/events"
)

// Kind registers seats with the shell.
var Kind = core.Kind{Category: events.SeatCategory, New: New, SnapshotVersion: snapshotVersion}

// Stream returns the stream of a seat of a performance.
func Stream(performanceID events.PerformanceID, name events.SeatName) events.StreamID {
	return events.NewStreamID(events.SeatCategory, events.OfPerformance(performanceID, string(name)))
}

// snapshotVersion changes with the format that Freeze writes.
const snapshotVersion = 1

// Grace is the time between a booking's deadline and the deadline of its seats.
const Grace = 30 * time.Second

// Hold holds the seat for a booking. No-op if the same hold has it. Refusals: seat_taken (held,
// booked or blocked), limit_exceeded (the holder's stay has ended).
type Hold struct {
	HoldID events.HoldID
	Holder events.Holder
	// Price in minor units. It is recorded in the fact, and affects nothing.
	Price int64
	// HoldFor is the time to pay a booking. The seat is held for that time plus Grace, or until the limit of
	// the holder's stay plus Grace.
	HoldFor time.Duration
	// Retake holds the seat for a payment in progress, for Grace, regardless of the stay. It takes the seat
	// from an earlier attempt of the same booking.
	Retake bool
	// Terms is the revision of the performance's terms that apply.
	Terms events.Revision
	// Label permits a seat that is blocked under it; "" for none.
	Label events.BlockLabel
}

// Extend moves the deadline of a hold. Refusals: not_held, limit_exceeded.
type Extend struct {
	HoldID events.HoldID
	// ExpiresAt is the new deadline of the seat: the booking's plus Grace.
	ExpiresAt time.Time
	// HoldFor is as in [Hold].
	HoldFor time.Duration
	// Intent is the booking's payment intent, "" if the holder extends. With an intent the stay may be longer
	// by [events.MaxIntent], for all intents together.
	Intent events.IntentID
}

// Book books a held seat. Idempotent. Refusal: not_held.
type Book struct{ HoldID events.HoldID }

// Release frees a held or booked seat. No-op if the hold does not have the seat.
type Release struct {
	HoldID events.HoldID
	Reason events.ReleaseReason
}

// Block takes a free seat off sale. No-op if the seat is blocked under the same label, if it is blocked at all
// and Label is "", or if this or a later change has blocked it before. Refusal: seat_taken (held, booked, or
// blocked under a different label).
type Block struct {
	// Label that bookings must name, "" if no booking may have the seat.
	Label events.BlockLabel
	// Change is the number of the performance's change, 0 for none.
	Change int64
}

// Unblock puts a seat that is blocked under Label, or under any label if Label is "", back on sale. No-op for
// any other seat, but see Change.
type Unblock struct {
	Label events.BlockLabel
	// Change, if not 0, is the change to undo: only a seat that it has blocked is unblocked. If the change has
	// not arrived at a free seat yet, the seat records that it must have no effect.
	Change int64
}

// Seat is the state and the rules of one seat. It implements [core.Core].
type Seat struct {
	status  events.SeatStatus
	holdID  events.HoldID // the hold that owns the seat, "" if none
	holder  events.Holder // the current or most recent holder
	expires int64         // UnixNano of the deadline, 0 unless held
	first   int64         // UnixNano of the start of the holder's stay
	freed   int64         // UnixNano of the last release, 0 while the seat is held or booked
	// block is the current block, or the block to which the seat returns after the current hold; nil if the
	// seat was never blocked under a label or by a change.
	block *labelledBlock
}

// labelledBlock is a block and what is remembered of earlier blocks. It is never modified.
type labelledBlock struct {
	label  events.BlockLabel // "" for none
	change int64             // the change that has made the block, 0 for none
	latest int64             // the latest change that has ever blocked the seat, 0 for none
}

// New returns a seat without facts.
func New() core.Core { return &Seat{status: events.SeatIsFree} }

// Status returns whether the seat is free, held, booked or blocked.
func (s *Seat) Status() events.SeatStatus { return s.status }

// Label returns the label of the current block, or of the block to which the seat returns after the current
// hold; "" for none.
func (s *Seat) Label() events.BlockLabel {
	if s.block == nil {
		return ""
	}
	return s.block.label
}

// Available reports whether a booking that names label can hold the seat: it is free, or blocked
// under label.
func (s *Seat) Available(label events.BlockLabel) bool {
	return s.status == events.SeatIsFree || s.status == events.SeatIsBlocked && label != "" && label == s.Label()
}

// Change returns the change of the performance's blocks that has blocked the seat, 0 if none.
func (s *Seat) Change() int64 {
	if s.block == nil {
		return 0
	}
	return s.block.change
}

// latest returns the latest change of the performance's blocks that has ever blocked the seat, 0 if none.
func (s *Seat) latest() int64 {
	if s.block == nil {
		return 0
	}
	return s.block.latest
}

// setBlock sets the block. label is "" if the seat is not blocked under a label.
func (s *Seat) setBlock(label events.BlockLabel, change, latest int64) {
	if latest = max(latest, change); label == "" {
		change = 0
	}
	if s.block = nil; label != "" || latest != 0 {
		s.block = &labelledBlock{label, change, latest}
	}
}

// Owner returns the hold that owns the seat, and its holder; both are "" if there is none.
func (s *Seat) Owner() (holdID events.HoldID, holder events.Holder) {
	if s.holdID == "" {
		return "", ""
	}
	return s.holdID, s.holder
}

// Deadline returns the deadline of the hold and the start of the holder's stay. Both are zero unless the seat
// is held.
func (s *Seat) Deadline() (expiresAt, firstHeldAt time.Time) {
	if s.expires == 0 {
		return time.Time{}, time.Time{}
	}
	return moment(s.expires), moment(s.first)
}

// NextDeadline implements [core.Core].
func (s *Seat) NextDeadline() time.Time {
	expiresAt, _ := s.Deadline()
	return expiresAt
}

func moment(nanos int64) time.Time { return time.Unix(0, nanos).UTC() }

type snapshot struct {
	Status                events.SeatStatus
	HoldID                events.HoldID
	Holder                events.Holder
	Expires, First, Freed int64
	Label                 events.BlockLabel `json:",omitempty"`
	Change                int64             `json:",omitempty"`
	Latest                int64             `json:",omitempty"`
}

// Freeze implements [core.Core].
func (s *Seat) Freeze() func(io.Writer) error {
	state := snapshot{s.status, s.holdID, s.holder, s.expires, s.first, s.freed, s.Label(), s.Change(), s.latest()}
	return func(w io.Writer) error { return json.NewEncoder(w).Encode(state) }
}

// Restore implements [core.Core].
func (s *Seat) Restore(r io.Reader) error {
	var state snapshot
	if err := json.NewDecoder(r).Decode(&state); err != nil {
		return err
	}
	*s = Seat{state.Status, state.HoldID, state.Holder, state.Expires, state.First, state.Freed, nil}
	s.setBlock(state.Label, state.Change, state.Latest)
	return nil
}
