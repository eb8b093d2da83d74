package api

import (
	"admitone/events"
	"admitone/projections/row"
)

// foundReservation is the state of a reservation after its newest fact.
type foundReservation struct {
	reservation
	order events.OrderData
	// orderRevision is the revision of the fact that contains order, 0 for none.
	orderRevision events.Revision
	// ended is true if the product's core no longer has the reservation.
	ended bool
	// checkedAt is the revision at which the product's core was found not to have the reservation.
	checkedAt events.Revision
}

// append appends the reservation as the HTTP resource.
func (v *foundReservation) append(dst []byte) []byte {
	dst = appendReservation(dst, &v.reservation)
	if v.order.IsZero() {
		return dst
	}
	return withOrderData(dst, &v.order)
}

// reservationOf returns the state of the reservation id after a fact, nil if the fact is not about it. If id is
// "", it returns the state of the first reservation of the fact.
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
			Status: events.ReservationReleased, Remaining: f.Remaining, Kept: f.Kept}
		v.orderRevision = f.OrderRevision
	case *events.ProductPaid:
		v.reservation = reservation{ID: f.ReservationID, Holder: f.Holder, Quantity: f.Quantity,
			Status: events.ReservationConfirmed, Remaining: f.Remaining}
		v.orderRevision = f.OrderRevision
	case *events.ProductRetaken:
		v.reservation = reservation{ID: f.ReservationID, Holder: f.Holder, Quantity: f.Quantity,
			Status: events.ReservationHeld, ExpiresAt: f.ExpiresAt, Remaining: f.Remaining}
		v.orderRevision = f.OrderRevision
	case *events.ProductPaymentFailed:
		v.reservation = reservation{ID: f.ReservationID, Holder: f.Holder, Quantity: f.Quantity,
			Status: events.ReservationExpired, ExpiresAt: f.ExpiresAt, Remaining: f.Remaining}
		v.orderRevision = f.OrderRevision
	case *events.ProductReservationCancelled:
		v.reservation = reservation{ID: f.ReservationID, Holder: f.Holder, Quantity: f.Quantity,
			Status: events.ReservationCancelled, Remaining: f.Remaining}
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

// foundReservationOf converts a reservation from the views.
func foundReservationOf(r *row.Reservation) *foundReservation {
	return &foundReservation{reservation: reservation{
		ID:        r.ID,
		ProductID: r.ProductID,
		Holder:    r.Holder,
		Quantity:  r.Quantity,
		Status:    r.Status(),
		ExpiresAt: r.ExpiresAt(),
		Remaining: r.Last().Remaining,
		Kept:      r.ReleaseFee(),
		Revision:  r.Revision(),
		Position:  r.Position(),
	}, order: r.Order, orderRevision: r.OrderRevision}
}
