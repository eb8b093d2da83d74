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
	s.handle(fiber.MethodGet, "/v1/products/:id/report", s.limitReads(s.productReport))
	s.handle(fiber.MethodGet, "/v1/performances/:id/report", s.limitReads(s.performanceReport))
	s.handle(fiber.MethodGet, "/v1/tournaments/:id/report", s.limitReads(s.tournamentReport))
}

// report has the counts and amounts of the sales of one resource. Received is the sum of Open, Booked, Kept,
// Refunded and Owed. Sections and categories have only payments that paid for something; the totals include wrong,
// late and duplicate payments, too.
type report struct {
	ID string `json:"id"`
	salesCounts
	Sections []sectionReport `json:"sections"`
	// Categories has the price types that were ever sold or held, for a performance with a plan.
	Categories []categoryReport `json:"categories,omitzero"`
	// Foreign has the payments in other currencies, which are not in the totals; nil for none.
	Foreign  []foreignMoney  `json:"foreign,omitzero"`
	Position events.Position `json:"position"`
	AsOf     asOf            `json:"as_of,omitzero"` // zero for the present
}

// salesCounts has the numbers of units, seats or teams that are sold, held or returned, and the amounts.
type salesCounts struct {
	Sold     int64 `json:"sold"`
	Held     int64 `json:"held"`
	Returned int64 `json:"given_back"`
	amounts
}

// amounts are in minor units. A payment from a wallet is received once it has booked its seats.
type amounts struct {
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
	salesCounts
}

// categoryReport has the counts of one price type of one category.
type categoryReport struct {
	Category  string `json:"category"`
	PriceType string `json:"price_type,omitempty"`
	salesCounts
}

var appendReport = events.EncoderOf[report]()

// reportTimeout bounds the time to compute a report.
const reportTimeout = 30 * time.Second

// answerReport answers with the report that count computes from the views at one log position. q has the moment.
func (r *request) answerReport(resource string, count func(ctx context.Context, q *query, from *projections.Reading,
	v *report) (known bool, err error)) error {
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
	ctx, cancel := context.WithTimeout(context.Background(), reportTimeout)
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
	known, err := count(ctx, &q, from, v)
	if err != nil {
		return err
	}
	if !known {
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
		hasPayments, err := from.HasPayments()
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
				existed, err := s.bookingAsOf(q, &page[i])
				if err != nil {
					return false, err
				}
				if !existed {
					continue
				}
				owed, err := s.owedFunc(ctx, q, from, &page[i])
				if err != nil {
					return false, err
				}
				countBooking(&page[i], &show.Cancelled, q.now, owed, parts)
				if !hasPayments {
					continue
				}
				if err := s.countPayments(ctx, q, from, events.PaymentSubject{BookingID: page[i].ID}, v, func(id string) bool {
					return countedBySeats(&page[i]) && page[i].Payment.Entity() == id
				}); err != nil {
					return false, err
				}
			}
			if after = next; next == 0 {
				break
			}
		}
		for i := range parts.sections {
			v.add(&parts.sections[i].salesCounts)
		}
		v.add(&parts.places)
		v.Sections, v.Categories = parts.sections, parts.soldCategories()
		return true, nil
	})
}

// owedFunc returns a function that reports whether a refund of a booking is still owed. about and cause identify the
// refund; done means that the booking has completed it. A refund to the wallet is owed until then, a refund of an
// external payment until it is settled.
func (s *Server) owedFunc(ctx context.Context, q *query, from *projections.Reading,
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

// countBooking adds the seats and places of a booking to the parts of a report. off is the cancellation of the
// performance; owed is from owedFunc.
func countBooking(b *row.Booking, off *row.Cancelled, now time.Time,
	owed func(cause events.RefundCause, about string, done bool) bool, parts *reportParts) {
	for i := range b.Returned {
		r, kept := &b.Returned[i], b.Returned[i].Kept
		if b.Status == events.BookingIsCancelled && off.Fence != 0 && r.At > off.Fence {
			kept = 0 // refunded by the cancellation of the performance
		}
		stillOwed := owed(events.OwedSeatReturned, r.Part().About(), r.Done)
		counts := parts.seatParts(&r.BookedSeat)
		if r.Area != "" {
			counts = parts.placeParts(r.Area, r.PriceType)
		}
		for _, s := range counts {
			s.addReturned(r.Price, kept, stillOwed)
		}
	}
	released := b.Status == events.BookingIsReleased && (b.Refunding || b.Refunded) &&
		owed(events.OwedReleased, "", b.Refunded)
	cancelled := b.Status == events.BookingIsCancelled && owed(events.OwedCancelled, "", b.Refunded)
	status := b.StatusAt(now)
	count := func(price int64, parts []*salesCounts) {
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
		count(b.Seats[i].Price, parts.seatParts(&b.Seats[i]))
	}
	for i := range b.Areas {
		for range b.Areas[i].Quantity {
			count(b.Areas[i].Price, parts.placeParts(b.Areas[i].Area, b.Areas[i].PriceType))
		}
	}
}

// addReturned counts a seat or place that was paid and returned. kept is the part of the price that is not refunded.
func (s *salesCounts) addReturned(price, kept int64, owed bool) {
	s.Returned++
	s.Received += price
	if s.Kept += kept; owed {
		s.Owed += price - kept
	} else {
		s.Refunded += price - kept
	}
}

// add adds the numbers and amounts of a part of the report.
func (s *salesCounts) add(part *salesCounts) {
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
				past, existed := page[i], true
				if q.at != nil {
					past, existed = page[i].AsOf(q.at.Position)
				}
				if existed {
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

func (v *report) countReservation(r *row.Reservation, now time.Time) {
	switch status := r.StatusAt(now); {
	case status == events.ReservationHeld:
		v.Held += r.Quantity
	case status == events.ReservationConfirmed:
		v.Sold += r.Quantity
	case r.Confirmed():
		v.Returned += r.Quantity
	}
}

// tournamentReport counts the entries of a tournament. Waitlisted teams do not count as held. Entries are not paid for.
func (s *Server) tournamentReport(r *request) error {
	return r.answerReport("tournament", func(ctx context.Context, q *query, from *projections.Reading,
		v *report) (bool, error) {
		t, known, err := from.Tournament(events.TournamentID(v.ID))
		if q.at != nil && err == nil && known {
			var past *row.Tournament
			if past, err = s.config.Views.TournamentAt(ctx, events.TournamentID(v.ID), q.at.Position); past != nil {
				t = *past
			}
			known = past != nil
		}
		v.Sold, v.Returned = t.Entered, t.LastSlot-t.Entered
		return known, err
	})
}
