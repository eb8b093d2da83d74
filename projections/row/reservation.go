package row

import (
	"slices"
	"time"

	"admitone/events"
)

// Reservation is the fold of the events of one reservation in its product's stream.
type Reservation struct {
	ID        events.ReservationID
	ProductID events.ProductID
	Holder    events.Holder
	Quantity  int64
	// Price of one unit, in minor units, and cancellation policy, as of its hold or sale.
	Price        int64
	Cancellation events.Cancellation
	// PaidBy is the stream of the external payment that paid for it, "" for none, and Kept the cancellation
	// fee withheld from that, in minor units.
	PaidBy events.StreamID
	Kept   int64
	// Deadline of its hold, zero if it was sold at once.
	Deadline time.Time
	// Steps are its statuses, the oldest first, at least one. They must not be modified.
	Steps []ReservationStep
	// Order is the latest order data, of the fact at OrderRevision and OrderPosition, both 0 for
	// none. It must not be modified.
	Order         events.OrderData
	OrderRevision events.Revision
	OrderPosition events.Position
}

// ReservationStep is a status of a reservation, with the event that led to it.
type ReservationStep struct {
	Status   events.ReservationStatus
	Revision events.Revision
	Position events.Position
	// Remaining of the product after it.
	Remaining int64
}

// Last is the newest step.
func (r *Reservation) Last() *ReservationStep { return &r.Steps[len(r.Steps)-1] }

// Status is the status after the newest step.
func (r *Reservation) Status() events.ReservationStatus { return r.Last().Status }

// Ended reports whether it was released, cancelled or has expired.
func (r *Reservation) Ended() bool {
	switch r.Status() {
	case events.ReservationReleased, events.ReservationExpired, events.ReservationCancelled:
		return true
	}
	return false
}

// ExpiresAt is the deadline of a hold, also of one that has expired; zero otherwise.
func (r *Reservation) ExpiresAt() time.Time {
	if r.Status() == events.ReservationHeld || r.Status() == events.ReservationExpired {
		return r.Deadline
	}
	return time.Time{}
}

// StatusAt returns the status as of a time: a hold is expired after its deadline, even before its fact says so.
func (r *Reservation) StatusAt(now time.Time) events.ReservationStatus {
	if r.Status() == events.ReservationHeld && now.After(r.Deadline) {
		return events.ReservationExpired
	}
	return r.Status()
}

// Revision and Position of the newest event about it.
func (r *Reservation) Revision() events.Revision { return max(r.Last().Revision, r.OrderRevision) }

// Position is the position of the newest event about it.
func (r *Reservation) Position() events.Position { return max(r.Last().Position, r.OrderPosition) }

// Confirmed reports whether it was ever sold.
func (r *Reservation) Confirmed() bool {
	return slices.ContainsFunc(r.Steps,
		func(s ReservationStep) bool { return s.Status == events.ReservationConfirmed })
}

// AsOf returns the reservation as of a position; false if it did not exist yet. Its order data are the latest ones;
// they are later than position if OrderPosition is.
func (r *Reservation) AsOf(position events.Position) (Reservation, bool) {
	past := *r
	for len(past.Steps) > 0 && past.Last().Position > position {
		past.Steps = past.Steps[:len(past.Steps)-1]
	}
	return past, len(past.Steps) > 0
}

// KeptNow is the fee withheld from it while it is released, in minor units.
func (r *Reservation) KeptNow() int64 {
	if r.Status() != events.ReservationReleased {
		return 0
	}
	return r.Kept
}

// With returns the reservation with one more step; r is not changed.
func (r *Reservation) With(step ReservationStep) *Reservation {
	next := *r
	next.Steps = append(slices.Clip(r.Steps), step)
	return &next
}

// WithOrder returns the reservation with other order data; r is not changed.
func (r *Reservation) WithOrder(e *events.Recorded, order events.OrderData) *Reservation {
	next := *r
	next.Order, next.OrderRevision, next.OrderPosition = order, e.Revision, e.Position
	return &next
}

// stepStatuses maps a status's number in a record to the status.
var stepStatuses = [...]events.ReservationStatus{events.ReservationHeld, events.ReservationConfirmed,
	events.ReservationReleased, events.ReservationExpired, events.ReservationCancelled}

// AppendReservation appends the record of a reservation: all but the ids.
func AppendReservation(dst []byte, r *Reservation) []byte {
	dst = AppendInt(AppendString(dst, string(r.Holder)), r.Quantity)
	dst = AppendInt(AppendString(AppendCancellation(AppendInt(dst, r.Price), r.Cancellation), string(r.PaidBy)), r.Kept)
	dst = AppendInt(AppendTime(dst, r.Deadline), int64(len(r.Steps)))
	for i := range r.Steps {
		s := &r.Steps[i]
		for _, n := range [...]int64{int64(slices.Index(stepStatuses[:], s.Status)), int64(s.Revision), int64(s.Position),
			s.Remaining} {
			dst = AppendInt(dst, n)
		}
	}
	dst = AppendInt(dst, int64(r.OrderRevision))
	if r.OrderRevision == 0 {
		return dst
	}
	return AppendOrderData(AppendInt(dst, int64(r.OrderPosition)), &r.Order)
}

// DecodeReservation reads what [AppendReservation] wrote. Error: [ErrRecord].
func DecodeReservation(record []byte) (Reservation, error) {
	in := NewReader(record)
	r := Reservation{Holder: events.Holder(in.Text()), Quantity: in.Int(), Price: in.Int(),
		Cancellation: in.Cancellation(), PaidBy: events.StreamID(in.Text()), Kept: in.Int(), Deadline: in.Time()}
	for n := in.Int(); n > 0 && in.OK(); n-- {
		status := in.Int()
		if status < 0 || status >= int64(len(stepStatuses)) {
			return r, ErrRecord
		}
		r.Steps = append(r.Steps, ReservationStep{Status: stepStatuses[status], Revision: events.Revision(in.Int()),
			Position: events.Position(in.Int()), Remaining: in.Int()})
	}
	if r.OrderRevision = events.Revision(in.Int()); r.OrderRevision != 0 {
		r.OrderPosition = events.Position(in.Int())
		r.Order = in.OrderData()
	}
	if len(r.Steps) == 0 {
		return r, ErrRecord
	}
	return r, in.Done()
}
