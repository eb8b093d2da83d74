package projections

import (
	"time"

	"admitone/events"
)

// Reservation is one that has ended: released or expired. Those that go on live
// in their product's actor, so a plain sale costs this view nothing.
type Reservation struct {
	ID        string
	ProductID string
	Holder    string
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

// closedReservations is the view of those, by product and id.
type closedReservations struct{ *records[Reservation] }

func newClosedReservations(p *Projections) closedReservations {
	return closedReservations{newRecords(p, "reservation", appendReservation, decodeReservation)}
}

// fold returns how many reservations ended.
func (c closedReservations) fold(product string, e *events.Recorded, fact events.Fact) int {
	switch f := fact.(type) {
	case *events.ProductReleased:
		c.set(ownedKey(product, f.ReservationID), &Reservation{
			ID: f.ReservationID, ProductID: product, Holder: f.Holder, Quantity: f.Quantity,
			Status: events.ReservationReleased, Remaining: f.Remaining, Revision: e.Revision, Position: e.Position,
		})
		return 1
	case *events.ProductExpired:
		for i := range f.Expired {
			h := &f.Expired[i]
			c.set(ownedKey(product, h.ReservationID), &Reservation{
				ID: h.ReservationID, ProductID: product, Holder: h.Holder, Quantity: h.Quantity,
				Status: events.ReservationExpired, ExpiresAt: h.ExpiresAt.UTC(),
				Remaining: f.Remaining, Revision: e.Revision, Position: e.Position,
			})
		}
		return len(f.Expired)
	}
	return 0
}

func appendReservation(dst []byte, r *Reservation) []byte {
	dst = appendString(dst, r.Holder)
	dst = appendInt(dst, r.Quantity)
	dst = appendString(dst, string(r.Status))
	dst = appendTime(dst, r.ExpiresAt)
	dst = appendInt(dst, r.Remaining)
	dst = appendInt(dst, int64(r.Revision))
	return appendInt(dst, int64(r.Position))
}

// decodeReservation leaves out what the key has: the ids.
func decodeReservation(record []byte) (Reservation, error) {
	in := reader{rest: record}
	r := Reservation{
		Holder: in.str(), Quantity: in.int(), Status: events.ReservationStatus(in.str()), ExpiresAt: in.time(),
		Remaining: in.int(), Revision: events.Revision(in.int()), Position: events.Position(in.int()),
	}
	return r, in.done()
}

// ClosedReservation returns a reservation that was released or has expired, and
// whether there is such a one. Errors: the disk's.
func (p *Projections) ClosedReservation(productID, reservationID string) (Reservation, bool, error) {
	if err := p.enter(); err != nil {
		return Reservation{}, false, err
	}
	defer p.leave()
	r, ok, err := kindOf[*products](p).closed.get(ownedKey(productID, reservationID))
	if ok {
		r.ID, r.ProductID = reservationID, productID
	}
	return r, ok, err
}
