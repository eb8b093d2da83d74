package whatif

import (
	"context"
	"errors"
	"fmt"

	"pgregory.net/rapid"

	"admitone/actors"
	"admitone/actors/booking"
	"admitone/actors/bookings"
	"admitone/actors/core"
	"admitone/actors/product"
	"admitone/actors/reservations"
	"admitone/events"
)

// randomPayment begins or ends a payment intent of a booking, or reports a payment for it.
func (s *sale) randomPayment(t *rapid.T, what, id string) {
	ctx, path, err := context.Background(), "/v1/bookings/"+id+"/payment-intent", error(nil)
	var state booking.State
	_, viewErr := s.desk.View(ctx, booking.Stream(events.BookingID(id)), func(c core.Core) {
		state = c.(*booking.Booking).State()
	})
	s.must(viewErr)
	switch what {
	case "intent":
		_, err = s.process.BeginIntent(ctx, bookings.BeginIntent{Origin: origin(), BookingID: state.ID, Provider: "bank",
			Intent:  events.IntentID(fmt.Sprint(id, "-", s.log.head())),
			Seconds: rapid.SampledFrom([]int64{10, 90, 200}).Draw(t, "wait")})
	case "end intent":
		_, err = s.process.EndIntent(ctx, bookings.EndIntent{Origin: origin(), BookingID: state.ID})
	case "report":
		path = "/v1/bookings/" + id + "/payment"
		_, err = s.process.Report(ctx, bookings.Report{Origin: origin(), BookingID: state.ID, Provider: "bank",
			Reference: fmt.Sprint("r", rapid.IntRange(1, 9).Draw(t, "reference")), Currency: "EUR", LogCurrency: "EUR",
			Amount: state.Amount + rapid.SampledFrom([]int64{0, 0, 0, 1}).Draw(t, "wrong"), Final: true})
	}
	s.refusedBooking(err, &events.RefusalRecorded{Path: path, Stream: "booking-" + id})
}

// payReservation reports a payment for units of a reservation in any state.
func (s *sale) payReservation(id events.ID, reference int, units int64) {
	_, err := reservations.New(s.desk, s).Report(context.Background(), reservations.Report{
		Request: actors.Request{ID: actors.NewCommandID(), Actor: "somebody"}, ProductID: "tee", ReservationID: id,
		Provider: "bank", Reference: fmt.Sprint("t", reference), Amount: 5 * units, Currency: "EUR", LogCurrency: "EUR",
		Final: true})
	if refusal := (*core.Refusal)(nil); !errors.As(err, &refusal) {
		s.must(err)
	}
}

// completeRefunds completes the refunds of paid reservations that were released.
func (s *sale) completeRefunds(facts []events.Fact) {
	for _, fact := range facts {
		if f, ok := fact.(*events.ProductReleased); ok && f.Payment != "" {
			s.must(reservations.New(s.desk, s).Resume(context.Background(), actors.Request{ID: actors.NewCommandID(),
				Actor: "somebody"}, f.Payment))
		}
	}
}

// Ended implements [reservations.Views], by reading the log.
func (s *sale) Ended(_ context.Context, of events.PaymentSubject, _ events.Position) (*product.Ended, error) {
	var ended *product.Ended
	for e, err := range events.Stream(context.Background(), s.log, product.Stream(of.ProductID), 0) {
		s.must(err)
		fact, err := e.Decode()
		s.must(err)
		switch f := fact.(type) {
		case *events.ProductExpired:
			for _, hold := range f.Expired {
				if hold.ReservationID == of.ReservationID {
					ended = &product.Ended{Holder: hold.Holder, Quantity: hold.Quantity, Status: events.ReservationExpired,
						ExpiresAt: hold.ExpiresAt, Offer: teeOffer}
				}
			}
		case *events.ProductReleased:
			if f.ReservationID == of.ReservationID {
				ended = &product.Ended{Holder: f.Holder, Quantity: f.Quantity, Status: events.ReservationReleased,
					Offer: teeOffer}
			}
		}
	}
	return ended, nil
}
