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

// receive applies the receipt of an external payment under this policy. It is never refused because
// of the purchase, which may not exist under this policy.
func (r *executor) receive(w *demand.Request, f *events.PaymentReceived) error {
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
	stream, pay := product.Stream(f.ProductID), &product.Pay{ReservationID: id, Payment: w.Stream, Seen: math.MaxInt64}
	if _, _, err := r.step(stream, nil); err != nil { // first expire passed deadlines
		return err
	}
	if ended := r.expired[f.ReservationID]; !ended.ExpiresAt.IsZero() {
		pay.Ended = &ended
	}
	_, err = r.command(stream, pay)
	if refused, _ := code(err); refused != core.CodeNotFound {
		return err
	}
	return nil // it was released here, and the product no longer has it
}

// noteExpired retains an expired reservation for a late payment. Its price is the product's present
// one, which an edit may have changed since the hold.
func (r *executor) noteExpired(stream events.StreamID, hold *events.ExpiredHold) {
	latest, _, _ := r.entities[stream].core.(*product.Product).Figures()
	r.expired[hold.ReservationID] = product.Ended{Holder: hold.Holder, Quantity: hold.Quantity,
		Status: events.ReservationExpired, ExpiresAt: hold.ExpiresAt,
		Offer: product.Offer{Price: latest.Price, Cancellation: latest.Cancellation}}
}
