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
)

func (s *Server) reservationRoutes() {
	const one = "/v1/products/:id/reservations/:rid"
	s.handle(fiber.MethodPost, "/v1/products/:id/reservations", s.reserve)
	s.handle(fiber.MethodGet, one, s.past(s.getReservation))
	s.handle(fiber.MethodPatch, one, s.annotateReservation)
	s.handle(fiber.MethodPost, one+"/confirm", s.confirm)
	s.handle(fiber.MethodDelete, one, s.release)
}

// reservation is the resource, as its members are answered.
type reservation struct {
	ID        events.ReservationID     `json:"id"`
	ProductID events.ProductID         `json:"product_id"`
	Holder    events.Holder            `json:"holder"`
	Quantity  int64                    `json:"quantity"`
	Status    events.ReservationStatus `json:"status"`
	ExpiresAt time.Time                `json:"expires_at,omitzero"` // zero if there is no deadline
	Remaining int64                    `json:"remaining"`
	Revision  events.Revision          `json:"revision"`
	Position  events.Position          `json:"position"`
	AsOf      asOf                     `json:"as_of,omitzero"` // zero for the present
}

var appendReservation = events.EncoderOf[reservation]()

// newReservation is the body of a reservation.
type newReservation struct {
	Holder   events.Holder `json:"holder"`
	Quantity *int64        `json:"quantity"`
	Hold     *bool         `json:"hold"`
	Contact  *contact      `json:"contact,omitzero"`
	orderFields
}

func (r *request) newReservation() (command product.Reserve, err error) {
	if err := r.caller.act(); err != nil {
		return command, err
	}
	var body newReservation
	if err := r.decode(&body, false); err != nil {
		return command, err
	}
	if command.Holder, err = r.holder(body.Holder); err != nil {
		return command, err
	}
	command.Quantity, err = wholeNumber("quantity", body.Quantity, 1, 1, product.MaxStock)
	if err != nil {
		return command, err
	}
	if command.Order, err = body.order(); err != nil {
		return command, err
	}
	command.Hold = core.Or(body.Hold, false)
	switch {
	case r.caller.serves():
	case body.Hold == nil:
		command.Terms = product.TermsHold
	default:
		command.Terms = product.TermsRefuse
	}
	if command.Open, err = r.openHolds(command.Holder); err != nil {
		return command, err
	}
	rest := body
	// The hash includes hold, as when clients could not leave it out.
	rest.Contact, rest.Hold = nil, &command.Hold
	return command, r.takeContact(body.Contact, rest)
}

// openHolds returns how many holds a holder has open, 0 if the caller's are not counted.
func (r *request) openHolds(holder events.Holder) (int64, error) {
	if r.caller.serves() {
		return 0, nil
	}
	return r.server.config.Views.OpenHolds(holder)
}

func (s *Server) reserve(r *request) error {
	id, err := param[events.ProductID](r, "id", "product")
	if err != nil {
		return err
	}
	command, err := r.newReservation()
	if err != nil {
		return err
	}
	command.ReservationID = actors.NewID()
	if w := r.recordIntent(); w != nil {
		w.Holder, w.Quantity, w.Hold = command.Holder, command.Quantity, command.Hold
	}
	var answer actors.Answer
	in, err := s.admitted(
		r,
		command.Holder,
		func() events.RoomID { return s.roomOfProduct(id) },
		func(room events.RoomID) error {
			command.Room = room
			answer, err = r.ask(product.Stream(id), &command, nil)
			return err
		},
	)
	defer in.leave()
	if err != nil {
		return err
	}
	v := answered(answer, id)
	if v == nil {
		return unexpected(answer.Facts)
	}
	if v.Status == events.ReservationConfirmed {
		r.finished(in, v.Holder, answer.Replayed)
	}
	if err := r.keepContact(answer.Replayed, v.Holder, reservationContact(id, v.ID)); err != nil {
		return err
	}
	r.set(fiber.HeaderLocation, "/v1/products/"+string(id)+"/reservations/"+string(v.ID))
	r.tag(v.Revision)
	return r.json(fiber.StatusCreated, v.append(make([]byte, 0, 256)))
}

// roomOfProduct returns the waiting room that guards a product according to the views, "" if none
// does.
func (s *Server) roomOfProduct(id events.ProductID) events.RoomID {
	row, _, _ := s.config.Views.Product(id) // after an error none is known
	return row.WaitingRoom
}

// answered makes the resource of the answer to a command.
func answered(answer actors.Answer, productID events.ProductID) *foundReservation {
	if len(answer.Facts) == 0 {
		return nil
	}
	v := reservationOf(answer.Facts[len(answer.Facts)-1], "")
	if v != nil {
		v.ProductID, v.Revision, v.Position = productID, answer.Revision, answer.Position
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
	v := &reservation{
		ID:        events.ReservationID(command.ReservationID.String()),
		ProductID: "yardstick",
		Holder:    command.Holder,
		Quantity:  command.Quantity,
		Status:    events.ReservationConfirmed,
	}
	return r.json(fiber.StatusCreated, appendReservation(make([]byte, 0, 256), v))
}

// reservationParams returns the ids in the path; the reservation's in both forms.
func (r *request) reservationParams() (productID events.ProductID, rid events.ReservationID, id events.ID, err error) {
	if productID, err = param[events.ProductID](r, "id", "product"); err != nil {
		return
	}
	if rid, err = param[events.ReservationID](r, "rid", "reservation"); err != nil {
		return
	}
	if id, err = events.ParseID(string(rid)); err != nil || events.ReservationID(id.String()) != rid {
		err = notFound("reservation")
	}
	return
}

func (s *Server) getReservation(r *request) error {
	productID, rid, id, err := r.reservationParams()
	if err != nil {
		return err
	}
	only, err := r.caller.only(RoleAuditor, RoleService)
	if err != nil {
		return err
	}
	at, err := r.moment()
	if err != nil {
		return err
	}
	var v *foundReservation
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
	if only != "" && v.Holder != only {
		return errNotYours
	}
	contact, secret, err := r.contactOf(reservationContact(productID, rid))
	if err != nil {
		return err
	}
	if r.tag(v.Revision) && !secret {
		return r.notModified()
	}
	if at != nil {
		v.AsOf = asOf(*at)
	}
	return r.json(fiber.StatusOK, withContact(v.append(nil), contact))
}

// findReservation asks the product's actor for an open reservation, and the views for an ended
// one; nil if there is none.
func (s *Server) findReservation(
	r *request,
	productID events.ProductID,
	rid events.ReservationID,
	id events.ID,
) (*foundReservation, error) {
	var v *foundReservation
	answer, err := s.config.Desk.View(context.Background(), product.Stream(productID), func(c core.Core) {
		p := c.(*product.Product)
		v = nil
		if open, ok := p.Reservation(id); ok {
			v = &foundReservation{reservation: reservation{ID: rid, ProductID: productID, Holder: open.Holder,
				Quantity: open.Quantity, Status: events.ReservationConfirmed, ExpiresAt: open.ExpiresAt,
				Remaining: p.Remaining()}, orderRevision: open.OrderRevision}
			if !open.ExpiresAt.IsZero() {
				v.Status = events.ReservationHeld
			}
		}
	})
	if err != nil {
		return nil, err
	}
	if v != nil {
		v.Revision, v.Position = answer.Revision, answer.Position
		return v, s.withOrder(v)
	}
	v, err = s.endedReservation(r, productID, rid, answer.Position)
	if v != nil {
		v.seen = answer.Revision
	}
	return v, err
}

// endedReservation looks among those that have ended up to position.
func (s *Server) endedReservation(
	r *request,
	productID events.ProductID,
	rid events.ReservationID,
	position events.Position,
) (*foundReservation, error) {
	if err := r.server.seen(position); err != nil {
		return nil, err
	}
	found, ok, err := s.config.Views.Reservation(productID, rid)
	if err != nil || !ok || !found.Ended() {
		return nil, err
	}
	v := foundReservationOf(&found)
	v.ended = true
	return v, nil
}

func (s *Server) confirm(r *request) error {
	terms := product.TermsRefuse
	if r.caller.serves() {
		terms = product.TermsSell
	}
	return s.end(r, func(id events.ID, by events.Holder) core.Command {
		return &product.Confirm{ReservationID: id, By: by, Terms: terms}
	}, func(ended *foundReservation) error {
		if ended.Status == events.ReservationExpired {
			return &problem{code: core.CodeHoldExpired, detail: "the hold has passed its deadline; reserve again",
				fields: map[string]any{"expired_at": ended.ExpiresAt}}
		}
		return refuse(core.CodeReleased, "the reservation was given back; reserve again")
	})
}

func (s *Server) release(r *request) error {
	return s.end(r, func(id events.ID, by events.Holder) core.Command {
		return &product.Release{ReservationID: id, By: by}
	}, func(ended *foundReservation) error {
		if ended.Status == events.ReservationExpired {
			return &problem{code: core.CodeHoldExpired,
				detail: "the hold has passed its deadline; there is nothing left to give back",
				fields: map[string]any{"expired_at": ended.ExpiresAt}}
		}
		r.tag(ended.Revision) // a repeated request gets the same answer
		return r.json(fiber.StatusOK, ended.append(nil))
	})
}

var errNotYours = refuse(core.CodeForbidden, "the reservation is somebody else's")

// end passes a command about one reservation. The product's actor knows only the open ones; late
// answers for one that has ended.
func (s *Server) end(
	r *request,
	command func(id events.ID, by events.Holder) core.Command,
	late func(*foundReservation) error,
) error {
	productID, rid, id, err := r.reservationParams()
	if err != nil {
		return err
	}
	by, err := r.caller.only(RoleService)
	if err != nil {
		return err
	}
	if err := r.decode(&struct{}{}, true); err != nil {
		return err
	}
	answer, err := r.ask(product.Stream(productID), command(id, by), nil)
	if refusal := (*core.Refusal)(nil); errors.As(err, &refusal) && refusal.Code == core.CodeNotFound {
		ended, err := s.endedReservation(r, productID, rid, answer.Position)
		if err != nil {
			return err
		}
		if ended == nil {
			return refusal
		}
		if by != "" && ended.Holder != by {
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
	if v.Status == events.ReservationConfirmed { // the pass may have ended by now, or not be sent
		r.finished(entrance{room: s.roomOfProduct(productID)}, v.Holder, answer.Replayed)
	}
	if err := s.withOrder(v); err != nil {
		return err
	}
	return r.reservation(fiber.StatusOK, v)
}
