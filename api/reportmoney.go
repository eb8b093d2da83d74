package api

import (
	"context"
	"slices"

	"admitone/events"
	"admitone/projections"
	"admitone/projections/row"
)

// foreignMoney has the payments in a currency other than the log's. They pay for nothing. Amounts are in minor units of
// Currency.
type foreignMoney struct {
	Currency string `json:"currency"`
	Received int64  `json:"received"`
	Open     int64  `json:"open"`
	Refunded int64  `json:"refunded"`
	Owed     int64  `json:"owed"`
}

// countPayments adds the external payments for a booking or a product to v, as of the moment of q. It leaves out the
// payments for which skip returns true, because they are counted with the seats that they paid for. Errors: the
// store's, the views' and ctx's.
func (s *Server) countPayments(ctx context.Context, q *query, from *projections.Reading, of events.PaymentSubject,
	v *report, skip func(id string) bool) error {
	var past *row.Payment
	var visitErr error
	err := from.PaymentsFor(of, func(id string, p row.Payment) bool {
		if skip(id) {
			return true
		}
		past = &p
		if q.at != nil && p.Position > q.at.Position {
			if past, visitErr = row.PaymentAt(ctx, s.config.Store, id, q.at.Position); visitErr != nil {
				return false
			}
		}
		if past != nil {
			v.countPayment(past, s.config.Currency.Code)
		}
		visitErr = ctx.Err()
		return visitErr == nil
	})
	if err != nil {
		return err
	}
	return visitErr
}

// countPayment adds the amounts of one payment, to Foreign if it is in another currency.
func (v *report) countPayment(p *row.Payment, currency string) {
	if p.Currency == currency {
		v.Received, v.Open, v.Booked = v.Received+p.Received, v.Open+p.Open, v.Booked+p.Booked
		v.Kept, v.Refunded, v.Owed = v.Kept+p.Kept, v.Refunded+p.Refunded, v.Owed+p.Owed
		return
	}
	i := slices.IndexFunc(v.Foreign, func(f foreignMoney) bool { return f.Currency == p.Currency })
	if i < 0 {
		i = len(v.Foreign)
		v.Foreign = append(v.Foreign, foreignMoney{Currency: p.Currency})
	}
	f := &v.Foreign[i]
	f.Received, f.Open, f.Refunded, f.Owed = f.Received+p.Received, f.Open+p.Open, f.Refunded+p.Refunded, f.Owed+p.Owed
}

// countedBySeats reports whether countBooking counts the payment of a booking with its seats.
func countedBySeats(b *row.Booking) bool {
	return b.Status == events.BookingIsBooked || b.Refunding || b.Refunded || len(b.Returned) > 0
}
