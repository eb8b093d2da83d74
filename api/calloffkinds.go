package api

import (
	"fmt"
	"time"

	"admitone/events"
	"admitone/projections"
	"admitone/projections/row"
)

// performanceCancellation implements callOffKind.find.
func (*Server) performanceCancellation(from *projections.Reading, id string) (cancelled row.Cancelled, ok bool,
	err error) {
	performance, ok, err := from.Performance(events.PerformanceID(id))
	return performance.Cancelled, ok, err
}

// affectedBookings implements callOffKind.each.
func (*Server) affectedBookings(from *projections.Reading, id string, cancelled *row.Cancelled, now time.Time,
	visit func(string, *affected) error) error {
	planned := row.Cancelled{Fence: events.EndPosition}
	if cancelled.Fence != 0 {
		planned = *cancelled
	}
	for after := uint64(0); ; {
		page, next, err := from.Bookings(projections.ByPerformance, id, after, rowBatch)
		if err != nil {
			return err
		}
		for i := range page {
			b := &page[i]
			b.Status = b.StatusAt(now)
			if !b.MustCancel(&planned) && b.Status != events.BookingIsCancelled {
				continue
			}
			a := affected{id: string(b.ID), holder: string(b.Holder), status: string(b.Status),
				quantity: int64(len(b.Seats)) + events.CountPlaces(b.Areas), remaining: b.MustCancel(&planned)}
			switch b.Status {
			case events.BookingIsBooked:
				a.refund = b.Price() + b.KeptAfter(&planned)
			case events.BookingIsReleased:
				a.refund = b.KeptAfter(&planned)
			case events.BookingIsCancelled:
				a.refund = b.CancelRefund
			}
			if a.paid = a.refund > 0; a.paid {
				a.method = walletMethod
			}
			if a.paid && b.Payment != "" {
				payment, _, err := from.Payment(b.Payment.Entity())
				if err != nil {
					return err
				}
				a.method, a.provider = externalMethod, payment.Provider
			}
			if err := visit(fmt.Sprintf("%020d", b.FirstPosition), &a); err != nil {
				return err
			}
		}
		if after = next; next == 0 {
			return nil
		}
	}
}

// appendCancelled appends the status and the cancellation of a resource, if it is cancelled.
func appendCancelled(o *events.Object, cancelled *row.Cancelled) {
	if cancelled.Fence == 0 {
		return
	}
	o.String("status", string(events.BookingIsCancelled))
	cancelled.Append(o)
}

// productCancellation implements callOffKind.find.
func (*Server) productCancellation(from *projections.Reading, id string) (cancelled row.Cancelled, ok bool, err error) {
	p, ok, err := from.Product(events.ProductID(id))
	return p.Cancelled, ok, err
}

// affectedReservations implements callOffKind.each.
func (*Server) affectedReservations(from *projections.Reading, id string, _ *row.Cancelled, now time.Time,
	visit func(string, *affected) error) error {
	for after := ""; ; {
		page, next, err := from.Reservations(events.ProductID(id), after, rowBatch)
		if err != nil {
			return err
		}
		for i := range page {
			v := &page[i]
			status := v.StatusAt(now)
			remaining := status == events.ReservationHeld || status == events.ReservationConfirmed
			if !remaining && status != events.ReservationCancelled {
				continue
			}
			a := affected{id: string(v.ID), holder: string(v.Holder), status: string(status),
				quantity: v.Quantity, remaining: remaining}
			if v.PaidBy != "" {
				payment, _, err := from.Payment(v.PaidBy.Entity())
				if err != nil {
					return err
				}
				a.paid, a.refund, a.method, a.provider = true, payment.Received, externalMethod, payment.Provider
			}
			if err := visit(string(v.ID), &a); err != nil {
				return err
			}
		}
		if after = next; next == "" {
			return nil
		}
	}
}

// tournamentCancellation implements callOffKind.find.
func (*Server) tournamentCancellation(from *projections.Reading, id string) (cancelled row.Cancelled, ok bool,
	err error) {
	t, ok, err := from.Tournament(events.TournamentID(id))
	return t.Cancelled, ok, err
}

// affectedEntries implements callOffKind.each. It sets no holder, because the owners of teams are not public.
func (*Server) affectedEntries(from *projections.Reading, id string, cancelled *row.Cancelled, _ time.Time,
	visit func(string, *affected) error) error {
	for _, status := range []events.EntryStatus{events.EntryEntered, events.EntryWaitlisted} {
		for after := uint64(0); ; {
			page, next, err := from.Entries(events.TournamentID(id), status, after, 0, rowBatch)
			if err != nil {
				return err
			}
			for i := range page {
				a := affected{id: string(page[i].TeamID), status: string(status), quantity: 1, remaining: cancelled.Fence == 0}
				if cancelled.Fence != 0 {
					a.status = string(events.EntryCancelled)
				}
				if err := visit(fmt.Sprintf("%s %020d", status, page[i].Number), &a); err != nil {
					return err
				}
			}
			if after = next; next == 0 {
				break
			}
		}
	}
	return nil
}
