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

// report has the counts and amounts of sales. Received is the sum of Open, Booked, Kept, Refunded and Owed.
// Sections and categories contain only money that is applied to sales; the totals also contain wrong, late
// and duplicate payments.
type report struct {
	ID string `json:"id"`
	counted
	Sections []sectionReport `json:"sections"`
	// Categories has the price types ever sold or held, if the performance has a plan.
	Categories []categoryReport `json:"categories,omitzero"`
	// Foreign is money in other currencies, which the totals do not include.
	Foreign  []foreignMoney  `json:"foreign,omitzero"` // nil for none
	Position events.Position `json:"position"`
	AsOf     asOf            `json:"as_of,omitzero"` // zero for the present
}

// counted has the counts of units, seats or teams that are sold, held or returned, with their amounts.
type counted struct {
	Sold     int64 `json:"sold"`
	Held     int64 `json:"held"`
	Returned int64 `json:"given_back"`
	money
}

// money has amounts in minor units. A payment from a wallet counts as received once it has booked its
// seats.
type money struct {
	Received int64 `json:"received"`
	Open     int64 `json:"open"`
	Booked   int64 `json:"booked"`
	Kept     int64 `json:"kept"`
	Refunded int64 `json:"refunded"`
	Owed     int64 `json:"owed"`
}

// sectionReport has the counts of one section of a performance.
type sectionReport struct {
	Section events.SectionID `json:"section"`
	counted
}

// categoryReport has the counts of one price type of one category.
type categoryReport struct {
	Category  string `json:"category"`
	PriceType string `json:"price_type,omitempty"`
	counted
}

var appendReport = events.EncoderOf[report]()

// reportLimit bounds the time to compute a report.
const reportLimit = 30 * time.Second

// answerReport answers with a report that count computes from the views at one log position.
func (r *request) answerReport(resource string, count func(ctx context.Context, q *query, from *projections.Reading,
	v *report) (found bool, err error)) error {
	if err := r.caller.requireRole(RoleAuditor, RoleService, RoleAdmin); err != nil {
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
	return r.answerReport("performance", func(ctx context.Context, q *query, from *projections.Reading,
		v *report) (bool, error) {
		show, ok, err := from.Performance(events.PerformanceID(v.ID))
		if err != nil || !ok {
			return false, err
		}
		if err := s.checkExisted(q, events.NewStreamID(events.PerformanceCategory, v.ID), "performance"); err != nil {
			return false, err
		}
		parts := newReportParts(&show)
		external, err := from.HasPayments()
		if err != nil {
			return false, err
		}
		for after := uint64(0); ; {
			page, next, err := from.Bookings(projections.ByPerformance, v.ID, after, rowBatch)
			if err == nil {
				err = ctx.Err()
			}
			if err != nil {
				return false, err
			}
			for i := range page {
				there, err := s.bookingAsOf(q, &page[i])
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
				countBooking(&page[i], &show.Cancelled, q.now, owed, parts)
				if !external {
					continue
				}
				if err := s.countPayments(ctx, q, from, events.PaymentSubject{BookingID: page[i].ID}, v, func(id string) bool {
					return hasPaid(&page[i]) && page[i].Payment.Entity() == id
				}); err != nil {
					return false, err
				}
			}
			if after = next; next == 0 {
				break
			}
		}
		for i := range parts.sections {
			v.add(&parts.sections[i].counted)
		}
		v.add(&parts.places)
		v.Sections, v.Categories = parts.sections, parts.sold()
		return true, nil
	})
}

// owed returns a function that reports whether the refund for a cause is still owed. A refund to the wallet
// is owed until the booking has completed it, a refund of an external payment until it is settled.
func (s *Server) owed(ctx context.Context, q *query, from *projections.Reading,
	b *row.Booking) (func(cause events.RefundCause, about string, done bool) bool, error) {
	if b.Payment == "" || !b.Refunded && !b.Refunding && len(b.Returned) == 0 {
		return func(_ events.RefundCause, _ string, done bool) bool { return !done }, nil
	}
	payment, _, err := from.Payment(b.Payment.Entity())
	if err == nil && q.at != nil && payment.Position > q.at.Position {
		var past *row.Payment
		if past, err = row.PaymentAt(ctx, s.config.Store, b.Payment.Entity(), q.at.Position); past != nil {
			payment = *past
		}
	}
	return func(cause events.RefundCause, about string, done bool) bool {
		id := events.NewRefundID(b.Payment, cause, about)
		return !done || slices.ContainsFunc(payment.Refunds, func(f row.Refund) bool {
			return f.ID == id && f.Status == row.RefundOwed
		})
	}, err
}

// countBooking adds the seats and places of a booking to the parts of a report.
func countBooking(b *row.Booking, off *row.Cancelled, now time.Time,
	owed func(cause events.RefundCause, about string, done bool) bool, parts *reportParts) {
	for i := range b.Returned {
		r, kept := &b.Returned[i], b.Returned[i].Kept
		if b.Status == events.BookingIsCancelled && off.Fence != 0 && r.At > off.Fence {
			kept = 0 // refunded by the cancellation of the performance
		}
		stillOwed := owed(events.OwedSeatReturned, r.Part().About(), r.Done)
		of := parts.of(&r.BookedSeat)
		if r.Area != "" {
			of = parts.ofArea(r.Area, r.PriceType)
		}
		for _, s := range of {
			s.addReturned(r.Price, kept, stillOwed)
		}
	}
	released := b.Status == events.BookingIsReleased && (b.Refunding || b.Refunded) &&
		owed(events.OwedReleased, "", b.Refunded)
	cancelled := b.Status == events.BookingIsCancelled && owed(events.OwedCancelled, "", b.Refunded)
	status := b.StatusAt(now)
	count := func(price int64, parts []*counted) {
		for _, s := range parts {
			switch {
			case status == events.BookingIsHeld || status == events.BookingIsAwaiting || status == events.BookingIsPaying:
				s.Held++
			case status == events.BookingIsBooked:
				s.Sold++
				s.Received += price
				s.Booked += price
			case status == events.BookingIsCancelled && (b.Refunding || b.Refunded):
				s.addReturned(price, 0, cancelled)
			case status == events.BookingIsReleased && (b.Refunding || b.Refunded):
				s.addReturned(price, price-b.Cancellation.Refund(price), released)
			}
		}
	}
	for i := range b.Seats {
		count(b.Seats[i].Price, parts.of(&b.Seats[i]))
	}
	for i := range b.Areas {
		for range b.Areas[i].Quantity {
			count(b.Areas[i].Price, parts.ofArea(b.Areas[i].Area, b.Areas[i].PriceType))
		}
	}
}

// addReturned counts a seat or place that was paid and returned.
func (s *counted) addReturned(price, kept int64, owed bool) {
	s.Returned++
	s.Received += price
	if s.Kept += kept; owed {
		s.Owed += price - kept
	} else {
		s.Refunded += price - kept
	}
}

// add adds the counts of a part.
func (s *counted) add(part *counted) {
	s.Sold, s.Held, s.Returned = s.Sold+part.Sold, s.Held+part.Held, s.Returned+part.Returned
	s.Received, s.Open, s.Booked = s.Received+part.Received, s.Open+part.Open, s.Booked+part.Booked
	s.Kept, s.Refunded, s.Owed = s.Kept+part.Kept, s.Refunded+part.Refunded, s.Owed+part.Owed
}

// productReport adds up the reservations of a product and the external payments for them.
func (s *Server) productReport(r *request) error {
	return r.answerReport("product", func(ctx context.Context, q *query, from *projections.Reading,
		v *report) (bool, error) {
		if err := s.checkExisted(q, events.NewStreamID(events.ProductCategory, v.ID), "product"); err != nil {
			return false, err
		}
		for after := ""; ; {
			page, next, err := from.Reservations(events.ProductID(v.ID), after, rowBatch)
			if err == nil {
				err = ctx.Err()
			}
			if err != nil {
				return false, err
			}
			for i := range page {
				past, there := page[i], true
				if q.at != nil {
					past, there = page[i].AsOf(q.at.Position)
				}
				if there {
					v.countReservation(&past, q.now)
				}
			}
			if after = next; next == "" {
				return true, s.countPayments(ctx, q, from, events.PaymentSubject{ProductID: events.ProductID(v.ID)}, v,
					func(string) bool { return false })
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
		v.Returned += one.Quantity
	}
}

// tournamentReport counts the entries of a tournament. Waitlisted teams do not count as held, and entries
// have no payments.
func (s *Server) tournamentReport(r *request) error {
	return r.answerReport("tournament", func(ctx context.Context, q *query, from *projections.Reading,
		v *report) (bool, error) {
		t, found, err := from.Tournament(events.TournamentID(v.ID))
		if q.at != nil && err == nil && found {
			var past *row.Tournament
			if past, err = s.config.Views.TournamentAt(ctx, events.TournamentID(v.ID), q.at.Position); past != nil {
				t = *past
			}
			found = past != nil
		}
		v.Sold, v.Returned = t.Entered, t.Seated-t.Entered
		return found, err
	})
}
