package api

import (
	"context"
	"errors"
	"time"

	"github.com/gofiber/fiber/v2"

	"admitone/actors/booking"
	"admitone/actors/core"
	"admitone/events"
	"admitone/projections/row"
)

// annotateBooking edits the order data of a booking, whatever its status.
func (s *Server) annotateBooking(r *request) error {
	if err := r.caller.requireRole(RoleService, RoleAdmin); err != nil {
		return err
	}
	id, err := param[events.BookingID](r, "id", "booking")
	if err != nil {
		return err
	}
	base, err := r.ifMatch()
	if err != nil {
		return err
	}
	edit, err := r.orderEdit()
	if err != nil {
		return err
	}
	before, err := s.bookingState(id)
	if err != nil {
		return err
	}
	if before == nil {
		return notFound("booking")
	}
	if edit.isEmpty() {
		if before.Revision != *base {
			return r.stalePrecondition(core.StaleRevision(before.Revision), booking.Stream(id), *base, before.Revision)
		}
		return r.answerAnnotated(before)
	}
	order, err := edit.apply(before.Order)
	if err != nil {
		return err
	}
	answer, err := r.dispatch(booking.Stream(id), &booking.Annotate{Order: order}, &editBase{revision: *base})
	if refusal := (*core.Refusal)(nil); errors.As(err, &refusal) && refusal.Code == core.CodeStaleRevision {
		return r.stalePrecondition(refusal, booking.Stream(id), *base, answer.Revision)
	}
	if err != nil {
		return err
	}
	after, err := s.bookingState(id)
	if err != nil {
		return err
	}
	return r.answerAnnotated(after)
}

// bookingState returns the current state of a booking from its entity, nil if there is no such booking.
func (s *Server) bookingState(id events.BookingID) (*row.Booking, error) {
	var state booking.State
	answer, err := s.config.Desk.View(context.Background(), booking.Stream(id),
		func(c core.Core) { state = c.(*booking.Booking).State() })
	if err != nil || state.ID == "" {
		return nil, err
	}
	now := bookingNow(&state, answer.Revision, answer.Position)
	return &now, nil
}

// answerAnnotated answers an edit of order data with the booking.
func (r *request) answerAnnotated(b *row.Booking) error {
	expireBooking(b, time.Now())
	r.setETag(b.Revision)
	return r.json(fiber.StatusOK, AppendBooking(nil, b, nil))
}
