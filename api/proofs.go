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
	// AppendHead appends the newest signed head as JSON. It waits for the first one. Error: ctx.Err().
	AppendHead(ctx context.Context, dst []byte) ([]byte, error)
	// Receipt returns the receipt of the event at a position as JSON. It waits for a head that covers the
	// event. Error: ctx.Err().
	Receipt(ctx context.Context, position events.Position) ([]byte, error)
}

// proofRoutes adds the routes for heads and receipts, if the log has proofs.
func (s *Server) proofRoutes() {
	if s.config.Proofs == nil {
		return
	}
	s.handle(fiber.MethodGet, "/v1/log/head", s.logHead)
	s.handle(fiber.MethodGet, "/v1/products/:id/reservations/:rid/receipt", s.reservationReceipt)
	s.handle(fiber.MethodGet, "/v1/tournaments/:id/entries/:team/receipt", s.entryReceipt)
	s.handle(fiber.MethodGet, "/v1/bookings/:id/receipt", s.bookingReceipt)
}

// logHead answers with the newest signed head. Heads are public: the more parties keep them, the harder it is to change
// the log undetected.
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

// entryReceipt answers with the receipt of the event that gave a team its slot or its place on the waitlist. The event
// contains the holder who caused it, so the receipt is not public.
func (s *Server) entryReceipt(r *request) error {
	id, teamID, err := r.entryParams()
	if err != nil {
		return err
	}
	only, err := r.caller.restrictedTo(RoleAuditor)
	if err != nil {
		return err
	}
	if err := r.waitForViews(); err != nil {
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
		check := s.limitReads(func(*request) error { return s.requireOwnEntry(&entry, only) })
		if err := check(r); err != nil {
			return err
		}
	}
	return r.receipt(entry.Position)
}

// requireOwnEntry refuses an entry unless holder owns the team or has entered it.
func (s *Server) requireOwnEntry(entry *row.Entry, holder events.Holder) error {
	team, _, err := s.config.Views.Team(entry.TeamID)
	if err != nil || team.Owner == holder {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), pastTimeout)
	defer cancel()
	enteredBy, err := s.enteredBy(ctx, entry)
	if err == nil && enteredBy != holder {
		err = refuse(core.CodeForbidden, "the entry belongs to another holder")
	}
	return err
}

// enteredBy returns the holder who entered a team, possibly to the waitlist: the actor of that event.
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
			if v, _ := newEntryAnswer(entry.TournamentID,
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

// bookingReceipt answers with the receipt of the last event of a booking, or of the event at a revision. Only the first
// event contains the seats.
func (s *Server) bookingReceipt(r *request) error {
	id, err := param[string](r, "id", "booking")
	if err != nil {
		return err
	}
	only, err := r.caller.restrictedTo(RoleAuditor, RoleService)
	if err != nil {
		return err
	}
	if err := r.waitForViews(); err != nil {
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
	ctx, cancel := context.WithTimeout(context.Background(), readTimeout)
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

// expiredAlone reports whether the event of a reservation's expiry contains no other holder. One fact contains all the
// reservations of a product that expire at the same time.
func (s *Server) expiredAlone(v *foundReservation) (bool, error) {
	ctx, cancel := context.WithTimeout(context.Background(), readTimeout)
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

// reservationReceipt answers with the receipt of the last event about a reservation. If that is an expiry which also
// contains other holders, it must not be disclosed. The answer is then the receipt of the hold, which has the deadline.
func (s *Server) reservationReceipt(r *request) error {
	productID, rid, id, err := r.reservationParams()
	if err != nil {
		return err
	}
	only, err := r.caller.restrictedTo(RoleAuditor, RoleService)
	if err != nil {
		return err
	}
	if err := r.waitForViews(); err != nil {
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
		return errOtherHolder
	}
	position := v.Position // of the last event, if the reservation has ended
	last := *v             // the state after the event for the receipt
	if v.Status == events.ReservationExpired && only != "" {
		alone, err := s.expiredAlone(v)
		if err != nil {
			return err
		}
		if !alone {
			last.Status = events.ReservationHeld
		}
	}
	if last.Status == events.ReservationConfirmed || last.Status == events.ReservationHeld {
		search := s.limitReads(func(*request) (err error) {
			position, err = s.reservationEvent(product.Stream(productID), rid, id, &last)
			return err
		})
		if err := search(r); err != nil {
			return err
		}
	}
	return r.receipt(position)
}

// clockSlack is how long before the time in a reservation's id its first event may have been recorded, because the
// clock was set back in between.
const clockSlack = 2 * time.Second

// reservationEvent returns the position of the event after which a reservation had the status of v. There is no
// index of such events, but the id of the reservation contains the time of its creation (UUIDv7, RFC 9562 section
// 5.7), so the stream need not be read from the beginning.
func (s *Server) reservationEvent(stream events.StreamID, rid events.ReservationID, id events.ID,
	v *foundReservation) (events.Position, error) {
	ctx, cancel := context.WithTimeout(context.Background(), pastTimeout)
	defer cancel()
	created := time.UnixMilli(int64(binary.BigEndian.Uint64(id[:8]) >> 16))
	from, err := s.revisionAt(ctx, stream, v.Revision, created.Add(-clockSlack))
	if err != nil {
		return 0, err
	}
	position, err := s.eventWithStatus(ctx, stream, from, rid, v.Status)
	if err == nil && position == 0 { // the clock was set back by more than clockSlack
		position, err = s.eventWithStatus(ctx, stream, 0, rid, v.Status)
	}
	if err == nil && position == 0 {
		err = notFound("reservation")
	}
	return position, err
}

// revisionAt returns the revision of the first event of a stream, before last, that was recorded at or after a time. If
// there is none, it returns last.
func (s *Server) revisionAt(ctx context.Context, stream events.StreamID, last events.Revision,
	at time.Time) (events.Revision, error) {
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

// eventWithStatus returns the position of the first event, from a revision on, after which a reservation has a
// status. If there is none, it returns the position of the last event about the reservation, 0 for none.
func (s *Server) eventWithStatus(ctx context.Context, stream events.StreamID, from events.Revision,
	rid events.ReservationID, status events.ReservationStatus) (events.Position, error) {
	position := events.Position(0)
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
			position = e.Position
			if v.Status == status {
				break
			}
		}
	}
	return position, nil
}
