package api

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/gofiber/fiber/v2"

	"admitone/actors"
	"admitone/actors/booking"
	"admitone/actors/bookings"
	"admitone/actors/core"
	"admitone/events"
	"admitone/projections/live"
	"admitone/projections/row"
)

func init() {
	register(kind{collection: "bookings", rules: booking.Kind, routes: (*Server).bookingRoutes})
}

func (s *Server) bookingRoutes() {
	const one = "/v1/bookings/:id"
	s.handle(fiber.MethodPost, "/v1/performances/:id/bookings", s.book)
	s.handle(fiber.MethodGet, one, s.limitPastReads(s.getBooking))
	s.handle(fiber.MethodPatch, one, s.annotateBooking)
	s.handle(fiber.MethodDelete, one, s.cancelBooking)
	s.handle(fiber.MethodDelete, one+"/seats/:seat", s.returnSeat)
	s.handle(fiber.MethodDelete, one+"/areas/:area/:place", s.returnPlace)
	s.handle(fiber.MethodPost, one+"/payment", s.payBooking)
	s.handle(fiber.MethodPost, one+"/extension", s.changeBooking(s.extend))
	s.handle(fiber.MethodGet, "/v1/holders/:holder/bookings", s.limitPastReads(s.listBookings))
}

// newBooking is the body of a new booking: seats by name and places of areas, or the best
// available seats.
type newBooking struct {
	Holder        events.Holder      `json:"holder"`
	Seats         *[]newSeat         `json:"seats"`
	Areas         newAreas           `json:"areas,omitzero"`
	BestAvailable *bestAvailable     `json:"best_available"`
	Label         *events.BlockLabel `json:"label,omitzero"`
	Contact       *contact           `json:"contact,omitzero"`
	orderFields
}

// newBooking decodes and validates the body.
func (r *request) newBooking() (command bookings.Book, err error) {
	if err := r.caller.requireActor(); err != nil {
		return command, err
	}
	var body newBooking
	if err := r.decode(&body, false); err != nil {
		return command, err
	}
	if command.Holder, err = r.holder(body.Holder); err != nil {
		return command, err
	}
	if err := body.applyTo(&command); err != nil {
		return command, err
	}
	if command.Label, err = r.bookingLabel(&body); err != nil {
		return command, err
	}
	command.Restricted = r.caller.actsForOthers()
	if command.Order, err = body.order(); err != nil {
		return command, err
	}
	if command.Open, err = r.openHolds(command.Holder); err != nil {
		return command, err
	}
	return command, r.parseContact(body.Contact, func() any {
		withoutContact := body
		withoutContact.Contact = nil
		return withoutContact
	})
}

// applyTo validates the requested seats and places, and sets them in command.
func (body *newBooking) applyTo(command *bookings.Book) (err error) {
	best := body.BestAvailable
	switch named := body.Seats != nil || body.Areas != nil; {
	case named && best != nil:
		return invalidField("best_available", "give seats and areas, or best_available, not both")
	case !named && best == nil:
		return invalidField("seats", "give seats or areas, or best_available")
	case best != nil:
		return best.applyTo(command)
	}
	if body.Seats != nil {
		if len(*body.Seats) < 1 || len(*body.Seats) > booking.MaxSeats {
			return invalidField("seats", fmt.Sprintf("a booking has 1 to %d seats", booking.MaxSeats))
		}
		command.Seats, command.Types = seatsOf(*body.Seats)
	}
	if body.Areas != nil {
		command.Areas, err = placesOf(body.Areas, len(command.Seats))
	}
	return err
}

// book holds seats and places for a holder, all of them or none.
func (s *Server) book(r *request) error {
	id, err := param[events.PerformanceID](r, "id", "performance")
	if err != nil {
		return err
	}
	command, err := r.newBooking()
	if err != nil {
		return err
	}
	command.PerformanceID = id
	if rec := r.refusalRecord(); rec != nil {
		rec.Holder, rec.Seats, rec.Areas, rec.Section = command.Holder, command.Seats, command.Areas, command.Section
		rec.Quantity = int64(command.Quantity)
	}
	var answer bookings.Answer
	use, err := s.runWithPass(
		r,
		command.Holder,
		func() events.RoomID { return s.roomOfPerformance(id) },
		func(room events.RoomID) error {
			command.Room = room
			return r.keyed(func(id actors.CommandID) error {
				ctx, cancel := r.answerContext()
				defer cancel()
				command.Origin = r.origin(id)
				answer, err = s.config.Bookings.Book(ctx, command)
				if errors.Is(err, live.ErrNotFound) { // the views lag and don't know the performance yet
					if err = r.waitForViews(); err == nil {
						answer, err = s.config.Bookings.Book(ctx, command)
					}
				}
				return err
			})
		},
	)
	use.release()
	if err != nil {
		r.noteHead()
		if errors.Is(err, bookings.ErrNoSection) {
			return invalidField("best_available.section", bookings.ErrNoSection.Detail)
		}
		return err
	}
	if err := r.storeContact(answer.Replayed, answer.Booking.Holder,
		bookingContact(string(answer.Booking.ID))); err != nil {
		return err
	}
	r.setCanonical(nameLocation, "/v1/bookings/"+string(answer.Booking.ID))
	return r.answerBooking(fiber.StatusCreated, answer)
}

// noteHead makes later reads include everything that is in the log now. It is for commands whose steps are
// facts in several streams: their answer has the position of one of them only, and their refusal has none.
func (r *request) noteHead() {
	until, cancel := r.answerContext()
	defer cancel()
	ctx, cancelHead := context.WithTimeout(until, defaultViewsTimeout)
	defer cancelHead()
	if head, err := r.server.config.Store.Head(ctx); err == nil { // on failure the views do not advance either
		r.server.notePosition(head)
	}
}

// answerBooking answers a command with the state of the booking after it.
func (r *request) answerBooking(status int, answer bookings.Answer) error {
	r.server.notePosition(answer.Position)
	if answer.Replayed {
		r.ctx.Set(headerReplay, "true")
	}
	booking := bookingNow(&answer.Booking, answer.Revision, answer.Position)
	r.setETag(answer.Revision)
	if answer.PaymentOutcome != nil {
		r.server.notePosition(answer.PaymentOutcome.Position)
	}
	return r.encoded(status, func(dst []byte) []byte {
		dst = AppendBooking(dst, &booking, nil)
		if answer.PaymentOutcome != nil {
			dst = withOutcome(dst, &answer.PaymentOutcome.Payment)
		}
		return dst
	})
}

// answerBookingAsOf answers a repeated request with the booking as of a position, as the first request was
// answered.
func (s *Server) answerBookingAsOf(ctx context.Context, r *request, status int, answer bookings.Answer,
	position events.Position) error {
	s.notePosition(answer.Position)
	if answer.Replayed {
		r.ctx.Set(headerReplay, "true")
	}
	booking, err := row.BookingAt(ctx, s.config.Store, answer.Booking.ID, position)
	if err != nil {
		return err
	}
	r.setETag(booking.Revision)
	body := AppendBooking(make([]byte, 0, 512), booking, nil)
	if answer.PaymentOutcome != nil {
		s.notePosition(answer.PaymentOutcome.Position)
		body = withOutcome(body, &answer.PaymentOutcome.Payment)
	}
	return r.json(status, body)
}

// firstFact returns the position of the first fact of a stream for which matches is true, 0 if there is none.
func (s *Server) firstFact(ctx context.Context, stream events.StreamID, matches func(events.Fact) bool,
) (at events.Position, err error) {
	err = row.ReadUpTo(ctx, s.config.Store, stream, events.EndPosition, func(e *events.Recorded) error {
		fact, err := e.Decode()
		if err == nil && at == 0 && matches(fact) {
			at = e.Position
		}
		return err
	})
	return at, err
}

// bookingNow converts the state of a booking's entity to a row.
func bookingNow(state *booking.State, revision events.Revision, position events.Position) row.Booking {
	b := row.Booking{
		ID: state.ID, PerformanceID: state.PerformanceID, Holder: state.Holder, Seats: state.Seats, Areas: state.Areas,
		Amount: state.Amount,
		Status: state.Status, ExpiresAt: state.ExpiresAt, Extended: state.Extended, Order: state.Order, Revision: revision,
		Position: position, Kept: state.Kept, Cancellation: state.Cancellation,
		Intent: row.BookingIntent{ID: state.Intent.ID, ExpiresAt: state.Intent.ExpiresAt},
	}
	for i := range state.Returned {
		b.Returned = append(b.Returned, row.ReturnedSeat{BookedSeat: state.Returned[i].BookedSeat,
			Area: state.Returned[i].Area, Place: state.Returned[i].Place})
	}
	return b
}

// change sends a command about a booking. by is the holder who sends it, "" for a caller who may act for others.
type change func(ctx context.Context, from bookings.Origin, id events.BookingID,
	by events.Holder) (bookings.Answer, error)

// roomOfPerformance returns the waiting room of a performance according to the views, "" for none.
func (s *Server) roomOfPerformance(id events.PerformanceID) events.RoomID {
	row, _, _ := s.config.Views.Performance(id) // the zero row after an error
	return row.WaitingRoom
}

// endPassOf ends the pass of a holder who has paid for seats.
func (s *Server) endPassOf(p bookings.Purchase) {
	s.config.Rooms.FinishPass(p.Room, p.Holder, 0, actors.Request{ID: actors.NewCommandID(),
		CorrelationID: p.CorrelationID, CausationID: p.CausationID, Actor: p.Actor})
}

func (s *Server) extend(ctx context.Context, from bookings.Origin, id events.BookingID, by events.Holder,
) (bookings.Answer, error) {
	return s.config.Bookings.Extend(ctx, bookings.Extend{Origin: from, BookingID: id, By: by})
}

// changeBooking returns the handler of a request that makes a change.
func (s *Server) changeBooking(do change) handler {
	return func(r *request) error {
		id, err := param[events.BookingID](r, "id", "booking")
		if err != nil {
			return err
		}
		by, err := r.caller.restrictedTo(RoleService)
		if err != nil {
			return err
		}
		if err := r.decode(&struct{}{}, true); err != nil {
			return err
		}
		var answer bookings.Answer
		err = r.keyed(func(command actors.CommandID) error {
			ctx, cancel := r.answerContext()
			defer cancel()
			answer, err = do(ctx, r.origin(command), id, by)
			return err
		})
		r.noteHead()
		if err != nil {
			return err
		}
		return r.answerBooking(fiber.StatusOK, answer)
	}
}

// getBooking answers with the present or a past state of a booking.
func (s *Server) getBooking(r *request) error {
	id, err := param[string](r, "id", "booking")
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
	booking, now := (*row.Booking)(nil), time.Now()
	if at != nil {
		ctx, cancel := context.WithTimeout(context.Background(), pastTimeout)
		defer cancel()
		now = at.Time
		booking, err = row.BookingAt(ctx, s.config.Store, events.BookingID(id), at.Position)
	} else if current, ok, missed := s.config.Views.Booking(id); ok {
		booking = &current
	} else {
		err = missed
	}
	if err != nil {
		return err
	}
	if booking == nil {
		return notFound("booking")
	}
	if only != "" && booking.Holder != only {
		return refuse(core.CodeForbidden, "the booking belongs to another holder")
	}
	contact, secret, err := r.contactOf(bookingContact(id))
	if err != nil {
		return err
	}
	expired := expireBooking(booking, now)
	if r.setETag(booking.Revision) && !expired && !secret {
		return r.notModified()
	}
	return r.json(fiber.StatusOK, withContact(AppendBooking(nil, booking, at), contact))
}

// expireBooking sets the status of a booking to expired if its deadline has passed without a fact that records
// the expiry, and reports whether it did.
func expireBooking(b *row.Booking, now time.Time) (changed bool) {
	before := b.Status
	b.Status = b.StatusAt(now)
	return b.Status != before
}

// listBookings answers with a page of a holder's bookings, oldest first.
func (s *Server) listBookings(r *request) error {
	holder, err := r.holderParam("list", RoleAuditor, RoleService)
	if err != nil {
		return err
	}
	after, limit, err := r.numberedPaging()
	if err != nil {
		return err
	}
	at, err := r.moment()
	if err != nil {
		return err
	}
	page, next, err := s.config.Views.HolderBookings(holder, after, limit)
	if err != nil {
		return err
	}
	if at == nil {
		now := time.Now()
		return r.list(len(page), numberedCursor(next), func(dst []byte, i int) ([]byte, error) {
			expireBooking(&page[i], now)
			return AppendBooking(dst, &page[i], nil), nil
		}, nil)
	}
	ctx, cancel := context.WithTimeout(context.Background(), pastTimeout)
	defer cancel()
	return r.list(len(page), numberedCursor(next), func(dst []byte, i int) ([]byte, error) {
		booking, err := row.BookingAt(ctx, s.config.Store, page[i].ID, at.Position)
		if err != nil || booking == nil { // it did not exist yet
			return dst, err
		}
		expireBooking(booking, at.Time)
		return AppendBooking(dst, booking, nil), nil
	}, func(o *events.Object) { o.Raw("as_of", appendAsOf(nil, *at)) })
}
