package api

import (
	"context"

	"github.com/gofiber/fiber/v2"

	"admitone/actors"
	"admitone/actors/product"
	sales "admitone/actors/reservations"
	"admitone/events"
	"admitone/projections"
)

// EndedReservations looks up ended reservations in the views, for package reservations.
type EndedReservations struct{ Views *projections.Projections }

// Ended implements [sales.Views].
func (v EndedReservations) Ended(ctx context.Context, subject events.PaymentSubject,
	position events.Position) (*product.Ended, error) {
	ctx, cancel := context.WithTimeout(ctx, defaultViewsTimeout)
	defer cancel()
	if err := v.Views.WaitFor(ctx, position); err != nil {
		return nil, err
	}
	r, ok, err := v.Views.Reservation(subject.ProductID, subject.ReservationID)
	if err != nil || !ok || !r.Ended() {
		return nil, err
	}
	return &product.Ended{Holder: r.Holder, Quantity: r.Quantity, Status: r.Status(), ExpiresAt: r.ExpiresAt(),
		Offer: product.Offer{Price: r.Price, Cancellation: r.Cancellation}, OrderRevision: r.OrderRevision}, nil
}

// payReservation records an external payment for a reservation.
func (s *Server) payReservation(r *request, productID events.ProductID, rid events.ReservationID, id events.ID,
	money *externalPayment) error {
	var answer sales.Answer
	subject := events.PaymentSubject{ProductID: productID, ReservationID: events.ReservationID(id.String())}
	ctx, cancel := r.answerContext()
	defer cancel()
	err := r.keyedReport(subject, func(command actors.CommandID) (err error) {
		answer, err = s.config.Reservations.Report(ctx, sales.Report{Request: r.source(command),
			ProductID: productID, ReservationID: id, Provider: money.provider, Reference: money.reference,
			Amount: money.amount, Currency: money.currency, Final: money.final, LogCurrency: s.config.Currency.Code})
		return err
	})
	r.noteHead()
	if err != nil {
		return err
	}
	v, err := s.findReservation(r, productID, rid, id)
	if err == nil && v == nil {
		err = notFound("reservation")
	}
	if err != nil {
		return err
	}
	if answer.Replayed {
		r.set(headerReplay, "true")
	}
	if answer.Payment.Paid {
		r.endPass(passUse{room: s.roomOfProduct(productID)}, v.Holder, answer.Replayed)
	}
	r.setETag(v.Revision)
	return r.json(fiber.StatusOK, withOutcome(v.append(nil), &answer.Payment))
}

// startRefund starts the refund of a reservation's payment after its release or cancellation.
func (s *Server) startRefund(r *request, answer *actors.Answer) error {
	for _, fact := range answer.Facts {
		payment := events.StreamID("")
		switch f := fact.(type) {
		case *events.ProductReleased:
			payment = f.Payment
		case *events.ProductReservationCancelled:
			payment = f.Payment
		}
		if payment != "" {
			err := s.config.Reservations.Resume(context.Background(), r.source(r.newCommandID()), payment)
			r.noteHead() // so that the caller's next read includes the refund
			return err
		}
	}
	return nil
}
