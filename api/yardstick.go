package api

import (
	"github.com/gofiber/fiber/v2"

	"admitone/actors"
	"admitone/events"
)

// yardstick decodes a reservation and answers, without a command: the baseline of the benchmarks.
func (s *Server) yardstick(r *request) error {
	command, err := r.newReservation()
	if err != nil {
		return err
	}
	command.ReservationID = actors.NewID()
	v := &reservation{
		ID:        events.ReservationID(command.ReservationID.String()),
		ProductID: "yardstick",
		Holder:    command.Holder,
		Quantity:  command.Quantity,
		Status:    events.ReservationConfirmed,
	}
	return r.encoded(fiber.StatusCreated, func(dst []byte) []byte { return appendReservation(dst, v) })
}
