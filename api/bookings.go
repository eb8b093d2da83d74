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
	"admitone/api/input"
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
	s.handle(fiber.MethodGet, one, s.past(s.getBooking))
	s.handle(fiber.MethodPatch, one, s.annotateBooking)
	s.handle(fiber.MethodDelete, one, s.cancelBooking)
	s.handle(fiber.MethodPost, one+"/payment", s.payBooking)
	s.handle(fiber.MethodPost, one+"/extension", s.changeBooking(s.extend))
	s.handle(fiber.MethodGet, "/v1/holders/:holder/bookings", s.past(s.listBookings))
}

// newBooking is the body of a booking: seats by name, or the best available ones.
type newBooking struct {
	Holder        events.Holder      `json:"holder"`
	Seats         *[]events.SeatName `json:"seats"`
	BestAvailable *bestAvailable     `json:"best_available"`
	Contact       *contact           `json:"contact,omitzero"`
	orderFields
}

type bestAvailable struct {
	Section  *events.SectionID `json:"section"`
	Quantity *int64            `json:"quantity"`
}

// newBooking reads and checks the body.
func (r *request) newBooking() (command bookings.Book, err error) {
	if err := r.caller.act(); err != nil {
		return command, err
	}
	var body newBooking
	if err := r.decode(&body, false); err != nil {
		return command, err
	}
	if command.Holder, err = r.holder(body.Holder); err != nil {
		return command, err
	}
	best := body.BestAvailable
	switch {
	case body.Seats != nil && best != nil:
		return command, invalidField("best_available", "give seats by name or best_available, not both")
	case body.Seats != nil:
		if command.Seats = *body.Seats; len(command.Seats) < 1 || len(command.Seats) > booking.MaxSeats {
			return command, invalidField("seats", fmt.Sprintf("a booking has 1 to %d seats", booking.MaxSeats))
		}
	case best == nil:
		return command, invalidField("seats", "say which seats, or how many of the best_available")
	case best.Quantity == nil:
		return command, invalidField("best_available.quantity", "say how many seats")
	default:
		quantity, err := wholeNumber("best_available.quantity", best.Quantity, 0, 1, booking.MaxSeats)
		if err != nil {
			return command, err
		}
		command.Quantity = int(quantity)
		if best.Section != nil {
			if command.Section = *best.Section; !input.ValidID(string(command.Section)) {
				return command, invalidField("best_available.section", "the performance has no such section")
			}
		}
	}
	if command.Order, err = body.order(); err != nil {
		return command, err
	}
	if command.Open, err = r.openHolds(command.Holder); err != nil {
		return command, err
	}
	rest := body
	rest.Contact = nil
	return command, r.takeContact(body.Contact, rest)
}

// book holds seats for a holder, all or none.
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
	if w := r.recordIntent(); w != nil {
		w.Holder, w.Seats, w.Quantity, w.Section = command.Holder, command.Seats, int64(
			command.Quantity,
		), command.Section
	}
	var answer bookings.Answer
	in, err := s.admitted(
		r,
		command.Holder,
		func() events.RoomID { return s.roomOfPerformance(id) },
		func(room events.RoomID) error {
			command.Room = room
			return r.keyed(func(id actors.CommandID) error {
				ctx, cancel := r.waiting()
				defer cancel()
				command.Origin = r.origin(id)
				answer, err = s.config.Bookings.Book(ctx, command)
				if errors.Is(
					err,
					live.ErrNotFound,
				) { // the views, which choose the best seats, do not have the performance yet
					if err = r.caughtUp(); err == nil {
						answer, err = s.config.Bookings.Book(ctx, command)
					}
				}
				return err
			})
		},
	)
	in.leave()
	if err != nil {
		r.noteAll()
		if errors.Is(err, bookings.ErrNoSection) {
			return invalidField("best_available.section", bookings.ErrNoSection.Detail)
		}
		return err
	}
	if err := r.keepContact(answer.Replayed, answer.Booking.Holder,
		bookingContact(string(answer.Booking.ID))); err != nil {
		return err
	}
	r.ctx.Set(fiber.HeaderLocation, "/v1/bookings/"+string(answer.Booking.ID))
	return r.booked(fiber.StatusCreated, answer)
}

// noteAll notes the end of the log. The steps of a booking are facts of several streams, of which
// an answer names one and a refusal none; the caller's next read must not see half of them.
func (r *request) noteAll() {
	until, end := r.waiting()
	defer end()
	ctx, cancel := context.WithTimeout(until, waitLimit)
	defer cancel()
	if head, err := r.server.config.Store.Head(ctx); err == nil { // without the log no later read sees more
		r.server.note(head)
	}
}

// booked answers with a booking as a request has left it.
func (r *request) booked(status int, answer bookings.Answer) error {
	r.server.note(answer.Position)
	if answer.Replayed {
		r.ctx.Set(headerReplay, "true")
	}
	booking := bookingNow(&answer.Booking, answer.Revision, answer.Position)
	r.tag(answer.Revision)
	body := AppendBooking(make([]byte, 0, 512), booking, nil)
	if answer.Outside != nil {
		r.server.note(answer.Outside.Position)
		body = withOutcome(body, answer.Outside)
	}
	return r.json(status, body)
}

// bookingNow returns the row of a booking as its entity has it.
func bookingNow(state *booking.State, revision events.Revision, position events.Position) *row.Booking {
	return &row.Booking{
		ID: state.ID, PerformanceID: state.PerformanceID, Holder: state.Holder, Seats: state.Seats,
		Amount: state.Amount,
		Status: state.Status, ExpiresAt: state.ExpiresAt, Extended: state.Extended, Order: state.Order, Revision: revision,
		Position: position, Kept: state.Kept, Cancellation: state.Cancellation,
		Intent: row.BookingIntent{ID: state.Intent.ID, ExpiresAt: state.Intent.ExpiresAt},
	}
}

// change is a command about a booking, by its holder or, if by is "", by the organiser.
type change func(ctx context.Context, from bookings.Origin, id events.BookingID,
	by events.Holder) (bookings.Answer, error)

// roomOfPerformance returns the waiting room that guards a performance according to the views, ""
// if none does.
func (s *Server) roomOfPerformance(id events.PerformanceID) events.RoomID {
	row, _, _ := s.config.Views.Performance(id) // after an error none is known
	return row.WaitingRoom
}

// purchased ends the pass of a holder whose seats are paid.
func (s *Server) purchased(p bookings.Purchase) {
	s.config.Rooms.Done(p.Room, p.Holder, 0, actors.Request{ID: actors.NewCommandID(),
		CorrelationID: p.CorrelationID, CausationID: p.CausationID, Actor: p.Actor})
}

func (s *Server) extend(
	ctx context.Context,
	from bookings.Origin,
	id events.BookingID,
	by events.Holder,
) (bookings.Answer, error) {
	return s.config.Bookings.Extend(ctx, bookings.Extend{Origin: from, BookingID: id, By: by})
}

// changeBooking makes a route of a change.
func (s *Server) changeBooking(do change) handler {
	return func(r *request) error {
		id, err := param[events.BookingID](r, "id", "booking")
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
		var answer bookings.Answer
		err = r.keyed(func(command actors.CommandID) error {
			ctx, cancel := r.waiting()
			defer cancel()
			answer, err = do(ctx, r.origin(command), id, by)
			return err
		})
		r.noteAll()
		if err != nil {
			return err
		}
		return r.booked(fiber.StatusOK, answer)
	}
}

// getBooking answers with a booking as it is or was.
func (s *Server) getBooking(r *request) error {
	id, err := param[string](r, "id", "booking")
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
	booking, now := (*row.Booking)(nil), time.Now()
	if at != nil {
		ctx, cancel := context.WithTimeout(context.Background(), pastLimit)
		defer cancel()
		now = at.Time
		booking, err = row.BookingAt(ctx, s.config.Store, events.BookingID(id), at.Position)
	} else if found, ok, missed := s.config.Views.Booking(id); ok {
		booking = &found
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
		return refuse(core.CodeForbidden, "the booking is somebody else's")
	}
	contact, secret, err := r.contactOf(bookingContact(id))
	if err != nil {
		return err
	}
	aged := expireBooking(booking, now)
	if r.tag(booking.Revision) && !aged && !secret { // time has changed it since that revision
		return r.notModified()
	}
	return r.json(fiber.StatusOK, withContact(AppendBooking(nil, booking, at), contact))
}

// expireBooking marks a booking as expired whose deadline has passed, although no fact records it
// yet.
func expireBooking(b *row.Booking, now time.Time) (changed bool) {
	before := b.Status
	b.Status = b.StatusAt(now)
	return b.Status != before
}

// listBookings answers with a page of a holder's bookings, in the order of their creation.
func (s *Server) listBookings(r *request) error {
	holder, err := r.ownHolder("list", RoleAuditor, RoleService)
	if err != nil {
		return err
	}
	after, limit, err := r.numbered()
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
		return r.list(len(page), numberedNext(next), func(dst []byte, i int) ([]byte, error) {
			expireBooking(&page[i], now)
			return AppendBooking(dst, &page[i], nil), nil
		}, nil)
	}
	ctx, cancel := context.WithTimeout(context.Background(), pastLimit)
	defer cancel()
	return r.list(len(page), numberedNext(next), func(dst []byte, i int) ([]byte, error) {
		booking, err := row.BookingAt(ctx, s.config.Store, page[i].ID, at.Position)
		if err != nil || booking == nil { // it did not exist yet
			return dst, err
		}
		expireBooking(booking, at.Time)
		return AppendBooking(dst, booking, nil), nil
	}, func(o *events.Object) { o.Raw("as_of", appendAsOf(nil, *at)) })
}

// AppendBooking appends a booking as the HTTP resource, with as_of if at is given.
func AppendBooking(dst []byte, b *row.Booking, at *row.Moment) []byte {
	o := events.OpenObject(dst)
	o.String("id", string(b.ID))
	o.String("performance_id", string(b.PerformanceID))
	o.String("holder", string(b.Holder))
	seats := make([]events.SeatName, len(b.Seats))
	for i := range b.Seats {
		seats[i] = b.Seats[i].Seat
	}
	events.Strings(&o, "seats", seats)
	o.Int("amount", b.Amount)
	o.String("status", string(b.Status))
	o.Time("expires_at", b.Deadline())
	o.Bool("extended", b.Extended)
	appendCancellation(&o, b.Cancellation)
	if b.Kept > 0 {
		o.Int("kept", b.Kept)
	}
	b.Order.Append(&o)
	if b.Status == events.BookingIsAwaiting {
		o.String("intent", string(b.Intent.ID))
	}
	o.Int("revision", int64(b.Revision))
	o.Int("position", int64(b.Position))
	if at != nil {
		o.Raw("as_of", appendAsOf(nil, *at))
	}
	return o.Close()
}
