package api

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/gofiber/fiber/v2"

	"admitone/actors"
	"admitone/actors/core"
	"admitone/actors/product"
	"admitone/events"
	"admitone/projections"
)

func (s *Server) reservationRoutes() {
	const one = "/v1/products/:id/reservations/:rid"
	s.handle(fiber.MethodPost, "/v1/products/:id/reservations", s.reserve)
	s.handle(fiber.MethodGet, one, s.past(s.getReservation))
	s.handle(fiber.MethodPost, one+"/confirm", s.confirm)
	s.handle(fiber.MethodDelete, one, s.release)
}

// reservation is the resource.
type reservation struct {
	id, productID, holder string
	quantity              int64
	status                events.ReservationStatus
	expiresAt             time.Time // zero if there is no deadline
	remaining             int64
	revision              events.Revision
	position              events.Position
}

func (v *reservation) append(dst []byte, at *projections.Moment) []byte {
	o := events.OpenObject(dst)
	o.String("id", v.id)
	o.String("product_id", v.productID)
	o.String("holder", v.holder)
	o.Int("quantity", v.quantity)
	o.String("status", string(v.status))
	if !v.expiresAt.IsZero() {
		o.Time("expires_at", v.expiresAt)
	}
	o.Int("remaining", v.remaining)
	o.Int("revision", int64(v.revision))
	o.Int("position", int64(v.position))
	if at != nil {
		o.Raw("as_of", appendAsOf(nil, *at))
	}
	return o.Close()
}

// reservationOf returns what a fact says about a reservation, nil if it is about
// others. An empty id means the first one the fact is about.
func reservationOf(fact events.Fact, id string) *reservation {
	var v *reservation
	switch f := fact.(type) {
	case *events.ProductReserved:
		v = &reservation{id: f.ReservationID, holder: f.Holder, quantity: f.Quantity, status: events.ReservationConfirmed, remaining: f.Remaining}
	case *events.ProductHeld:
		v = &reservation{id: f.ReservationID, holder: f.Holder, quantity: f.Quantity, status: events.ReservationHeld, expiresAt: f.ExpiresAt, remaining: f.Remaining}
	case *events.ProductConfirmed:
		v = &reservation{id: f.ReservationID, holder: f.Holder, quantity: f.Quantity, status: events.ReservationConfirmed, remaining: f.Remaining}
	case *events.ProductReleased:
		v = &reservation{id: f.ReservationID, holder: f.Holder, quantity: f.Quantity, status: events.ReservationReleased, remaining: f.Remaining}
	case *events.ProductExpired:
		for i := range f.Expired {
			if h := &f.Expired[i]; id == "" || h.ReservationID == id {
				return &reservation{id: h.ReservationID, holder: h.Holder, quantity: h.Quantity,
					status: events.ReservationExpired, expiresAt: h.ExpiresAt, remaining: f.Remaining}
			}
		}
	}
	if v == nil || id != "" && v.id != id {
		return nil
	}
	return v
}

// newReservation is the body of a reservation.
type newReservation struct {
	Holder   string   `json:"holder"`
	Quantity *int64   `json:"quantity"`
	Hold     bool     `json:"hold"`
	Contact  *contact `json:"contact,omitzero"`
}

func (r *request) newReservation() (command product.Reserve, err error) {
	if r.caller.role == "" {
		return command, r.caller.must(RoleHolder)
	}
	var body newReservation
	if err := r.decode(&body, false); err != nil {
		return command, err
	}
	if command.Holder, err = r.holder(body.Holder); err != nil {
		return command, err
	}
	command.Quantity, err = whole("quantity", body.Quantity, 1, 1, product.MaxStock)
	if err != nil {
		return command, err
	}
	command.Hold = body.Hold
	rest := body
	rest.Contact = nil
	return command, r.takeContact(body.Contact, rest)
}

func (s *Server) reserve(r *request) error {
	id, err := r.param("id", "product")
	if err != nil {
		return err
	}
	command, err := r.newReservation()
	if err != nil {
		return err
	}
	command.ReservationID = actors.NewID()
	if w := r.wish(); w != nil {
		w.Holder, w.Quantity, w.Hold = command.Holder, command.Quantity, command.Hold
	}
	var answer actors.Answer
	in, err := s.admitted(r, command.Holder, func() string { return s.roomOfProduct(id) }, func(room string) error {
		command.Room = room
		answer, err = r.ask(product.Stream(id), &command, nil)
		return err
	})
	defer in.leave()
	if err != nil {
		return err
	}
	v := answered(answer, id)
	if v == nil {
		return unexpected(answer.Facts)
	}
	if v.status == events.ReservationConfirmed {
		r.finished(in, v.holder, answer.Replayed)
	}
	if err := r.keepContact(answer.Replayed, v.holder, reservationContact(id, v.id)); err != nil {
		return err
	}
	r.ctx.Set(fiber.HeaderLocation, "/v1/products/"+id+"/reservations/"+v.id)
	r.tag(v.revision)
	return r.json(fiber.StatusCreated, v.append(make([]byte, 0, 256), nil))
}

// roomOfProduct is the waiting room that guards a product according to the views, ""
// if none does.
func (s *Server) roomOfProduct(id string) string {
	row, _, _ := s.config.Views.Product(id) // who can't be asked guards nothing
	return row.WaitingRoom
}

// answered makes the resource of the answer to a command.
func answered(answer actors.Answer, productID string) *reservation {
	if len(answer.Facts) == 0 {
		return nil
	}
	v := reservationOf(answer.Facts[len(answer.Facts)-1], "")
	if v != nil {
		v.productID, v.revision, v.position = productID, answer.Revision, answer.Position
	}
	return v
}

func unexpected(facts []events.Fact) error { return fmt.Errorf("an answer with the facts %v", facts) }

func (s *Server) yardstick(r *request) error {
	command, err := r.newReservation()
	if err != nil {
		return err
	}
	command.ReservationID = actors.NewID()
	v := reservation{id: command.ReservationID.String(), productID: "yardstick", holder: command.Holder,
		quantity: command.Quantity, status: events.ReservationConfirmed}
	return r.json(fiber.StatusCreated, v.append(make([]byte, 0, 256), nil))
}

// reservationParams returns the ids in the path; the reservation's in both forms.
func (r *request) reservationParams() (productID, rid string, id events.ID, err error) {
	if productID, err = r.param("id", "product"); err != nil {
		return
	}
	if rid, err = r.param("rid", "reservation"); err != nil {
		return
	}
	if id, err = events.ParseID(rid); err != nil || id.String() != rid {
		err = notFound("reservation")
	}
	return
}

func (s *Server) getReservation(r *request) error {
	productID, rid, id, err := r.reservationParams()
	if err != nil {
		return err
	}
	only, err := r.caller.only(RoleAuditor)
	if err != nil {
		return err
	}
	at, err := r.moment()
	if err != nil {
		return err
	}
	var v *reservation
	if at != nil {
		ctx, cancel := context.WithTimeout(context.Background(), pastLimit)
		defer cancel()
		v, err = s.reservationAt(ctx, productID, rid, *at)
	} else {
		v, err = s.findReservation(r, productID, rid, id)
	}
	if err != nil {
		return err
	}
	if v == nil {
		return notFound("reservation")
	}
	if only != "" && v.holder != only {
		return errNotYours
	}
	contact, secret, err := r.contactOf(reservationContact(productID, rid))
	if err != nil {
		return err
	}
	if r.tag(v.revision) && !secret {
		return r.notModified()
	}
	return r.json(fiber.StatusOK, withContact(v.append(nil, at), contact))
}

// findReservation asks the product's actor for a reservation that goes on, and the
// views for one that has ended; nil if there is none.
func (s *Server) findReservation(r *request, productID, rid string, id events.ID) (*reservation, error) {
	var v *reservation
	answer, err := s.config.Desk.View(context.Background(), product.Stream(productID), func(c core.Core) {
		p := c.(*product.Product)
		v = nil
		if open, ok := p.Reservation(id); ok {
			v = &reservation{id: rid, productID: productID, holder: open.Holder, quantity: open.Quantity,
				status: events.ReservationConfirmed, expiresAt: open.ExpiresAt, remaining: p.Remaining()}
			if !open.ExpiresAt.IsZero() {
				v.status = events.ReservationHeld
			}
		}
	})
	if err != nil {
		return nil, err
	}
	if v != nil {
		v.revision, v.position = answer.Revision, answer.Position
		return v, nil
	}
	return s.endedReservation(r, productID, rid, answer.Position)
}

// endedReservation looks among those that have ended up to position.
func (s *Server) endedReservation(r *request, productID, rid string, position events.Position) (*reservation, error) {
	if err := r.seen(position); err != nil {
		return nil, err
	}
	ended, ok, err := s.config.Views.ClosedReservation(productID, rid)
	if err != nil || !ok {
		return nil, err
	}
	return &reservation{id: rid, productID: productID, holder: ended.Holder, quantity: ended.Quantity, status: ended.Status,
		expiresAt: ended.ExpiresAt, remaining: ended.Remaining, revision: ended.Revision, position: ended.Position}, nil
}

func (s *Server) confirm(r *request) error {
	return s.end(r, func(id events.ID, by string) core.Command {
		return &product.Confirm{ReservationID: id, By: by}
	}, func(ended *reservation) error {
		if ended.status == events.ReservationExpired {
			return &problem{code: "hold_expired", detail: "the hold has passed its deadline; reserve again",
				fields: map[string]any{"expired_at": ended.expiresAt}}
		}
		return refuse("released", "the reservation was given back; reserve again")
	})
}

func (s *Server) release(r *request) error {
	return s.end(r, func(id events.ID, by string) core.Command {
		return &product.Release{ReservationID: id, By: by}
	}, func(ended *reservation) error {
		if ended.status == events.ReservationExpired {
			return &problem{code: "hold_expired", detail: "the hold has passed its deadline; there is nothing left to give back",
				fields: map[string]any{"expired_at": ended.expiresAt}}
		}
		r.tag(ended.revision) // again: the same answer
		return r.json(fiber.StatusOK, ended.append(nil, nil))
	})
}

var errNotYours = refuse("forbidden", "the reservation is somebody else's")

// end hands in a command about one reservation. The product's actor knows only
// those that go on; late answers for one that has ended.
func (s *Server) end(r *request, command func(id events.ID, by string) core.Command, late func(*reservation) error) error {
	productID, rid, id, err := r.reservationParams()
	if err != nil {
		return err
	}
	by, err := r.caller.only()
	if err != nil {
		return err
	}
	if err := r.decode(&struct{}{}, true); err != nil {
		return err
	}
	answer, err := r.ask(product.Stream(productID), command(id, by), nil)
	if refusal := (*core.Refusal)(nil); errors.As(err, &refusal) && refusal.Code == "not_found" {
		ended, err := s.endedReservation(r, productID, rid, answer.Position)
		if err != nil {
			return err
		}
		if ended == nil {
			return refusal
		}
		if by != "" && ended.holder != by {
			return errNotYours
		}
		return late(ended)
	}
	if err != nil {
		return err
	}
	v := answered(answer, productID)
	if v == nil {
		return unexpected(answer.Facts)
	}
	if v.status == events.ReservationConfirmed { // by now the pass may be over, or not at hand
		r.finished(entrance{room: s.roomOfProduct(productID)}, v.holder, answer.Replayed)
	}
	r.tag(v.revision)
	return r.json(fiber.StatusOK, v.append(nil, nil))
}
