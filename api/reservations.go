package api

import (
	"context"
	"errors"
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
	s.handle(fiber.MethodGet, one, s.limitPastReads(s.getReservation))
	s.handle(fiber.MethodPatch, one, s.annotateReservation)
	s.handle(fiber.MethodPost, one+"/confirm", s.confirm)
	s.handle(fiber.MethodDelete, one, s.release)
}

// reservation is a reservation as the HTTP resource.
type reservation struct {
	ID        events.ReservationID     `json:"id"`
	ProductID events.ProductID         `json:"product_id"`
	Holder    events.Holder            `json:"holder"`
	Quantity  int64                    `json:"quantity"`
	Status    events.ReservationStatus `json:"status"`
	ExpiresAt time.Time                `json:"expires_at,omitzero"` // zero if there is no deadline
	Remaining int64                    `json:"remaining"`
	Kept      int64                    `json:"kept,omitempty"`
	Revision  events.Revision          `json:"revision"`
	Position  events.Position          `json:"position"`
	AsOf      asOf                     `json:"as_of,omitzero"` // zero for the present
}

var appendReservation = events.EncoderOf[reservation]()

// newReservation is the body of a new reservation.
type newReservation struct {
	Holder   events.Holder `json:"holder"`
	Quantity *int64        `json:"quantity"`
	Hold     *bool         `json:"hold"`
	Contact  *contact      `json:"contact,omitzero"`
	orderFields
}

// newReservation decodes and validates the body.
func (r *request) newReservation() (command product.Reserve, err error) {
	if err := r.caller.requireActor(); err != nil {
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
	case r.caller.actsForOthers():
	case body.Hold == nil:
		command.Terms = product.TermsHold
	default:
		command.Terms = product.TermsRefuse
	}
	if command.Open, err = r.openHolds(command.Holder); err != nil {
		return command, err
	}
	hold := command.Hold
	return command, r.parseContact(body.Contact, func() any {
		rest, hold := body, hold
		// The hash always includes hold, as it did in versions in which hold could not be omitted.
		rest.Contact, rest.Hold = nil, &hold
		return rest
	})
}

// openHolds returns the number of open holds of a holder, 0 if the limit for them does not apply to the caller.
func (r *request) openHolds(holder events.Holder) (int64, error) {
	if r.caller.actsForOthers() {
		return 0, nil
	}
	return r.server.config.Views.OpenHolds(holder)
}

// reserve takes or holds units of a product for a holder.
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
	if rec := r.refusalRecord(); rec != nil {
		rec.Holder, rec.Quantity, rec.Hold = command.Holder, command.Quantity, command.Hold
	}
	var answer actors.Answer
	use, err := s.runWithPass(
		r,
		command.Holder,
		func() events.RoomID { return s.roomOfProduct(id) },
		func(room events.RoomID) error {
			command.Room = room
			answer, err = r.dispatch(product.Stream(id), &command, nil)
			return err
		},
	)
	defer use.release()
	if err != nil {
		return err
	}
	v := reservationInAnswer(answer, id)
	if v == nil {
		return errUnexpectedFacts(answer.Facts)
	}
	if v.Status == events.ReservationConfirmed {
		r.endPass(use, v.Holder, answer.Replayed)
	}
	if err := r.storeContact(answer.Replayed, v.Holder, reservationContact(id, v.ID)); err != nil {
		return err
	}
	r.setCanonical(nameLocation, "/v1/products/"+string(id)+"/reservations/"+string(v.ID))
	r.setETag(v.Revision)
	return r.encoded(fiber.StatusCreated, v.append)
}

// roomOfProduct returns the waiting room of a product according to the views, "" for none.
func (s *Server) roomOfProduct(id events.ProductID) events.RoomID {
	row, _, _ := s.config.Views.Product(id) // the zero row after an error
	return row.WaitingRoom
}

// reservationInAnswer returns the reservation that the answer to a command is about, nil if its facts are about none.
func reservationInAnswer(answer actors.Answer, productID events.ProductID) *foundReservation {
	if len(answer.Facts) == 0 {
		return nil
	}
	v := reservationOf(answer.Facts[len(answer.Facts)-1], "")
	if v != nil {
		v.ProductID, v.Revision, v.Position = productID, answer.Revision, answer.Position
	}
	return v
}

// reservationParams returns the path parameters of a reservation. rid is the id as in the path, id is its parsed form.
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

// getReservation answers with the present or a past state of a reservation.
func (s *Server) getReservation(r *request) error {
	productID, rid, id, err := r.reservationParams()
	if err != nil {
		return err
	}
	only, err := r.caller.restrictedTo(RoleAuditor, RoleService)
	if err != nil {
		return err
	}
	at, err := r.moment()
	if err != nil {
		return err
	}
	var v *foundReservation
	if at != nil {
		ctx, cancel := context.WithTimeout(context.Background(), pastTimeout)
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
		return errOtherHolder
	}
	contact, secret, err := r.contactOf(reservationContact(productID, rid))
	if err != nil {
		return err
	}
	if r.setETag(v.Revision) && !secret {
		return r.notModified()
	}
	if at != nil {
		v.AsOf = asOf(*at)
	}
	return r.json(fiber.StatusOK, withContact(v.append(nil), contact))
}

// findReservation returns a reservation, open from the entity or ended from the views, nil if it does not exist.
func (s *Server) findReservation(r *request, productID events.ProductID, rid events.ReservationID,
	id events.ID) (*foundReservation, error) {
	var v *foundReservation
	answer, err := s.config.Desk.View(r.commandContext(), product.Stream(productID), func(c core.Core) {
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
		v.checkedAt = answer.Revision
	}
	return v, err
}

// endedReservation returns a reservation that has ended at or before position, nil if there is none.
func (s *Server) endedReservation(r *request, productID events.ProductID, rid events.ReservationID,
	position events.Position) (*foundReservation, error) {
	if err := r.server.awaitViews(position); err != nil {
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

// confirm confirms a held reservation. The body may report an external payment for it.
func (s *Server) confirm(r *request) error {
	money, err := r.newPayment()
	if err != nil {
		return err
	}
	if money != nil {
		productID, rid, id, err := r.reservationParams()
		if err != nil {
			return err
		}
		return s.payReservation(r, productID, rid, id, money)
	}
	terms := product.TermsRefuse
	if r.caller.actsForOthers() {
		terms = product.TermsSell
	}
	return s.changeReservation(r, func(id events.ID, by events.Holder) core.Command {
		return &product.Confirm{ReservationID: id, By: by, Terms: terms}
	}, func(ended *foundReservation) error {
		if ended.Status == events.ReservationExpired {
			return &problem{code: core.CodeHoldExpired, detail: "the hold has passed its deadline; reserve again",
				fields: map[string]any{"expired_at": ended.ExpiresAt}}
		}
		if ended.Status == events.ReservationCancelled {
			return product.ErrCalledOff
		}
		return refuse(core.CodeReleased, "the reservation was released; reserve again")
	})
}

// release releases a reservation.
func (s *Server) release(r *request) error {
	reason, err := r.override()
	if err != nil {
		return err
	}
	if err := r.decode(&struct{}{}, true); err != nil {
		return err
	}
	return s.changeReservation(r, func(id events.ID, by events.Holder) core.Command {
		return &product.Release{ReservationID: id, By: by, Reason: reason}
	}, func(ended *foundReservation) error {
		if ended.Status == events.ReservationExpired {
			return &problem{code: core.CodeHoldExpired,
				detail: "the hold has passed its deadline; there is nothing left to release",
				fields: map[string]any{"expired_at": ended.ExpiresAt}}
		}
		r.setETag(ended.Revision) // a repeated request gets the same answer
		return r.json(fiber.StatusOK, ended.append(nil))
	})
}

var errOtherHolder = refuse(core.CodeForbidden, "the reservation belongs to another holder")

// changeReservation sends a command about a reservation. answerEnded answers for one that has ended.
func (s *Server) changeReservation(r *request, command func(id events.ID, by events.Holder) core.Command,
	answerEnded func(*foundReservation) error) error {
	productID, rid, id, err := r.reservationParams()
	if err != nil {
		return err
	}
	by, err := r.caller.restrictedTo(RoleService)
	if err != nil {
		return err
	}
	stream, sent := product.Stream(productID), command(id, by)
	subject := events.PaymentSubject{ProductID: productID, ReservationID: rid}
	var answer actors.Answer
	err = r.keyedIfUnreported(subject, func(id actors.CommandID) (err error) {
		answer, err = r.dispatchAs(r.commandContext(), id, stream, sent, nil)
		return err
	})
	r.noteAnswer(stream, &answer)
	if refusal := (*core.Refusal)(nil); errors.As(err, &refusal) && refusal.Code == core.CodeNotFound {
		ended, err := s.endedReservation(r, productID, rid, answer.Position)
		if err != nil {
			return err
		}
		if ended == nil {
			return refusal
		}
		if by != "" && ended.Holder != by {
			return errOtherHolder
		}
		return answerEnded(ended)
	}
	if err != nil {
		return err
	}
	v := reservationInAnswer(answer, productID)
	if v == nil {
		return errUnexpectedFacts(answer.Facts)
	}
	if v.Status == events.ReservationConfirmed { // without the ticket: the request need not carry the pass
		r.endPass(passUse{room: s.roomOfProduct(productID)}, v.Holder, answer.Replayed)
	}
	if err := s.startRefund(r, &answer); err != nil {
		return err
	}
	if err := s.withOrder(v); err != nil {
		return err
	}
	return r.answerReservation(fiber.StatusOK, v)
}
