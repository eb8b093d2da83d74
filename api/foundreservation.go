package api

import (
	"admitone/events"
	"admitone/projections/row"
)

// foundReservation is a reservation with what its newest fact says, or refers to.
type foundReservation struct {
	reservation
	order events.OrderData
	// orderRevision is that of the fact that states order, 0 if there is none. One that ended has
	// left the product's core, and was found when the product was at revision seen.
	orderRevision, seen events.Revision
	ended               bool
}

// append appends the resource.
func (v *foundReservation) append(dst []byte) []byte {
	dst = appendReservation(dst, &v.reservation)
	if v.order.IsZero() {
		return dst
	}
	return withOrderData(dst, &v.order)
}

// reservationOf returns the reservation that a fact is about, nil if it is about others. An empty
// id means the first one.
func reservationOf(fact events.Fact, id events.ReservationID) *foundReservation {
	v := &foundReservation{}
	switch f := fact.(type) {
	case *events.ProductReserved:
		v.reservation = reservation{ID: f.ReservationID, Holder: f.Holder, Quantity: f.Quantity,
			Status: events.ReservationConfirmed, Remaining: f.Remaining}
		v.order = f.OrderData
	case *events.ProductHeld:
		v.reservation = reservation{ID: f.ReservationID, Holder: f.Holder, Quantity: f.Quantity,
			Status: events.ReservationHeld, ExpiresAt: f.ExpiresAt, Remaining: f.Remaining}
		v.order = f.OrderData
	case *events.ProductConfirmed:
		v.reservation = reservation{ID: f.ReservationID, Holder: f.Holder, Quantity: f.Quantity,
			Status: events.ReservationConfirmed, Remaining: f.Remaining}
		v.orderRevision = f.OrderRevision
	case *events.ProductReleased:
		v.reservation = reservation{ID: f.ReservationID, Holder: f.Holder, Quantity: f.Quantity,
			Status: events.ReservationReleased, Remaining: f.Remaining}
		v.orderRevision = f.OrderRevision
	case *events.ProductReservationAnnotated:
		v.reservation = reservation{ID: f.ReservationID, Holder: f.Holder, Quantity: f.Quantity, Status: f.Status,
			ExpiresAt: f.ExpiresAt, Remaining: f.Remaining}
		v.order = f.OrderData
	case *events.ProductExpired:
		for i := range f.Expired {
			if h := &f.Expired[i]; id == "" || h.ReservationID == id {
				v.reservation = reservation{ID: h.ReservationID, Holder: h.Holder, Quantity: h.Quantity,
					Status: events.ReservationExpired, ExpiresAt: h.ExpiresAt, Remaining: f.Remaining}
				return v
			}
		}
	}
	if v.ID == "" || id != "" && v.ID != id {
		return nil
	}
	return v
}

// foundReservationOf is a reservation as the views have it.
func foundReservationOf(r *row.Reservation) *foundReservation {
	return &foundReservation{reservation: reservation{
		ID:        r.ID,
		ProductID: r.ProductID,
		Holder:    r.Holder,
		Quantity:  r.Quantity,
		Status:    r.Status(),
		ExpiresAt: r.ExpiresAt(),
		Remaining: r.Last().Remaining,
		Revision:  r.Revision(),
		Position:  r.Position(),
	}, order: r.Order, orderRevision: r.OrderRevision}
}
