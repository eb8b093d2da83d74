package api

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"slices"
	"sort"
	"time"

	"github.com/gofiber/fiber/v2"

	"admitone/actors"
	"admitone/actors/core"
	"admitone/actors/product"
	"admitone/actors/tournament"
	"admitone/api/codes"
	"admitone/events"
	"admitone/projections/row"
)

// Proofs provides signed heads and receipts, with which callers can verify the log without trusting the
// server. [*merkle.Tree] and [*merkle.SharedTree] implement it.
type Proofs interface {
	// AppendHead appends the newest signed head as JSON, waiting for the first one. Error: ctx.Err().
	AppendHead(ctx context.Context, dst []byte) ([]byte, error)
	// Receipt returns the receipt of the event at a position as JSON, waiting for a head that covers it.
	// Error: ctx.Err().
	Receipt(ctx context.Context, position events.Position) ([]byte, error)
}

// proofRoutes adds routes if the log has proofs.
func (s *Server) proofRoutes() {
	if s.config.Proofs == nil {
		return
	}
	s.handle(fiber.MethodGet, "/v1/log/head", s.logHead)
	s.handle(fiber.MethodGet, "/v1/products/:id/reservations/:rid/receipt", s.reservationReceipt)
	s.handle(fiber.MethodGet, "/v1/tournaments/:id/entries/:team/receipt", s.entryReceipt)
	s.handle(fiber.MethodGet, "/v1/bookings/:id/receipt", s.bookingReceipt)
}

// logHead answers with a signed head. It is public: the more parties store heads, the harder it is to
// change the log undetected.
func (s *Server) logHead(r *request) error {
	ctx, cancel := context.WithTimeout(context.Background(), s.viewsTimeout)
	defer cancel()
	body, err := s.config.Proofs.AppendHead(ctx, nil)
	if errors.Is(err, context.DeadlineExceeded) {
		return refuse(codes.ProjectionBehind, "no head of this log has been signed yet; try again")
	}
	if err != nil {
		return err
	}
	return r.json(fiber.StatusOK, body)
}

// receipt answers with the receipt of the event at a position.
func (r *request) receipt(position events.Position) error {
	ctx, cancel := context.WithTimeout(context.Background(), r.server.viewsTimeout)
	defer cancel()
	body, err := r.server.config.Proofs.Receipt(ctx, position)
	if errors.Is(err, context.DeadlineExceeded) {
		return refuse(codes.ProjectionBehind, "no head has been signed over that event yet; try again")
	}
	if err != nil {
		return err
	}
	return r.json(fiber.StatusOK, body)
}

// entryReceipt answers with the receipt of an entry: of the event that gave the team its slot or its place
// on the waitlist. The event contains the holder who caused it, so the receipt is not public.
func (s *Server) entryReceipt(r *request) error {
	id, teamID, err := r.entryParams()
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
	if only != "" {
		mine := s.costly(func(*request) error { return s.ownEntry(&entry, only) })
		if err := mine(r); err != nil {
			return err
		}
	}
	return r.receipt(entry.Position)
}

// ownEntry refuses an entry unless holder owns the team or has entered it.
func (s *Server) ownEntry(entry *row.Entry, holder events.Holder) error {
	team, _, err := s.config.Views.Team(entry.TeamID)
	if err != nil || team.Owner == holder {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), pastLimit)
	defer cancel()
	by, err := s.enteredBy(ctx, entry)
	if err == nil && by != holder {
		err = refuse(core.CodeForbidden, "the entry belongs to another holder")
	}
	return err
}

// enteredBy returns the holder who entered a team: the actor of the event of its entry, even if that was to
// the waitlist.
func (s *Server) enteredBy(ctx context.Context, entry *row.Entry) (events.Holder, error) {
	stream := tournament.Stream(entry.TournamentID)
	for last := entry.Revision; last >= 0; {
		page, err := s.config.Store.Read(ctx, stream, last, events.Backward, 100)
		if err != nil || len(page) == 0 {
			return "", err
		}
		for i := range page {
			fact, err := page[i].Decode()
			if err != nil {
				return "", err
			}
			if v, _ := enteredOf(entry.TournamentID,
				actors.Answer{Facts: []events.Fact{fact}}); v.status != events.EntryWithdrawn &&
				slices.Contains(v.teams, entry.TeamID) {
				metadata, err := events.ParseMetadata(page[i].Metadata)
				return events.Holder(metadata.Actor), err
			}
		}
		last = page[len(page)-1].Revision - 1
	}
	return "", nil
}

// bookingReceipt answers with the receipt of a booking: of its last event, or of the one at a revision. Only
// the first event has the seats.
func (s *Server) bookingReceipt(r *request) error {
	id, err := param[string](r, "id", "booking")
	if err != nil {
		return err
	}
	only, err := r.caller.only(RoleAuditor, RoleService)
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
		return refuse(core.CodeForbidden, "the booking belongs to another holder")
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
	stream := events.NewStreamID(events.BookingCategory, id)
	page, err := s.config.Store.Read(ctx, stream, events.Revision(revision), events.Forward, 1)
	if err != nil {
		return err
	}
	if len(page) == 0 {
		return notFound("revision")
	}
	return r.receipt(page[0].Position)
}

// expiredSingly reports whether the event of a reservation's expiry contains no other holder: one fact has
// all reservations that expire at the same time.
func (s *Server) expiredSingly(v *foundReservation) (bool, error) {
	ctx, cancel := context.WithTimeout(context.Background(), readLimit)
	defer cancel()
	page, err := s.config.Store.Read(ctx, product.Stream(v.ProductID), v.Revision, events.Forward, 1)
	if err != nil || len(page) == 0 {
		return false, err
	}
	fact, err := page[0].Decode()
	if err != nil {
		return false, err
	}
	expired, ok := fact.(*events.ProductExpired)
	return ok &&
		!slices.ContainsFunc(expired.Expired, func(h events.ExpiredHold) bool { return h.Holder != v.Holder }), nil
}

// reservationReceipt answers with the receipt of the last event about a reservation. An expiry that
// contains other holders must not be disclosed; the answer is then the receipt of the hold, which has the
// deadline.
func (s *Server) reservationReceipt(r *request) error {
	productID, rid, id, err := r.reservationParams()
	if err != nil {
		return err
	}
	only, err := r.caller.only(RoleAuditor, RoleService)
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
	if only != "" && v.Holder != only {
		return errNotYours
	}
	position, until := v.Position, *v // position: of its end, if it has ended
	if v.Status == events.ReservationExpired && only != "" {
		single, err := s.expiredSingly(v)
		if err != nil {
			return err
		}
		if !single {
			until.Status = events.ReservationHeld
		}
	}
	if until.Status == events.ReservationConfirmed || until.Status == events.ReservationHeld {
		search := s.costly(func(*request) (err error) {
			position, err = s.reservationEvent(product.Stream(productID), rid, id, &until)
			return err
		})
		if err := search(r); err != nil {
			return err
		}
	}
	return r.receipt(position)
}

// clockSlack is the time by which an event may be recorded before the time in its id, because the clock
// was set back in between.
const clockSlack = 2 * time.Second

// reservationEvent returns the position of the last event about an open reservation. There is no index of
// them, but the id contains the time of its creation (UUIDv7, RFC 9562 section 5.7), so that the stream
// need not be read from the beginning.
func (s *Server) reservationEvent(
	stream events.StreamID,
	rid events.ReservationID,
	id events.ID,
	v *foundReservation,
) (events.Position, error) {
	ctx, cancel := context.WithTimeout(context.Background(), pastLimit)
	defer cancel()
	made := time.UnixMilli(int64(binary.BigEndian.Uint64(id[:8]) >> 16))
	from, err := s.revisionAt(ctx, stream, v.Revision, made.Add(-clockSlack))
	if err != nil {
		return 0, err
	}
	position, err := s.lastAbout(ctx, stream, from, rid, v.Status)
	if err == nil && position == 0 { // the clock was set back by more than clockSlack
		position, err = s.lastAbout(ctx, stream, 0, rid, v.Status)
	}
	if err == nil && position == 0 {
		err = notFound("reservation")
	}
	return position, err
}

// revisionAt returns the revision of the first event of a stream, up to last, that was recorded at or after
// a time, by binary search.
func (s *Server) revisionAt(
	ctx context.Context,
	stream events.StreamID,
	last events.Revision,
	at time.Time,
) (events.Revision, error) {
	var readErr error
	first := sort.Search(int(last), func(revision int) bool {
		page, err := s.config.Store.Read(ctx, stream, events.Revision(revision), events.Forward, 1)
		if err != nil {
			readErr = err
		}
		return err != nil || len(page) == 0 || !page[0].Created.Before(at)
	})
	return events.Revision(first), readErr
}

// lastAbout returns the position of the last event about a reservation at or after revision from, 0
// for none. It stops at the first event with the given status.
func (s *Server) lastAbout(
	ctx context.Context,
	stream events.StreamID,
	from events.Revision,
	rid events.ReservationID,
	status events.ReservationStatus,
) (events.Position, error) {
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
			if v.Status == status {
				break
			}
		}
	}
	return found, nil
}
