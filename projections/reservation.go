package projections

import (
	"admitone/events"
	"admitone/projections/row"
)

// closedReservations is the view of those, by product and id.
type closedReservations struct{ *records[row.Reservation] }

func newClosedReservations(p *Projections) closedReservations {
	return closedReservations{newRecords(p, "reservation", row.AppendReservation, row.DecodeReservation)}
}

// fold returns how many reservations ended.
func (c closedReservations) fold(product events.ProductID, e *events.Recorded, fact events.Fact) int {
	switch f := fact.(type) {
	case *events.ProductReleased:
		c.set(ownedKey(string(product), string(f.ReservationID)), &row.Reservation{
			ID: f.ReservationID, ProductID: product, Holder: f.Holder, Quantity: f.Quantity,
			Status: events.ReservationReleased, Remaining: f.Remaining, Revision: e.Revision, Position: e.Position,
		})
		return 1
	case *events.ProductExpired:
		for i := range f.Expired {
			h := &f.Expired[i]
			c.set(ownedKey(string(product), string(h.ReservationID)), &row.Reservation{
				ID: h.ReservationID, ProductID: product, Holder: h.Holder, Quantity: h.Quantity,
				Status: events.ReservationExpired, ExpiresAt: h.ExpiresAt.UTC(),
				Remaining: f.Remaining, Revision: e.Revision, Position: e.Position,
			})
		}
		return len(f.Expired)
	}
	return 0
}

// ClosedReservation returns a reservation that was released or has expired, and
// whether there is such a one. Errors: the disk's.
func (p *Projections) ClosedReservation(
	productID events.ProductID,
	reservationID events.ReservationID,
) (row.Reservation, bool, error) {
	if err := p.enter(); err != nil {
		return row.Reservation{}, false, err
	}
	defer p.leave()
	r, ok, err := viewOf[*products](p).closed.get(ownedKey(string(productID), string(reservationID)))
	if ok {
		r.ID, r.ProductID = reservationID, productID
	}
	return r, ok, err
}
