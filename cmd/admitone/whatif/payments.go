package whatif

import (
	"context"
	"math"

	"admitone/actors/bookings"
	"admitone/actors/core"
	"admitone/actors/product"
	"admitone/events"
	"admitone/projections/demand"
)

// receive applies the receipt of an external payment under this policy. It is not refused if the
// purchase does not exist under this policy.
func (r *executor) receive(request *demand.Request, f *events.PaymentReceived) error {
	if f.BookingID != "" {
		_, err := r.bookings.Report(context.Background(), bookings.Report{Origin: origin(),
			BookingID: r.bookingID(string(f.BookingID)), Provider: f.Provider, Reference: f.Reference, Amount: f.Amount,
			Currency: f.Currency, Final: true, LogCurrency: f.ExpectedCurrency})
		return err
	}
	if f.Wrong() {
		return nil
	}
	id, err := events.ParseID(string(f.ReservationID))
	if err != nil {
		return err
	}
	stream := product.Stream(f.ProductID)
	pay := &product.Pay{ReservationID: id, Payment: request.Stream, Seen: math.MaxInt64}
	if _, _, err := r.step(stream, nil); err != nil { // expires passed deadlines
		return err
	}
	if ended := r.expired[f.ReservationID]; !ended.ExpiresAt.IsZero() {
		pay.Ended = &ended
	}
	_, err = r.command(stream, pay)
	if refused, _ := code(err); refused != core.CodeNotFound {
		return err
	}
	return nil // the reservation was released in the simulation, and the product no longer has it
}

// retainExpired retains an expired reservation for a late payment. It assumes the product's current
// price, which an edit may have changed since the hold.
func (r *executor) retainExpired(stream events.StreamID, hold *events.ExpiredHold) {
	latest, _, _ := r.entities[stream].core.(*product.Product).Figures()
	r.expired[hold.ReservationID] = product.Ended{Holder: hold.Holder, Quantity: hold.Quantity,
		Status: events.ReservationExpired, ExpiresAt: hold.ExpiresAt,
		Offer: product.Offer{Price: latest.Price, Cancellation: latest.Cancellation}}
}
