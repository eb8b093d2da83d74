package api

import (
	"context"

	"github.com/gofiber/fiber/v2"

	"admitone/api/codes"
	"admitone/events"
	"admitone/projections"
	"admitone/projections/row"
)

func (s *Server) orderListRoutes() {
	s.handle(fiber.MethodGet, "/v1/bookings", s.limitPastReads(s.findBookings))
	s.handle(fiber.MethodGet, "/v1/performances/:id/bookings", s.limitPastReads(s.performanceBookings))
	s.handle(fiber.MethodGet, "/v1/reservations", s.limitPastReads(s.findReservations))
	s.handle(fiber.MethodGet, "/v1/products/:id/reservations", s.limitPastReads(s.productReservations))
}

// The columns of the CSV files: every member that a resource can have.
var (
	bookingColumns = []string{"id", "performance_id", "holder", "seats", "areas", "returned", "lines", "amount", "status",
		"expires_at", "extended", "intent", fieldCancellation, "kept", fieldReference, fieldMetadata, "revision",
		"position"}
	reservationColumns = []string{"id", "product_id", "holder", "quantity", "status", "expires_at", "remaining",
		"kept", fieldReference, fieldMetadata, "revision", "position"}
	entryColumns = []string{"team_id", "name", "tournament_id", "status", "place", "group", "since", fieldReference,
		fieldMetadata, "revision", "position"}
)

// bookingStatuses and reservationStatuses are the statuses by which lists can be filtered.
var bookingStatuses = []string{string(events.BookingIsHeld), string(events.BookingIsAwaiting),
	string(events.BookingIsPaying),
	string(events.BookingIsBooked), string(events.BookingIsReleased), string(events.BookingIsExpired),
	string(events.BookingIsCancelled)}

var reservationStatuses = []string{string(events.ReservationHeld), string(events.ReservationConfirmed),
	string(events.ReservationReleased), string(events.ReservationExpired), string(events.ReservationCancelled)}

// reference parses the query parameter reference.
func (r *request) reference() (string, error) {
	reference := r.ctx.Query(fieldReference)
	if checkReference(reference) != nil {
		return "", refuse(codes.BadParameter, "give the reference to look for: 1 to 128 printable characters")
	}
	return reference, nil
}

// findBookings answers with the bookings, of all performances, that have a reference.
func (s *Server) findBookings(r *request) error {
	if err := r.caller.requireRole(RoleAuditor, RoleService, RoleAdmin); err != nil {
		return err
	}
	reference, err := r.reference()
	if err != nil {
		return err
	}
	q, err := r.query(bookingStatuses, "holder", "at", fieldReference)
	if err != nil {
		return err
	}
	return answerList(r, &q, s.bookingList(&q, projections.ByReference, reference,
		func(b *row.Booking) bool { return b.Order.Reference == reference }))
}

// performanceBookings answers with the bookings of a performance.
func (s *Server) performanceBookings(r *request) error {
	if err := r.caller.requireRole(RoleAuditor, RoleService, RoleAdmin); err != nil {
		return err
	}
	id, err := param[events.PerformanceID](r, "id", "performance")
	if err != nil {
		return err
	}
	q, err := r.query(bookingStatuses, "holder", "at")
	if err != nil {
		return err
	}
	if err := s.checkExisted(&q, events.NewStreamID(events.PerformanceCategory, string(id)), "performance"); err != nil {
		return err
	}
	by, owner := projections.ByPerformance, string(id)
	if q.holder != "" {
		by, owner = projections.ByHolder, q.holder
	}
	return answerList(r, &q, s.bookingList(&q, by, owner, func(b *row.Booking) bool { return b.PerformanceID == id }))
}

// checkExisted returns not_found unless a resource existed at the requested moment.
func (s *Server) checkExisted(q *query, stream events.StreamID, resource string) error {
	ctx, cancel := context.WithTimeout(context.Background(), readTimeout)
	defer cancel()
	first, err := s.config.Store.Read(ctx, stream, 0, events.Forward, 1)
	if err == nil && (len(first) == 0 || q.at != nil && first[0].Position > q.at.Position) {
		err = notFound(resource)
	}
	return err
}

// bookingList returns the listing of the bookings that an index has for owner, as far as they match and have the
// requested status and holder.
func (s *Server) bookingList(q *query, by projections.BookingIndex, owner string,
	matches func(*row.Booking) bool) *listing[row.Booking] {
	return &listing[row.Booking]{
		name: "bookings", columns: bookingColumns,
		page: func(from *projections.Reading, after string, limit int) ([]row.Booking, string, error) {
			number, err := numberCursor[events.Position](after)
			if err != nil {
				return nil, "", err
			}
			page, next, err := from.Bookings(by, owner, uint64(number), limit)
			return page, numberedCursor(next), err
		},
		resolve: func(b *row.Booking) (bool, error) {
			if existed, err := s.bookingAsOf(q, b); err != nil || !existed {
				return false, err
			}
			expireBooking(b, q.now)
			return matches(b) && (q.status == "" || string(b.Status) == q.status) &&
				(q.holder == "" || string(b.Holder) == q.holder), nil
		},
		write:   func(dst []byte, b *row.Booking) ([]byte, error) { return AppendBooking(dst, b, nil), nil },
		contact: func(b *row.Booking) string { return bookingContact(string(b.ID)) },
	}
}

// bookingAsOf changes a booking from the views to its state at the requested moment. existed is false if the booking
// did not exist yet.
func (s *Server) bookingAsOf(q *query, b *row.Booking) (existed bool, err error) {
	if q.at == nil || b.Position <= q.at.Position {
		return true, nil
	}
	if b.FirstPosition > q.at.Position {
		return false, nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), readTimeout)
	defer cancel()
	past, err := row.BookingAt(ctx, s.config.Store, b.ID, q.at.Position)
	if err != nil || past == nil {
		return false, err
	}
	*b = *past
	return true, nil
}

// findReservations answers with the reservations, of all products, that have a reference.
func (s *Server) findReservations(r *request) error {
	if err := r.caller.requireRole(RoleAuditor, RoleService, RoleAdmin); err != nil {
		return err
	}
	reference, err := r.reference()
	if err != nil {
		return err
	}
	q, err := r.query(reservationStatuses, "holder", "at", fieldReference)
	if err != nil {
		return err
	}
	list := s.reservationList(&q, func(v *row.Reservation) bool { return v.Order.Reference == reference })
	list.page = func(from *projections.Reading, after string, limit int) ([]row.Reservation, string, error) {
		number, err := numberCursor[events.Position](after)
		if err != nil {
			return nil, "", err
		}
		page, next, err := from.ReferencedReservations(reference, uint64(number), limit)
		return page, numberedCursor(next), err
	}
	return answerList(r, &q, list)
}

// productReservations answers with the reservations of a product.
func (s *Server) productReservations(r *request) error {
	if err := r.caller.requireRole(RoleAuditor, RoleService, RoleAdmin); err != nil {
		return err
	}
	id, err := param[events.ProductID](r, "id", "product")
	if err != nil {
		return err
	}
	q, err := r.query(reservationStatuses, "holder", "at")
	if err != nil {
		return err
	}
	if err := s.checkExisted(&q, events.NewStreamID(events.ProductCategory, string(id)), "product"); err != nil {
		return err
	}
	list := s.reservationList(&q, func(*row.Reservation) bool { return true })
	list.page = func(from *projections.Reading, after string, limit int) ([]row.Reservation, string, error) {
		return from.Reservations(id, after, limit)
	}
	return answerList(r, &q, list)
}

// reservationList returns the listing of the reservations that match and have the requested status and holder. The
// caller has to set its page.
func (s *Server) reservationList(q *query, matches func(*row.Reservation) bool) *listing[row.Reservation] {
	return &listing[row.Reservation]{
		name: "reservations", columns: reservationColumns,
		resolve: func(v *row.Reservation) (bool, error) {
			if existed, err := s.reservationAsOf(q, v); err != nil || !existed {
				return false, err
			}
			return matches(v) && (q.status == "" || string(v.StatusAt(q.now)) == q.status) &&
				(q.holder == "" || string(v.Holder) == q.holder), nil
		},
		write: func(dst []byte, v *row.Reservation) ([]byte, error) {
			reservation := foundReservationOf(v)
			reservation.Status = v.StatusAt(q.now)
			return reservation.append(dst), nil
		},
		contact: func(v *row.Reservation) string { return reservationContact(v.ProductID, v.ID) },
	}
}

// reservationAsOf is bookingAsOf for a reservation.
func (s *Server) reservationAsOf(q *query, v *row.Reservation) (existed bool, err error) {
	if q.at == nil || v.Position() <= q.at.Position {
		return true, nil
	}
	past, existed := v.AsOf(q.at.Position)
	if !existed {
		return false, nil
	}
	if past.OrderPosition > q.at.Position {
		ctx, cancel := context.WithTimeout(context.Background(), readTimeout)
		defer cancel()
		order, revision, position, err := s.orderAsOf(ctx, v, q.at.Position)
		if err != nil {
			return false, err
		}
		past.Order, past.OrderRevision, past.OrderPosition = order, revision, position
	}
	*v = past
	return true, nil
}

// streamEntries answers with the entries of a tournament that have a status as CSV, with their order data.
func (s *Server) streamEntries(r *request, id events.TournamentID, status events.EntryStatus) error {
	if err := r.caller.requireRole(RoleAuditor, RoleService, RoleAdmin); err != nil {
		return err
	}
	q, err := r.query([]string{string(events.EntryEntered), string(events.EntryWaitlisted)}, "at")
	if err != nil {
		return err
	}
	list := &listing[orderedEntry]{
		name: "entries", columns: entryColumns,
		resolve: func(*orderedEntry) (bool, error) { return true, nil },
		write: func(dst []byte, e *orderedEntry) ([]byte, error) {
			dst, err := s.appendEntry(dst, &e.Entry, nil)
			if err != nil || e.order.IsZero() {
				return dst, err
			}
			return withOrderData(dst, &e.order), nil
		},
		contact: func(e *orderedEntry) string { return entryContact(id, e.TeamID) },
	}
	if q.at != nil {
		roster, err := s.rosterAt(id, q.at)
		if err != nil {
			return err
		}
		list.page = pastEntries(roster, status)
	} else {
		if _, err := s.tournamentNow(id); err != nil {
			return err
		}
		list.page = presentEntries(id, status)
	}
	return answerList(r, &q, list)
}

// orderedEntry is an entry with its order data.
type orderedEntry struct {
	row.Entry
	order events.OrderData
}

// pastEntries returns the pages of the entries of a roster, for listing.page.
func pastEntries(roster *row.Roster, status events.EntryStatus) func(*projections.Reading, string, int) ([]orderedEntry,
	string, error) {
	return func(_ *projections.Reading, after string, limit int) (all []orderedEntry, next string, err error) {
		number, err := numberCursor[events.Position](after)
		if err != nil {
			return nil, "", err
		}
		page, following := roster.Entries(status, uint64(number), limit)
		for _, e := range page {
			all = append(all, orderedEntry{e, roster.Order(e.TeamID)})
		}
		return all, numberedCursor(following), nil
	}
}

// presentEntries returns the pages of the current entries of a tournament, for listing.page. Each call continues the
// numbering of the waitlist where the previous page ended.
func presentEntries(id events.TournamentID, status events.EntryStatus) func(*projections.Reading, string,
	int) ([]orderedEntry, string, error) {
	listed := int64(0)
	return func(from *projections.Reading, after string, limit int) (all []orderedEntry, next string, err error) {
		number, err := numberCursor[events.Position](after)
		if err != nil {
			return nil, "", err
		}
		page, following, err := from.Entries(id, status, uint64(number), listed, limit)
		listed += int64(len(page))
		for _, e := range page {
			if err != nil {
				break
			}
			var order events.OrderData
			order, err = from.EntryOrder(id, e.TeamID)
			all = append(all, orderedEntry{e, order})
		}
		return all, numberedCursor(following), err
	}
}
