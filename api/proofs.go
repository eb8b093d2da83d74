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

// Proofs lets callers verify the log without trusting the server; *merkle.Tree implements it.
type Proofs interface {
	// AppendHead appends the newest signed head as JSON.
	AppendHead(dst []byte) ([]byte, error)
	// Receipt returns the receipt of the event at a position as JSON. It waits for a head over
	// it. Error: ctx.Err(), if there was none in time.
	Receipt(ctx context.Context, position events.Position) ([]byte, error)
}

// proofRoutes adds no route if the log has no proofs.
func (s *Server) proofRoutes() {
	if s.config.Proofs == nil {
		return
	}
	s.handle(fiber.MethodGet, "/v1/log/head", s.logHead)
	s.handle(fiber.MethodGet, "/v1/products/:id/reservations/:rid/receipt", s.reservationReceipt)
	s.handle(fiber.MethodGet, "/v1/tournaments/:id/entries/:team/receipt", s.entryReceipt)
	s.handle(fiber.MethodGet, "/v1/bookings/:id/receipt", s.bookingReceipt)
}

// logHead answers with a signed head. Every caller may have it: the more callers keep one, the
// less can be changed without notice.
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
		return refuse(codes.ProjectionBehind, "no head has been signed over that event yet; try again")
	}
	if err != nil {
		return err
	}
	return r.json(fiber.StatusOK, body)
}

// entryReceipt proves the status of an entry: the event by which the team got its slot, or its
// place on the waitlist. It names the holder who caused it, so it is not public.
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

// ownEntry refuses the entry of another holder's team that another holder entered.
func (s *Server) ownEntry(entry *row.Entry, holder events.Holder) error {
	team, _, err := s.config.Views.Team(entry.TeamID)
	if err != nil || team.Owner == holder {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), pastLimit)
	defer cancel()
	by, err := s.enteredBy(ctx, entry)
	if err == nil && by != holder {
		err = refuse(core.CodeForbidden, "the entry is somebody else's")
	}
	return err
}

// enteredBy returns the holder who entered a team: the actor of its entry, which may have been to
// the waitlist. The actor of its promotion does not count.
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

// bookingReceipt proves the status of a booking: its last event, or that of a revision. Only its
// first event has its seats.
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
		return refuse(core.CodeForbidden, "the booking is somebody else's")
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
	page, err := s.config.Store.Read(
		ctx,
		events.NewStreamID("booking", id),
		events.Revision(revision),
		events.Forward,
		1,
	)
	if err != nil {
		return err
	}
	if len(page) == 0 {
		return notFound("revision")
	}
	return r.receipt(page[0].Position)
}

// expiredAlone reports whether the expiry of a reservation names no other holder: one fact has
// all that expire at a moment.
func (s *Server) expiredAlone(v *foundReservation) (bool, error) {
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

// reservationReceipt proves the status of a reservation: the last event about it. One that
// expired together with those of other holders is proved by its hold, which has its deadline: the
// names of other holders are not disclosed.
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
	position, until := v.Position, *v // position of its end, if it has ended
	if v.Status == events.ReservationExpired && only != "" {
		alone, err := s.expiredAlone(v)
		if err != nil {
			return err
		}
		if !alone {
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

// clockSlack is how much earlier than its id an event may seem to be recorded: the clock may have
// been set back in between.
const clockSlack = 2 * time.Second

// reservationEvent finds the last event about an open reservation. No index has it, but its id
// has the time of its creation (UUIDv7, RFC 9562 section 5.7), so the stream need not be read
// from its beginning.
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
	if err == nil && position == 0 { // the clock was set back by more than that
		position, err = s.lastAbout(ctx, stream, 0, rid, v.Status)
	}
	if err == nil && position == 0 {
		err = notFound("reservation")
	}
	return position, err
}

// revisionAt finds the first event of a stream that was recorded at a time or later, by binary
// search.
func (s *Server) revisionAt(
	ctx context.Context,
	stream events.StreamID,
	last events.Revision,
	at time.Time,
) (events.Revision, error) {
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

// lastAbout returns the position of the last event about a reservation from a revision on, 0 if
// there is none.
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
