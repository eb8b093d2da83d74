package api

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/gofiber/fiber/v2"

	"admitone/actors"
	"admitone/actors/area"
	"admitone/actors/bookings"
	"admitone/actors/core"
	"admitone/api/codes"
	"admitone/events"
)

// maxBlockBody bounds the body of a request that blocks seats, in bytes.
const maxBlockBody = 1 << 20

func (s *Server) blockRoutes() {
	const path = "/v1/performances/:id/blocks"
	s.handle(fiber.MethodGet, path, s.listBlocks)
	s.handle(fiber.MethodPut, path, s.blockSeats)
	s.handle(fiber.MethodDelete, path, s.unblockSeats)
}

// newBlock is the body of a request that blocks: seats or rows by name, places of areas, or both.
type newBlock struct {
	Seats *[]events.SeatName `json:"seats"`
	Rows  *[]string          `json:"rows"`
	Areas areaPlaces         `json:"areas"`
	Label events.BlockLabel  `json:"label"`
}

// blockSeats blocks seats and places, all or none, for bookings that name their label.
func (s *Server) blockSeats(r *request) error {
	if err := r.caller.requireRole(RoleAdmin); err != nil {
		return err
	}
	id, err := param[events.PerformanceID](r, "id", "performance")
	if err != nil {
		return err
	}
	var body newBlock
	if err := r.decode(&body, false); err != nil {
		return err
	}
	command := bookings.Block{PerformanceID: id, Label: body.Label}
	if err := validLabel(body.Label); err != nil {
		return err
	}
	if body.Areas != nil {
		if command.Areas, err = body.Areas.list(); err != nil {
			return err
		}
	}
	switch bounds := fmt.Sprintf("1 to %d", bookings.MaxBlocked); {
	case body.Seats != nil && body.Rows != nil, body.Seats == nil && body.Rows == nil && body.Areas == nil:
		return invalidField("seats", "give seats or rows by name, one of the two, or places of areas")
	case body.Seats != nil:
		if command.Seats = *body.Seats; len(command.Seats) < 1 || len(command.Seats) > bookings.MaxBlocked {
			return invalidField("seats", "one request blocks "+bounds+" seats")
		}
	case body.Rows != nil:
		if command.Rows = *body.Rows; len(command.Rows) < 1 || len(command.Rows) > bookings.MaxBlocked {
			return invalidField("rows", "one request blocks the seats of "+bounds+" rows")
		}
	}
	return s.changeBlock(r, command, s.config.Bookings.Block)
}

func validLabel(label events.BlockLabel) error {
	if !label.Valid() {
		return invalidField("label", fmt.Sprintf("a label has 1 to %d printable characters", events.MaxBlockLabel))
	}
	return nil
}

// unblockSeats puts back on sale all seats and places that are blocked under a label.
func (s *Server) unblockSeats(r *request) error {
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
	label := events.BlockLabel(r.ctx.Query("label"))
	if !label.Valid() {
		return refuse(codes.BadParameter,
			fmt.Sprintf("the query parameter label must have 1 to %d printable characters", events.MaxBlockLabel))
	}
	ctx, cancel := r.answerContext()
	err = s.config.Views.CatchUp(ctx)
	cancel()
	if err != nil {
		return err
	}
	blocks, _, ok, err := s.config.Views.Blocks(id)
	switch {
	case err != nil:
		return err
	case !ok:
		return notFound("performance")
	}
	command := bookings.Block{PerformanceID: id, Label: label}
	for i := range blocks {
		if blocks[i].Label == label {
			command.Seats = blocks[i].Seats
		}
	}
	return s.changeBlock(r, command, s.config.Bookings.Unblock)
}

// blockChange blocks or unblocks seats and places.
type blockChange func(context.Context, bookings.Block) (bookings.Blocked, error)

// changeBlock makes a change of blocks, and answers with the changed seats and places.
func (s *Server) changeBlock(r *request, command bookings.Block, change blockChange) error {
	var blocked bookings.Blocked
	var at events.Position
	err := r.keyed(func(id actors.CommandID) (err error) {
		ctx, cancel := r.answerContext()
		defer cancel()
		command.Origin = r.origin(id)
		if blocked, err = change(ctx, command); err == nil {
			at, err = s.config.Store.Head(ctx) // at or after the last event of the change
		}
		return err
	})
	r.noteHead()
	if refusal := (*core.Refusal)(nil); errors.As(err, &refusal) && refusal.Code == core.CodeInvalidField {
		return invalidField(fmt.Sprint(refusal.Fields["field"]), refusal.Detail)
	}
	if err != nil {
		return err
	}
	o := events.OpenObject(nil)
	o.String("performance_id", string(command.PerformanceID))
	appendBlock(&o, command.Label, blocked)
	o.Int("position", int64(at))
	return r.json(fiber.StatusOK, o.Close())
}

// listBlocks answers with the currently blocked seats and places, by label.
func (s *Server) listBlocks(r *request) error {
	if err := r.caller.requireRole(RoleAuditor, RoleService, RoleAdmin); err != nil {
		return err
	}
	id, err := param[events.PerformanceID](r, "id", "performance")
	if err != nil {
		return err
	}
	if err := r.waitForViews(); err != nil {
		return err
	}
	blocks, err := s.blocks(r, id)
	if err != nil {
		return err
	}
	body := []byte{'['}
	for i, label := range slices.Sorted(maps.Keys(blocks)) {
		if i > 0 {
			body = append(body, ',')
		}
		o := events.OpenObject(body)
		appendBlock(&o, label, *blocks[label])
		body = o.Close()
	}
	return r.json(fiber.StatusOK, append(body, ']'))
}

// blocks returns a performance's blocked seats, from the views, and blocked places, from the areas, by label.
func (s *Server) blocks(r *request, id events.PerformanceID) (map[events.BlockLabel]*bookings.Blocked, error) {
	seats, _, ok, err := s.config.Views.Blocks(id)
	if err == nil && !ok {
		err = notFound("performance")
	}
	if err != nil {
		return nil, err
	}
	all := map[events.BlockLabel]*bookings.Blocked{}
	for i := range seats {
		all[seats[i].Label] = &bookings.Blocked{Seats: seats[i].Seats}
	}
	now, err := s.performanceNow(id)
	if err != nil {
		return nil, err
	}
	ctx, cancel := r.answerContext()
	defer cancel()
	for i := range now.Areas {
		if now.Areas[i].Blocked == 0 {
			continue
		}
		var labels []events.BlockLabel
		var places []events.AreaPlaces
		_, err := s.config.Desk.View(ctx, area.Stream(id, now.Areas[i].ID), func(c core.Core) {
			labels = c.(*area.Area).Labels()
			for _, label := range labels {
				places = append(places, events.AreaPlaces{Area: now.Areas[i].ID, Places: c.(*area.Area).Blocked(label)})
			}
		})
		if err != nil {
			return nil, err
		}
		for j, label := range labels {
			if all[label] == nil {
				all[label] = &bookings.Blocked{}
			}
			all[label].Areas = append(all[label].Areas, places[j])
		}
	}
	return all, nil
}

func appendBlock(o *events.Object, label events.BlockLabel, blocked bookings.Blocked) {
	o.String("label", string(label))
	events.Strings(o, "seats", blocked.Seats)
	o.Key("areas")
	areas := events.OpenObject(o.Buf)
	for _, a := range blocked.Areas {
		areas.Int(string(a.Area), a.Places)
	}
	o.Buf = areas.Close()
}

// bookingLabel returns the label that a booking names, "" for none. Only services and admins may name one.
func (r *request) bookingLabel(body *newBooking) (events.BlockLabel, error) {
	if body.Label == nil {
		return "", nil
	}
	if err := validLabel(*body.Label); err != nil {
		return "", err
	}
	if !r.caller.actsForOthers() {
		return "", refuse(core.CodeForbidden, "only a service or an admin may name a label")
	}
	if body.Seats == nil && body.Areas == nil {
		return "", invalidField("label", "a label goes with seats by name and places of areas")
	}
	return *body.Label, nil
}
