package seat

import (
	"encoding/json"
	"io"
	"time"

	"admitone/actors/core"
	"admitone/events"
)

// Kind of seats.
var Kind = core.Kind{Category: events.SeatCategory, New: New, SnapshotVersion: snapshotVersion}

// Stream of a performance's seat of this name.
func Stream(performanceID events.PerformanceID, name events.SeatName) events.StreamID {
	return events.NewStreamID(events.SeatCategory, events.OfPerformance(performanceID, string(name)))
}

// snapshotVersion changes with what Freeze writes.
const snapshotVersion = 1

// Grace is how much longer a seat is held than its booking.
const Grace = 30 * time.Second

// Hold keeps the seat for a booking. Again under the same hold it does nothing.
// Refusals: seat_taken (held, booked or blocked), limit_exceeded (the holder's stay
// is over).
type Hold struct {
	HoldID events.HoldID
	Holder events.Holder
	// Price in minor units, for the record.
	Price int64
	// HoldFor is how long a booking may stay unpaid. The seat is held for that and
	// Grace, or as long as the holder's stay may last.
	HoldFor time.Duration
	// Retake holds the seat for a payment that is under way, for Grace and whatever
	// the stay is. It takes the seat from an earlier attempt of the same booking.
	Retake bool
	// Terms is the revision of the performance's edit that Price and HoldFor are from.
	Terms events.Revision
}

// Extend moves the deadline of a hold. Refusals: not_held, limit_exceeded.
type Extend struct {
	HoldID events.HoldID
	// ExpiresAt is the seat's new deadline: the booking's and Grace.
	ExpiresAt time.Time
	// HoldFor is that of the hold.
	HoldFor time.Duration
	// Intent to pay outside that the booking has announced, "" if the seat is extended for the
	// holder. For intents the stay may be longer by [events.MaxIntent], however many there are.
	Intent events.IntentID
}

// Book turns a hold into a booked seat. Again it does nothing. Refusal: not_held.
type Book struct{ HoldID events.HoldID }

// Release frees the seat from a hold, held or booked. It does nothing if the seat
// is not the hold's.
type Release struct {
	HoldID events.HoldID
	Reason events.ReleaseReason
}

// Block takes a free seat off sale. Again it does nothing. Refusal: seat_taken.
type Block struct{}

// Unblock puts a blocked seat back on sale. It does nothing to any other.
type Unblock struct{}

// Seat is the state and the rules of one seat. It implements [core.Core].
type Seat struct {
	status  events.SeatStatus
	holdID  events.HoldID // who has it, "" if nobody
	holder  events.Holder // who has it or had it last
	expires int64         // UnixNano of the deadline, 0 unless held
	first   int64         // UnixNano of the beginning of the holder's stay
	freed   int64         // UnixNano of when the holder last gave it back, 0 while it is the holder's
}

// New returns a seat that nobody has touched.
func New() core.Core { return &Seat{status: events.SeatIsFree} }

// Status is where the seat stands.
func (s *Seat) Status() events.SeatStatus { return s.status }

// Owner is the hold that has the seat, and its holder; both "" if nobody has it.
func (s *Seat) Owner() (holdID events.HoldID, holder events.Holder) {
	if s.holdID == "" {
		return "", ""
	}
	return s.holdID, s.holder
}

// Deadline of the hold and the beginning of the holder's stay; zero unless the seat
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

// saved is a snapshot.
type saved struct {
	Status                events.SeatStatus
	HoldID                events.HoldID
	Holder                events.Holder
	Expires, First, Freed int64
}

// Freeze implements [core.Core].
func (s *Seat) Freeze() func(io.Writer) error {
	state := saved{s.status, s.holdID, s.holder, s.expires, s.first, s.freed}
	return func(w io.Writer) error { return json.NewEncoder(w).Encode(state) }
}

// Restore implements [core.Core].
func (s *Seat) Restore(r io.Reader) error {
	var state saved
	if err := json.NewDecoder(r).Decode(&state); err != nil {
		return err
	}
	*s = Seat{state.Status, state.HoldID, state.Holder, state.Expires, state.First, state.Freed}
	return nil
}
