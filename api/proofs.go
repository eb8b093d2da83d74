package api

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"sort"
	"time"

	"github.com/gofiber/fiber/v2"

	"admitone/actors/product"
	"admitone/events"
)

// Proofs shows what the log is to people who trust nobody; *merkle.Tree does it.
type Proofs interface {
	// AppendHead appends the newest signed head as JSON.
	AppendHead(dst []byte) ([]byte, error)
	// Receipt returns the receipt of the event at a position as JSON. It waits for a
	// head over it. Error: ctx.Err(), if there was none in time.
	Receipt(ctx context.Context, position events.Position) ([]byte, error)
}

// proofRoutes adds nothing if the log has no proofs.
func (s *Server) proofRoutes() {
	if s.config.Proofs == nil {
		return
	}
	s.handle(fiber.MethodGet, "/v1/log/head", s.logHead)
	s.handle(fiber.MethodGet, "/v1/products/:id/reservations/:rid/receipt", s.reservationReceipt)
	s.handle(fiber.MethodGet, "/v1/tournaments/:id/entries/:team/receipt", s.entryReceipt)
	s.handle(fiber.MethodGet, "/v1/bookings/:id/receipt", s.bookingReceipt)
}

// logHead answers with a signed head. Anybody may have it: the more people keep one,
// the less can be changed behind their backs.
func (s *Server) logHead(r *request) error {
	body, err := s.config.Proofs.AppendHead(nil)
	if err != nil {
		return err
	}
	return r.json(fiber.StatusOK, body)
}

// receipt answers with the receipt of the event at a position.
func (r *request) receipt(position events.Position) error {
	ctx, cancel := context.WithTimeout(context.Background(), r.server.patience)
	defer cancel()
	body, err := r.server.config.Proofs.Receipt(ctx, position)
	if errors.Is(err, context.DeadlineExceeded) {
		return refuse("projection_behind", "no head has been signed over that event yet; try again")
	}
	if err != nil {
		return err
	}
	return r.json(fiber.StatusOK, body)
}

// entryReceipt proves where a team stands: the event by which it got its slot, or its
// place on the waitlist.
func (s *Server) entryReceipt(r *request) error {
	id, teamID, err := r.entryParams()
	if err != nil {
		return err
	}
	if err := r.caughtUp(); err != nil {
		return err
	}
	if _, err := s.tournamentNow(id); err != nil {
		return err
	}
	entry, ok, err := s.config.Views.Entry(id, teamID)
	if err != nil {
		return err
	}
	if !ok {
		return notFound("entry")
	}
	return r.receipt(entry.Position)
}

// bookingReceipt proves how a booking stands: the last event of it, or that of a
// revision. Only its first event says which seats it has.
func (s *Server) bookingReceipt(r *request) error {
	id, err := r.param("id", "booking")
	if err != nil {
		return err
	}
	only, err := r.caller.only(RoleAuditor)
	if err != nil {
		return err
	}
	if err := r.caughtUp(); err != nil {
		return err
	}
	row, ok, err := s.config.Views.Booking(id)
	if err != nil {
		return err
	}
	if !ok {
		return notFound("booking")
	}
	if only != "" && row.Holder != only {
		return refuse("forbidden", "the booking is somebody else's")
	}
	revision, given, err := r.position("revision")
	if err != nil {
		return err
	}
	if !given {
		return r.receipt(row.Position)
	}
	ctx, cancel := context.WithTimeout(context.Background(), readLimit)
	defer cancel()
	page, err := s.config.Store.Read(ctx, events.NewStreamID("booking", id), events.Revision(revision), events.Forward, 1)
	if err != nil {
		return err
	}
	if len(page) == 0 {
		return notFound("revision")
	}
	return r.receipt(page[0].Position)
}

// reservationReceipt proves how a reservation stands: the last event about it.
func (s *Server) reservationReceipt(r *request) error {
	productID, rid, id, err := r.reservationParams()
	if err != nil {
		return err
	}
	only, err := r.caller.only(RoleAuditor)
	if err != nil {
		return err
	}
	if err := r.caughtUp(); err != nil {
		return err
	}
	v, err := s.findReservation(r, productID, rid, id)
	if err != nil {
		return err
	}
	if v == nil {
		return notFound("reservation")
	}
	if only != "" && v.holder != only {
		return errNotYours
	}
	position := v.position // of its end, if it has ended
	if v.status == events.ReservationConfirmed || v.status == events.ReservationHeld {
		search := s.costly(func(*request) (err error) {
			position, err = s.reservationEvent(product.Stream(productID), rid, id, v)
			return err
		})
		if err := search(r); err != nil {
			return err
		}
	}
	return r.receipt(position)
}

// clockSlack is how much later than its id was made an event may seem to be earlier:
// the clock may have been set back in between.
const clockSlack = 2 * time.Second

// reservationEvent finds the last event about a reservation that goes on. Nothing
// keeps its place, but its id has the time at which it was made (UUIDv7, RFC 9562
// section 5.7), and so the stream need not be read from its beginning.
func (s *Server) reservationEvent(stream events.StreamID, rid string, id events.ID, v *reservation) (events.Position, error) {
	ctx, cancel := context.WithTimeout(context.Background(), pastLimit)
	defer cancel()
	made := time.UnixMilli(int64(binary.BigEndian.Uint64(id[:8]) >> 16))
	from, err := s.revisionAt(ctx, stream, v.revision, made.Add(-clockSlack))
	if err != nil {
		return 0, err
	}
	position, err := s.lastAbout(ctx, stream, from, rid, v.status)
	if err == nil && position == 0 { // the clock was set back by more than that
		position, err = s.lastAbout(ctx, stream, 0, rid, v.status)
	}
	if err == nil && position == 0 {
		err = notFound("reservation")
	}
	return position, err
}

// revisionAt finds the first event of a stream that was recorded at a time or later.
// It searches by halves.
func (s *Server) revisionAt(ctx context.Context, stream events.StreamID, last events.Revision, at time.Time) (events.Revision, error) {
	var failed error
	first := sort.Search(int(last), func(revision int) bool {
		page, err := s.config.Store.Read(ctx, stream, events.Revision(revision), events.Forward, 1)
		if err != nil {
			failed = err
		}
		return err != nil || len(page) == 0 || !page[0].Created.Before(at)
	})
	return events.Revision(first), failed
}

// lastAbout returns the position of the event that made a reservation what it is, 0
// if there is none from a revision on.
func (s *Server) lastAbout(ctx context.Context, stream events.StreamID, from events.Revision, rid string, status events.ReservationStatus) (events.Position, error) {
	found := events.Position(0)
	for e, err := range events.Stream(ctx, s.config.Store, stream, from) {
		if err != nil {
			return 0, err
		}
		if !bytes.Contains(e.Data, []byte(rid)) {
			continue
		}
		fact, err := e.Decode()
		if err != nil {
			return 0, err
		}
		if v := reservationOf(fact, rid); v != nil {
			found = e.Position
			if v.status == status {
				break
			}
		}
	}
	return found, nil
}
