package api

import (
	"github.com/gofiber/fiber/v2"

	"admitone/actors"
	"admitone/actors/booking"
	"admitone/actors/bookings"
	"admitone/events"
)

// defaultIntent is the default lifetime of a payment intent, in seconds.
const defaultIntent = 1800

func (s *Server) intentRoutes() {
	const intent = "/v1/bookings/:id/payment-intent"
	s.handle(fiber.MethodPost, intent, s.beginIntent)
	s.handle(fiber.MethodDelete, intent, s.endIntent)
}

// beginIntent opens a payment intent: 201, or 200 if the same intent is open already.
func (s *Server) beginIntent(r *request) error {
	id, err := param[events.BookingID](r, "id", "booking")
	if err != nil {
		return err
	}
	if err := r.caller.requireRole(RoleService, RoleAdmin); err != nil {
		return err
	}
	var body struct {
		Provider *events.Provider `json:"provider"`
		Seconds  *int64           `json:"seconds"`
	}
	if err := r.decode(&body, false); err != nil {
		return err
	}
	if body.Provider == nil || !validProvider(*body.Provider) {
		return invalidField("provider", "1 to 32 of a-z 0-9 _ -")
	}
	seconds, err := wholeNumber("seconds", body.Seconds, defaultIntent, 1, int64(events.MaxIntent.Seconds()))
	if err != nil {
		return err
	}
	var answer bookings.Answer
	ctx, cancel := r.answerContext()
	defer cancel()
	beginIntent := func(command actors.CommandID) error {
		answer, err = s.config.Bookings.BeginIntent(ctx, bookings.BeginIntent{Origin: r.origin(command),
			BookingID: id, Intent: events.IntentID(actors.NewID().String()), Provider: *body.Provider, Seconds: seconds})
		return err
	}
	err = r.keyed(beginIntent)
	r.noteHead()
	if err != nil {
		return err
	}
	if answer.Replayed {
		openedAt, err := s.firstFact(ctx, booking.Stream(id), func(fact events.Fact) bool {
			opened, ok := fact.(*events.BookingIntentOpened)
			return ok && opened.Intent == answer.Intent
		})
		if err != nil {
			return err
		}
		if openedAt != 0 {
			return s.answerBookingAsOf(ctx, r, fiber.StatusCreated, answer, openedAt)
		}
		err = beginIntent(r.newCommandID()) // the first request opened no intent, so this one is decided anew
		r.noteHead()
		if err != nil {
			return err
		}
	}
	if answer.Intent == "" {
		return r.answerBooking(fiber.StatusOK, answer)
	}
	return r.answerBooking(fiber.StatusCreated, answer)
}

// endIntent ends the payment intent that the request names, by default the open one. It does nothing if the intent
// has ended.
func (s *Server) endIntent(r *request) error {
	id, err := param[events.BookingID](r, "id", "booking")
	if err != nil {
		return err
	}
	if err := r.caller.requireRole(RoleService, RoleAdmin); err != nil {
		return err
	}
	ctx, cancel := r.answerContext()
	defer cancel()
	answer, err := s.config.Bookings.EndIntent(ctx, bookings.EndIntent{
		Origin: r.origin(r.newCommandID()), BookingID: id, Intent: events.IntentID(r.ctx.Query("intent"))})
	r.noteHead()
	if err != nil {
		return err
	}
	return r.answerBooking(fiber.StatusOK, answer)
}
