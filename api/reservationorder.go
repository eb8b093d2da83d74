package api

import (
	"context"
	"errors"
	"fmt"

	"github.com/gofiber/fiber/v2"

	"admitone/actors"
	"admitone/actors/core"
	"admitone/actors/product"
	"admitone/events"
	"admitone/projections/row"
)

// orderAt returns the order data in the event of a product at a revision. For 0 it returns no order data.
func (s *Server) orderAt(ctx context.Context, id events.ProductID, at events.Revision) (events.OrderData, error) {
	if at == 0 {
		return events.OrderData{}, nil
	}
	order, _, _, err := s.orderEvent(ctx, id, at)
	return order, err
}

// orderEvent is orderAt for a revision above 0. It also returns the position of the event, and the revision of the
// previous event with order data of the same reservation, 0 for none.
func (s *Server) orderEvent(ctx context.Context, id events.ProductID, at events.Revision) (order events.OrderData,
	position events.Position, before events.Revision, err error) {
	page, err := s.config.Store.Read(ctx, product.Stream(id), at, events.Forward, 1)
	if err != nil {
		return order, 0, 0, err
	}
	if len(page) == 0 {
		return order, 0, 0, fmt.Errorf("%w: %s has no revision %d", events.ErrDamaged, product.Stream(id), at)
	}
	fact, err := page[0].Decode()
	if err != nil {
		return order, 0, 0, err
	}
	switch f := fact.(type) {
	case *events.ProductReserved:
		order = f.OrderData
	case *events.ProductHeld:
		order = f.OrderData
	case *events.ProductReservationAnnotated:
		order, before = f.OrderData, f.OrderRevision
	default:
		err = fmt.Errorf("%w: %s@%d is a %s, which has no order data", events.ErrDamaged, page[0].Stream, at,
			fact.Name())
	}
	return order, page[0].Position, before, err
}

// withOrder sets the order data of a reservation, if its newest fact only refers to them.
func (s *Server) withOrder(v *foundReservation) (err error) {
	if v.orderRevision == 0 {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), readTimeout)
	defer cancel()
	order, err := s.orderAt(ctx, v.ProductID, v.orderRevision)
	v.order = order
	return err
}

// orderAsOf returns the order data of a reservation as of a position, with the revision and position of
// the fact that contains them.
func (s *Server) orderAsOf(ctx context.Context, v *row.Reservation, position events.Position) (order events.OrderData,
	at events.Revision, recorded events.Position, err error) {
	for at = v.OrderRevision; at != 0; {
		var before events.Revision
		order, recorded, before, err = s.orderEvent(ctx, v.ProductID, at)
		if err != nil || recorded <= position {
			return order, at, recorded, err
		}
		at = before
	}
	return events.OrderData{}, 0, 0, nil
}

// annotationAttempts bounds the attempts to annotate an ended reservation. An attempt fails if the product changes
// in the meantime.
const annotationAttempts = 32

// annotateReservation edits the order data of a reservation, whatever its status.
func (s *Server) annotateReservation(r *request) error {
	if err := r.caller.requireRole(RoleService, RoleAdmin); err != nil {
		return err
	}
	productID, rid, id, err := r.reservationParams()
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
	for range annotationAttempts {
		v, err := s.findReservation(r, productID, rid, id)
		if err != nil {
			return err
		}
		if v == nil {
			return notFound("reservation")
		}
		if edit.isEmpty() {
			return r.answerUnchanged(v, *base)
		}
		answer, err := r.annotate(v, id, *base, &edit)
		if refusal := (*core.Refusal)(nil); errors.As(err, &refusal) && (v.ended &&
			refusal.Code == core.CodeStaleRevision && *base >= v.orderRevision && *base < answer.Revision ||
			!v.ended && refusal.Code == core.CodeNotFound) {
			continue // the product has changed, or the reservation has just ended
		}
		if err != nil {
			return err
		}
		if v = reservationInAnswer(answer, productID); v == nil {
			return errUnexpectedFacts(answer.Facts)
		}
		return r.answerReservation(fiber.StatusOK, v)
	}
	return refuse(core.CodeOverloaded, "the product is changing too fast; try again in a moment")
}

// answerUnchanged answers an edit that changes nothing. It checks the precondition as [product.Annotate] does.
func (r *request) answerUnchanged(v *foundReservation, base events.Revision) error {
	if newest := max(v.Revision, v.checkedAt); base < v.orderRevision || base > newest {
		return core.StaleRevision(newest)
	}
	return r.answerReservation(fiber.StatusOK, v)
}

// annotate sends the annotation to the product. The product no longer has an ended reservation, so for one the
// precondition is that the product has not changed since the reservation was read from the views.
func (r *request) annotate(v *foundReservation, id events.ID, base events.Revision,
	edit *orderEdit) (actors.Answer, error) {
	order, err := edit.apply(v.order)
	if err != nil {
		return actors.Answer{}, err
	}
	command := &product.Annotate{ReservationID: id, Seen: base, Order: order}
	if !v.ended {
		return r.dispatch(product.Stream(v.ProductID), command, nil)
	}
	command.Ended = &product.Ended{Holder: v.Holder, Quantity: v.Quantity, Status: v.Status, ExpiresAt: v.ExpiresAt,
		OrderRevision: v.orderRevision}
	return r.dispatch(product.Stream(v.ProductID), command, &editBase{revision: v.checkedAt})
}

// answerReservation answers with a reservation.
func (r *request) answerReservation(status int, v *foundReservation) error {
	r.setETag(v.Revision)
	return r.json(status, v.append(nil))
}
