package api

import (
	"context"
	"slices"
	"time"

	"github.com/gofiber/fiber/v2"

	"admitone/events"
	"admitone/projections"
	"admitone/projections/row"
)

func (s *Server) reportRoutes() {
	s.handle(fiber.MethodGet, "/v1/products/:id/report", s.costly(s.productReport))
	s.handle(fiber.MethodGet, "/v1/performances/:id/report", s.costly(s.performanceReport))
	s.handle(fiber.MethodGet, "/v1/tournaments/:id/report", s.costly(s.tournamentReport))
}

// report is what was sold of something, and for how much: what was received is what is open,
// booked, kept, refunded or owed.
type report struct {
	ID string `json:"id"`
	// Sold and Held count units, seats or teams; GivenBack those that were sold before.
	Sold      int64 `json:"sold"`
	Held      int64 `json:"held"`
	GivenBack int64 `json:"given_back"`
	money
	Sections []sectionReport `json:"sections"`
	Position events.Position `json:"position"`
	AsOf     asOf            `json:"as_of,omitzero"` // zero for the present
}

// money is in minor units. A payment from a wallet counts once it has booked its seats: one that is
// under way is not received yet.
type money struct {
	Received int64 `json:"received"`
	Open     int64 `json:"open"`
	Booked   int64 `json:"booked"`
	Kept     int64 `json:"kept"`
	Refunded int64 `json:"refunded"`
	Owed     int64 `json:"owed"`
}

// sectionReport is the part of one section of a performance.
type sectionReport struct {
	Section   events.SectionID `json:"section"`
	Sold      int64            `json:"sold"`
	Held      int64            `json:"held"`
	GivenBack int64            `json:"given_back"`
	money
}

var appendReport = events.EncoderOf[report]()

// reportLimit bounds how long a report may read.
const reportLimit = 30 * time.Second

// reported answers with a report that count fills from the views as of one position.
func (r *request) reported(resource string, count func(ctx context.Context, q *query, from *projections.Reading,
	v *report) (found bool, err error)) error {
	if err := r.caller.must(RoleAuditor, RoleService, RoleAdmin); err != nil {
		return err
	}
	id, err := param[string](r, "id", resource)
	if err != nil {
		return err
	}
	q := query{now: time.Now()}
	if q.at, err = r.moment(); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), reportLimit)
	defer cancel()
	from, err := r.server.config.Views.Read()
	if err != nil {
		return err
	}
	defer from.Close()
	v := &report{ID: id, Position: from.Position()}
	if q.at != nil {
		q.now, v.Position, v.AsOf = q.at.Time, q.at.Position, asOf(*q.at)
	}
	found, err := count(ctx, &q, from, v)
	if err != nil {
		return err
	}
	if !found {
		return notFound(resource)
	}
	return r.json(fiber.StatusOK, appendReport(nil, v))
}

// performanceReport adds up the bookings of a performance.
func (s *Server) performanceReport(r *request) error {
	return r.reported("performance", func(ctx context.Context, q *query, from *projections.Reading,
		v *report) (bool, error) {
		show, ok, err := from.Performance(events.PerformanceID(v.ID))
		if err != nil || !ok {
			return false, err
		}
		if err := s.thereThen(q, events.NewStreamID(events.PerformanceCategory, v.ID), "performance"); err != nil {
			return false, err
		}
		sections := make([]sectionReport, len(show.Sections))
		byID := map[events.SectionID]*sectionReport{}
		for i := range show.Sections {
			sections[i].Section = show.Sections[i].ID
			byID[show.Sections[i].ID] = &sections[i]
		}
		for after := uint64(0); ; {
			page, next, err := from.Bookings(projections.ByPerformance, v.ID, after, rowsAtOnce)
			if err == nil {
				err = ctx.Err()
			}
			if err != nil {
				return false, err
			}
			for i := range page {
				there, err := s.bookingThen(q, &page[i])
				if err != nil {
					return false, err
				}
				if !there {
					continue
				}
				owed, err := s.owed(ctx, q, from, &page[i])
				if err != nil {
					return false, err
				}
				countBooking(&page[i], q.now, owed, byID)
			}
			if after = next; next == 0 {
				break
			}
		}
		for i := range sections {
			v.add(&sections[i])
		}
		v.Sections = sections
		return true, nil
	})
}

// owed reports whether the refund of a booking that was given back is still to be paid: while the
// wallet is being credited, or until somebody settles that of money from outside.
func (s *Server) owed(ctx context.Context, q *query, from *projections.Reading, b *row.Booking) (bool, error) {
	if !b.Refunded || b.Payment == "" {
		return b.Refunding, nil
	}
	payment, _, err := from.Payment(b.Payment.Entity())
	if err == nil && q.at != nil && payment.Position > q.at.Position {
		var then *row.Payment
		if then, err = row.PaymentAt(ctx, s.config.Store, b.Payment.Entity(), q.at.Position); then != nil {
			payment = *then
		}
	}
	return slices.ContainsFunc(payment.Refunds, func(f row.Refund) bool {
		return f.Cause == events.OwedReleased && f.Status == row.RefundOwed
	}), err
}

// countBooking adds the seats of a booking to their sections.
func countBooking(b *row.Booking, now time.Time, owed bool, sections map[events.SectionID]*sectionReport) {
	for _, seat := range b.Seats {
		id, _, _, _ := events.ParseSeat(seat.Seat)
		s := sections[id]
		if s == nil {
			continue // verify holds bookings to the layout
		}
		switch status := b.StatusAt(now); {
		case status == events.BookingIsHeld || status == events.BookingIsAwaiting || status == events.BookingIsPaying:
			s.Held++
		case status == events.BookingIsBooked:
			s.Sold++
			s.Received += seat.Price
			s.Booked += seat.Price
		case status == events.BookingIsReleased && (b.Refunding || b.Refunded):
			refund := b.Cancellation.Refund(seat.Price)
			s.GivenBack++
			s.Received += seat.Price
			s.Kept += seat.Price - refund
			if owed {
				s.Owed += refund
			} else {
				s.Refunded += refund
			}
		}
	}
}

// add adds a section to the whole.
func (v *report) add(s *sectionReport) {
	v.Sold, v.Held, v.GivenBack = v.Sold+s.Sold, v.Held+s.Held, v.GivenBack+s.GivenBack
	v.Received, v.Open, v.Booked = v.Received+s.Received, v.Open+s.Open, v.Booked+s.Booked
	v.Kept, v.Refunded, v.Owed = v.Kept+s.Kept, v.Refunded+s.Refunded, v.Owed+s.Owed
}

// productReport adds up the reservations of a product. No money is known of them.
func (s *Server) productReport(r *request) error {
	return r.reported("product", func(ctx context.Context, q *query, from *projections.Reading,
		v *report) (bool, error) {
		if err := s.thereThen(q, events.NewStreamID(events.ProductCategory, v.ID), "product"); err != nil {
			return false, err
		}
		for after := ""; ; {
			page, next, err := from.Reservations(events.ProductID(v.ID), after, rowsAtOnce)
			if err == nil {
				err = ctx.Err()
			}
			if err != nil {
				return false, err
			}
			for i := range page {
				then, there := page[i], true
				if q.at != nil {
					then, there = page[i].Then(q.at.Position)
				}
				if there {
					v.countReservation(&then, q.now)
				}
			}
			if after = next; next == "" {
				return true, nil
			}
		}
	})
}

func (v *report) countReservation(one *row.Reservation, now time.Time) {
	switch status := one.StatusAt(now); {
	case status == events.ReservationHeld:
		v.Held += one.Quantity
	case status == events.ReservationConfirmed:
		v.Sold += one.Quantity
	case one.Confirmed():
		v.GivenBack += one.Quantity
	}
}

// tournamentReport counts the entries of a tournament. Teams that wait hold nothing, and no money is
// known of entries.
func (s *Server) tournamentReport(r *request) error {
	return r.reported("tournament", func(ctx context.Context, q *query, from *projections.Reading,
		v *report) (bool, error) {
		t, found, err := from.Tournament(events.TournamentID(v.ID))
		if q.at != nil && err == nil && found {
			var then *row.Tournament
			if then, err = s.config.Views.TournamentAt(ctx, events.TournamentID(v.ID), q.at.Position); then != nil {
				t = *then
			}
			found = then != nil
		}
		v.Sold, v.GivenBack = t.Entered, t.Seated-t.Entered
		return found, err
	})
}
