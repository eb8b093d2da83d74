package row

import (
	"time"

	"admitone/events"
)

// Reservation is one that has ended: released or expired. Those that go on live
// in their product's actor, so a plain sale costs this view nothing.
type Reservation struct {
	ID        events.ReservationID
	ProductID events.ProductID
	Holder    events.Holder
	Quantity  int64
	// Status is events.ReservationReleased or events.ReservationExpired.
	Status events.ReservationStatus
	// ExpiresAt is the deadline of one that expired, zero for one released.
	ExpiresAt time.Time
	// Remaining of the product after it, Revision and Position: those of the
	// event that ended it.
	Remaining int64
	Revision  events.Revision
	Position  events.Position
}

// AppendReservation appends the record of a reservation: all but the ids.
func AppendReservation(dst []byte, r *Reservation) []byte {
	dst = AppendString(dst, string(r.Holder))
	dst = AppendInt(dst, r.Quantity)
	dst = AppendString(dst, string(r.Status))
	dst = AppendTime(dst, r.ExpiresAt)
	dst = AppendInt(dst, r.Remaining)
	dst = AppendInt(dst, int64(r.Revision))
	return AppendInt(dst, int64(r.Position))
}

// DecodeReservation reads what [AppendReservation] wrote. Error: [ErrRecord].
func DecodeReservation(record []byte) (Reservation, error) {
	in := NewReader(record)
	r := Reservation{
		Holder: events.Holder(
			in.Text(),
		), Quantity: in.Int(), Status: events.ReservationStatus(in.Text()), ExpiresAt: in.Time(),
		Remaining: in.Int(), Revision: events.Revision(in.Int()), Position: events.Position(in.Int()),
	}
	return r, in.Done()
}
