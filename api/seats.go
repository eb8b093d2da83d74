package api

import (
	"context"
	"errors"
	"slices"

	"github.com/gofiber/fiber/v2"

	"admitone/actors/core"
	"admitone/actors/performance"
	"admitone/actors/seat"
	"admitone/api/codes"
	"admitone/events"
	"admitone/projections/row"
)

func (s *Server) seatRoutes() {
	s.handle(fiber.MethodGet, "/v1/performances/:id/seats", s.limitPastReads(s.listSeats))
	s.handle(fiber.MethodGet, "/v1/performances/:id/changes", s.limitReads(s.listSeatChanges))
	s.blockRoutes()
	s.handle(fiber.MethodPut, "/v1/performances/:id/seats/:seat/block", s.changeSeat(&seat.Block{}))
	s.handle(fiber.MethodDelete, "/v1/performances/:id/seats/:seat/block", s.changeSeat(&seat.Unblock{}))
}

// seatStatuses are the statuses by which a list of seats can be filtered.
var seatStatuses = []events.SeatStatus{events.SeatIsFree, events.SeatIsHeld, events.SeatIsBooked, events.SeatIsBlocked}

// listSeats answers with a page of the seats of a performance, by section and row.
func (s *Server) listSeats(r *request) error {
	id, err := param[events.PerformanceID](r, "id", "performance")
	if err != nil {
		return err
	}
	after, limit, err := r.numberedPaging()
	if err != nil {
		return err
	}
	status := events.SeatStatus(r.ctx.Query("status"))
	if status != "" && !slices.Contains(seatStatuses, status) {
		return refuse(codes.BadParameter, "status must be free, held, booked or blocked")
	}
	at, err := r.moment()
	if err != nil {
		return err
	}
	performance, seats, err := s.performance(id, at)
	if err != nil {
		return err
	}
	section := events.SectionID(r.ctx.Query("section"))
	if section != "" &&
		!slices.ContainsFunc(performance.Sections, func(s row.Section) bool { return s.ID == section }) {
		return refuse(codes.BadParameter, "the performance has no such section")
	}
	page, next := seats.Seats(section, status, after, limit)
	return r.list(len(page), numberedCursor(next), func(dst []byte, i int) ([]byte, error) {
		o := events.OpenObject(dst)
		o.String("seat", string(page[i].Seat))
		o.String("status", string(page[i].Status))
		o.Int("price", page[i].Price)
		return o.Close(), nil
	}, func(o *events.Object) {
		o.Int("position", int64(seats.Position))
		if at != nil {
			o.Raw("as_of", appendAsOf(nil, *at))
		}
	})
}

// changeSeat returns the handler that blocks or unblocks a seat. Both are idempotent.
func (s *Server) changeSeat(command core.Command) handler {
	return func(r *request) error {
		if err := r.caller.requireRole(RoleAdmin); err != nil {
			return err
		}
		id, err := param[events.PerformanceID](r, "id", "performance")
		if err != nil {
			return err
		}
		if err := r.decode(&struct{}{}, true); err != nil {
			return err
		}
		layout, err := s.layout(id)
		if err != nil {
			return err
		}
		name := events.SeatName(r.segment("seat"))
		place, ok := layout.Find(name)
		if !ok {
			return notFound("seat")
		}
		stream := seat.Stream(id, name)
		if _, err := r.dispatch(stream, command, nil); err != nil {
			refusal := (*core.Refusal)(nil)
			if errors.As(err, &refusal) && refusal.Code == core.CodeSeatTaken {
				return &problem{code: refusal.Code, detail: refusal.Detail,
					fields: map[string]any{"seats": []events.SeatName{name}, "alternatives": [][]events.SeatName{}}}
			}
			return err
		}
		return s.answerSeat(r, id, layout.Name(place), layout.Price(place))
	}
}

// layout returns the seat layout of a performance. Errors: not_found; the desk's and the views'.
func (s *Server) layout(performanceID events.PerformanceID) (layout *events.Layout, err error) {
	var latest performance.Create
	_, err = s.config.Desk.View(context.Background(), performance.Stream(performanceID), func(c core.Core) {
		latest, layout = c.(*performance.Performance).Latest(), c.(*performance.Performance).Layout()
	})
	switch {
	case err != nil:
		return nil, err
	case latest.ID == "":
		return nil, notFound("performance")
	case latest.Plan == "":
		return layout, nil
	}
	hall, err := s.config.Views.Hall(context.Background(), latest.Plan)
	if err != nil {
		return nil, err
	}
	return latest.Layout(hall), nil
}

// answerSeat answers with the current state of a seat from its entity.
func (s *Server) answerSeat(r *request, performanceID events.PerformanceID, name events.SeatName, price int64) error {
	var status events.SeatStatus
	answer, err := s.config.Desk.View(context.Background(), seat.Stream(performanceID, name), func(c core.Core) {
		status = c.(*seat.Seat).Status()
	})
	if err != nil {
		return err
	}
	o := events.OpenObject(nil)
	o.String("performance_id", string(performanceID))
	o.String("seat", string(name))
	o.String("status", string(status))
	o.Int("price", price)
	if answer.Revision != events.NoStream { // otherwise the seat has no events
		r.setETag(answer.Revision)
		o.Int("revision", int64(answer.Revision))
		o.Int("position", int64(answer.Position))
	}
	return r.json(fiber.StatusOK, o.Close())
}
