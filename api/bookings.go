package api

import (
	"context"
	"errors"
	"time"

	"github.com/gofiber/fiber/v2"

	"admitone/actors"
	"admitone/actors/booking"
	"admitone/actors/bookings"
	"admitone/actors/core"
	"admitone/events"
	"admitone/projections"
)

func (s *Server) bookingRoutes() {
	const one = "/v1/bookings/:id"
	s.handle(fiber.MethodPost, "/v1/performances/:id/bookings", s.book)
	s.handle(fiber.MethodGet, one, s.past(s.getBooking))
	s.handle(fiber.MethodDelete, one, s.changeBooking(s.cancel))
	s.handle(fiber.MethodPost, one+"/payment", s.changeBooking(s.pay))
	s.handle(fiber.MethodPost, one+"/extension", s.changeBooking(s.extend))
	s.handle(fiber.MethodGet, "/v1/holders/:holder/bookings", s.past(s.listBookings))
}

// newBooking is the body of a booking: seats by name, or the best ones left.
type newBooking struct {
	Holder        string         `json:"holder"`
	Seats         *[]string      `json:"seats"`
	BestAvailable *bestAvailable `json:"best_available"`
	Contact       *contact       `json:"contact,omitzero"`
}

type bestAvailable struct {
	Section  *string `json:"section"`
	Quantity *int64  `json:"quantity"`
}

// newBooking reads who wants which seats.
func (r *request) newBooking() (command bookings.Book, err error) {
	if r.caller.role == "" {
		return command, r.caller.must(RoleHolder)
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
			return command, invalidField("seats", "a booking has 1 to 50 seats")
		}
	case best == nil:
		return command, invalidField("seats", "say which seats, or how many of the best_available")
	case best.Quantity == nil:
		return command, invalidField("best_available.quantity", "say how many seats")
	default:
		quantity, err := whole("best_available.quantity", best.Quantity, 0, 1, booking.MaxSeats)
		if err != nil {
			return command, err
		}
		command.Quantity = int(quantity)
		if best.Section != nil {
			if command.Section = *best.Section; !validID(command.Section) {
				return command, invalidField("best_available.section", "the performance has no such section")
			}
		}
	}
	rest := body
	rest.Contact = nil
	return command, r.takeContact(body.Contact, rest)
}

// book holds seats for a holder, all or none.
func (s *Server) book(r *request) error {
	id, err := r.param("id", "performance")
	if err != nil {
		return err
	}
	command, err := r.newBooking()
	if err != nil {
		return err
	}
	command.PerformanceID = id
	if w := r.wish(); w != nil {
		w.Holder, w.Seats, w.Quantity, w.Section = command.Holder, command.Seats, int64(command.Quantity), command.Section
	}
	if command.Origin, err = r.origin(); err != nil {
		return err
	}
	var answer bookings.Answer
	in, err := s.admitted(r, command.Holder, func() string { return s.roomOfPerformance(id) }, func(room string) error {
		command.Room = room
		answer, err = s.config.Bookings.Book(context.Background(), command)
		if errors.Is(err, projections.ErrNotFound) { // the views, of which the best seats are, have yet to hear of it
			if err = r.caughtUp(); err == nil {
				answer, err = s.config.Bookings.Book(context.Background(), command)
			}
		}
		return err
	})
	in.leave()
	if err != nil {
		s.noteAll()
		if refusal := (*core.Refusal)(nil); errors.As(err, &refusal) && refusal.Fields["field"] == "section" {
			return invalidField("best_available.section", refusal.Detail)
		}
		return err
	}
	if err := r.keepContact(answer.Replayed, answer.Booking.Holder, bookingContact(answer.Booking.ID)); err != nil {
		return err
	}
	r.ctx.Set(fiber.HeaderLocation, "/v1/bookings/"+answer.Booking.ID)
	return r.booked(fiber.StatusCreated, answer)
}

// origin says where the steps of a booking come from.
func (r *request) origin() (bookings.Origin, error) {
	id, err := r.commandID()
	return bookings.Origin{ID: id, CorrelationID: r.id, CausationID: r.id, Actor: r.caller.name()}, err
}

// noteAll remembers the end of the log. The steps of a booking are facts of several
// streams, of which an answer names one and a refusal none; whoever asks next must
// not see half of them.
func (s *Server) noteAll() {
	ctx, cancel := context.WithTimeout(context.Background(), waitLimit)
	defer cancel()
	if head, err := s.config.Store.Head(ctx); err == nil { // else nobody can be told anything new
		s.note(head)
	}
}

// booked answers with a booking as a request has left it.
func (r *request) booked(status int, answer bookings.Answer) error {
	r.server.note(answer.Position)
	if answer.Replayed {
		r.ctx.Set("Idempotent-Replay", "true")
	}
	state := &answer.Booking
	row := projections.Booking{
		ID: state.ID, PerformanceID: state.PerformanceID, Holder: state.Holder, Seats: state.Seats, Amount: state.Amount,
		Status: state.Status, ExpiresAt: state.ExpiresAt, Extended: state.Extended, Revision: answer.Revision, Position: answer.Position,
	}
	r.tag(answer.Revision)
	return r.json(status, AppendBooking(make([]byte, 0, 512), &row, nil))
}

// change is something to be done about a booking, by its holder or, if by is "", by
// the house.
type change func(ctx context.Context, from bookings.Origin, id, by string) (bookings.Answer, error)

func (s *Server) cancel(ctx context.Context, from bookings.Origin, id, by string) (bookings.Answer, error) {
	return s.config.Bookings.Cancel(ctx, bookings.Cancel{Origin: from, BookingID: id, By: by})
}

// roomOfPerformance is the waiting room that guards a performance according to the
// views, "" if none does.
func (s *Server) roomOfPerformance(id string) string {
	row, _, _ := s.config.Views.Performance(id) // who can't be asked guards nothing
	return row.WaitingRoom
}

func (s *Server) pay(ctx context.Context, from bookings.Origin, id, by string) (bookings.Answer, error) {
	return s.config.Bookings.Pay(ctx, bookings.Pay{Origin: from, BookingID: id, By: by})
}

// purchased ends the pass of somebody whose seats are paid.
func (s *Server) purchased(p bookings.Purchase) {
	s.config.Rooms.Done(p.Room, p.Holder, 0, actors.Request{ID: actors.NewCommandID(),
		CorrelationID: p.CorrelationID, CausationID: p.CausationID, Actor: p.Actor})
}

func (s *Server) extend(ctx context.Context, from bookings.Origin, id, by string) (bookings.Answer, error) {
	return s.config.Bookings.Extend(ctx, bookings.Extend{Origin: from, BookingID: id, By: by})
}

// changeBooking makes a route of a change.
func (s *Server) changeBooking(do change) handler {
	return func(r *request) error {
		id, err := r.param("id", "booking")
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
		from, err := r.origin()
		if err != nil {
			return err
		}
		answer, err := do(context.Background(), from, id, by)
		s.noteAll()
		if err != nil {
			return err
		}
		return r.booked(fiber.StatusOK, answer)
	}
}

// getBooking answers with a booking as it is or was.
func (s *Server) getBooking(r *request) error {
	id, err := r.param("id", "booking")
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
	row, now := (*projections.Booking)(nil), time.Now()
	if at != nil {
		ctx, cancel := context.WithTimeout(context.Background(), pastLimit)
		defer cancel()
		now = at.Time
		row, err = projections.BookingAt(ctx, s.config.Store, id, at.Position)
	} else if found, ok, missed := s.config.Views.Booking(id); ok {
		row = &found
	} else {
		err = missed
	}
	if err != nil {
		return err
	}
	if row == nil {
		return notFound("booking")
	}
	if only != "" && row.Holder != only {
		return refuse("forbidden", "the booking is somebody else's")
	}
	contact, secret, err := r.contactOf(bookingContact(id))
	if err != nil {
		return err
	}
	aged := expireBooking(row, now)
	if r.tag(row.Revision) && !aged && !secret { // what it was at that revision may be all the client has
		return r.notModified()
	}
	return r.json(fiber.StatusOK, withContact(AppendBooking(nil, row, at), contact))
}

// expireBooking makes a booking expired whose deadline has passed, though no fact says
// so yet.
func expireBooking(b *projections.Booking, now time.Time) (changed bool) {
	before := b.Status
	b.Status = b.StatusAt(now)
	return b.Status != before
}

// listBookings answers with a page of a holder's bookings, in the order in which they
// were made.
func (s *Server) listBookings(r *request) error {
	holder, err := r.ownHolder("list", RoleAuditor)
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
		row, err := projections.BookingAt(ctx, s.config.Store, page[i].ID, at.Position)
		if err != nil || row == nil { // it did not exist yet
			return dst, err
		}
		expireBooking(row, at.Time)
		return AppendBooking(dst, row, nil), nil
	}, func(o *events.Object) { o.Raw("as_of", appendAsOf(nil, *at)) })
}

// AppendBooking appends a booking as the HTTP resource, with as_of if it is one of the
// past.
func AppendBooking(dst []byte, b *projections.Booking, at *projections.Moment) []byte {
	o := events.OpenObject(dst)
	o.String("id", b.ID)
	o.String("performance_id", b.PerformanceID)
	o.String("holder", b.Holder)
	seats := make([]string, len(b.Seats))
	for i := range b.Seats {
		seats[i] = b.Seats[i].Seat
	}
	o.Strings("seats", seats)
	o.Int("amount", b.Amount)
	o.String("status", string(b.Status))
	o.Time("expires_at", b.ExpiresAt)
	o.Bool("extended", b.Extended)
	o.Int("revision", int64(b.Revision))
	o.Int("position", int64(b.Position))
	if at != nil {
		o.Raw("as_of", appendAsOf(nil, *at))
	}
	return o.Close()
}
