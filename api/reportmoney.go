package api

import (
	"context"
	"slices"

	"admitone/events"
	"admitone/projections"
	"admitone/projections/row"
)

// foreignMoney is money in a currency that is not the log's. It is applied to no sale. Amounts are in
// minor units of Currency.
type foreignMoney struct {
	Currency string `json:"currency"`
	Received int64  `json:"received"`
	Open     int64  `json:"open"`
	Refunded int64  `json:"refunded"`
	Owed     int64  `json:"owed"`
}

// countPayments adds the external payments for of to v, as of q. It skips payments for which counted
// returns true: their money is reported with the seats they paid for. Errors: the store's, and ctx's.
func (s *Server) countPayments(ctx context.Context, q *query, from *projections.Reading, of events.PaymentSubject,
	v *report, counted func(id string) bool) error {
	var past *row.Payment
	var visitErr error
	err := from.PaymentsFor(of, func(id string, p row.Payment) bool {
		if counted(id) {
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

// countPayment adds one payment's sums, to Foreign if it is in a different currency.
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

// hasPaid reports whether the money of a booking's own payment is counted by its seats.
func hasPaid(b *row.Booking) bool {
	return b.Status == events.BookingIsBooked || b.Refunding || b.Refunded || len(b.Returned) > 0
}
