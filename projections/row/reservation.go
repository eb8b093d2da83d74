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
	// Price of one unit, in minor units, and Cancellation policy are those of the time of the hold or sale.
	Price        int64
	Cancellation events.Cancellation
	// PaidBy is the stream of the external payment that paid for the reservation, "" for none, and Kept the
	// cancellation fee withheld from that payment, in minor units.
	PaidBy events.StreamID
	Kept   int64
	// Deadline of the hold, zero if the reservation was sold without a hold.
	Deadline time.Time
	// Steps has the statuses in order, at least one. It must not be modified.
	Steps []ReservationStep
	// Order is the latest order data, from the fact at OrderRevision and OrderPosition, which are 0
	// if there is none. It must not be modified.
	Order         events.OrderData
	OrderRevision events.Revision
	OrderPosition events.Position
}

// ReservationStep is a status of a reservation, with the event that led to it.
type ReservationStep struct {
	Status   events.ReservationStatus
	Revision events.Revision
	Position events.Position
	// Remaining is the number of the product's remaining units after the event.
	Remaining int64
}

// Last returns the newest step.
func (r *Reservation) Last() *ReservationStep { return &r.Steps[len(r.Steps)-1] }

// Status returns the status after the newest step.
func (r *Reservation) Status() events.ReservationStatus { return r.Last().Status }

// Ended reports whether the reservation was released or cancelled, or has expired.
func (r *Reservation) Ended() bool {
	switch r.Status() {
	case events.ReservationReleased, events.ReservationExpired, events.ReservationCancelled:
		return true
	}
	return false
}

// ExpiresAt returns the deadline of a reservation that is held or has expired, else zero.
func (r *Reservation) ExpiresAt() time.Time {
	if r.Status() == events.ReservationHeld || r.Status() == events.ReservationExpired {
		return r.Deadline
	}
	return time.Time{}
}

// StatusAt returns the status as of a time. A hold is expired after its deadline, even if no fact has recorded that
// yet.
func (r *Reservation) StatusAt(now time.Time) events.ReservationStatus {
	if r.Status() == events.ReservationHeld && now.After(r.Deadline) {
		return events.ReservationExpired
	}
	return r.Status()
}

// Revision returns the revision of the newest event about the reservation.
func (r *Reservation) Revision() events.Revision { return max(r.Last().Revision, r.OrderRevision) }

// Position returns the position of the newest event about the reservation.
func (r *Reservation) Position() events.Position { return max(r.Last().Position, r.OrderPosition) }

// Confirmed reports whether the reservation was ever confirmed.
func (r *Reservation) Confirmed() bool {
	return slices.ContainsFunc(r.Steps,
		func(s ReservationStep) bool { return s.Status == events.ReservationConfirmed })
}

// AsOf returns the reservation as of a position, and whether it existed. Its order data are always the latest, which
// are newer than position if OrderPosition is.
func (r *Reservation) AsOf(position events.Position) (Reservation, bool) {
	past := *r
	for len(past.Steps) > 0 && past.Last().Position > position {
		past.Steps = past.Steps[:len(past.Steps)-1]
	}
	return past, len(past.Steps) > 0
}

// ReleaseFee returns the fee withheld from a released reservation, in minor units, and 0 for other statuses.
func (r *Reservation) ReleaseFee() int64 {
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
