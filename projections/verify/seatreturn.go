package verify

import (
	"maps"
	"time"

	"admitone/events"
)

// returned is a seat or place of a booking that was returned individually.
type returned struct {
	price, kept int64
	paid, done  bool
}

// refund returns the refunded part of the price.
func (r *returned) refund() int64 {
	if !r.paid {
		return 0
	}
	return r.price - r.kept
}

// returning reports whether the return of a seat is in progress.
func (b *booking) returning() bool {
	for _, r := range b.returned {
		if !r.done {
			return true
		}
	}
	return false
}

// remainingPrice returns the price of the seats and places that were not returned individually, and the fee for
// releasing them.
func (b *booking) remainingPrice() (price, kept int64) {
	for i := range b.seats {
		price += b.seats[i].Price
		kept += b.kept(b.seats[i].Price)
	}
	for _, p := range b.areas {
		price += p.Quantity * p.Price
		kept += p.Quantity * b.kept(p.Price)
	}
	return price, kept
}

// evolveReturn is evolve for the facts of seats returned individually.
func (b *booking) evolveReturn(fact events.Fact) bool {
	switch f := fact.(type) {
	case *events.BookingSeatReturned:
		price := b.partPrice(f.Part())
		if b.status != events.BookingIsBooked || price < 0 || f.Price != price || f.Left != b.count()-1 {
			return false
		}
		seats := make([]events.BookedSeat, 0, len(b.seats))
		for _, s := range b.seats {
			if f.Area != "" || s.Seat != f.Seat {
				seats = append(seats, s)
			}
		}
		b.seats, b.areas, b.withheld = seats, b.withoutPlace(f), b.withheld+f.Kept
		b.returned = maps.Clone(b.returned)
		if b.returned == nil {
			b.returned = map[events.Part]returned{}
		}
		b.returned[f.Part()] = returned{price: price, kept: f.Kept, paid: f.PaymentID != ""}
		if f.Left == 0 {
			b.status = events.BookingIsReleased
		}
		return true
	case *events.BookingSeatRefunded:
		r, is := b.returned[f.Part()]
		if !is || r.done {
			return false
		}
		b.returned = maps.Clone(b.returned)
		r.done = true
		b.returned[f.Part()] = r
		return f.Amount == r.refund()
	}
	return false
}

// checkSeatReturned checks the return of one seat against the booking's policy and the start of the performance.
func (c *bookingCheck) checkSeatReturned(f *events.BookingSeatReturned, decided time.Time) *fault {
	row := &c.row
	price := row.partPrice(f.Part())
	want, kept := events.HoldID(""), int64(0)
	if price > 0 {
		want, kept = row.paymentID, row.kept(price)
	}
	if f.PaymentID != want || f.Kept != kept {
		return faultf(RuleReturns, "for %s it records that %q refunds all but %d; it should be %q, and all but %d",
			f.Part(), f.PaymentID, f.Kept, want, kept)
	}
	if want == "" {
		return nil
	}
	return c.inTime(f.Terms, f.Reason, decided)
}

// checkSeatRefunded checks the completion of a seat's return against the money and the seat.
func (c *bookingCheck) checkSeatRefunded(f *events.BookingSeatRefunded) *fault {
	row := &c.row
	r := row.returned[f.Part()]
	if a := c.ledger.areas[events.OfPerformance(row.performance, string(f.Area))]; f.Area != "" &&
		a.bookedPlaces(row.holdID()) > row.places(f.Area) {
		return faultf(RuleBooked, "%s is not released", f.Part())
	}
	if s := c.ledger.seats[events.OfPerformance(row.performance, string(f.Seat))]; f.Area == "" && s != nil && s.hold == row.holdID() {
		return faultf(RuleBooked, "the seat %s is not released", f.Seat)
	}
	switch refund := r.refund(); {
	case !r.paid:
		return nil
	case row.payment != "":
		id := events.NewRefundID(row.payment, events.OwedSeatReturned, f.Part().About())
		if p := c.ledger.payments[row.payment.Entity()]; p == nil || p.refunds[id] == nil || p.refunds[id].amount != refund {
			return faultf(RulePayments, "%d of %q are neither refunded nor owed for %s", refund, row.payment, f.Part())
		}
	case refund > 0:
		wallet := c.ledger.wallets[row.holder]
		if wallet == nil ||
			wallet.payments[row.paymentID].parts[f.Part().RefundOf(row.paymentID)] != refund {
			return faultf(RulePayments, "%d of %q are not refunded for %s", refund, row.paymentID, f.Part())
		}
	}
	return nil
}

// announced returns the amount of a partial refund that the booking's stream has announced; ok is false if it has not.
func (b *booking) announced(id events.RefundID) (amount int64, ok bool) {
	if b.refunding && b.status == events.BookingIsCancelled {
		return b.refunds, id == events.CallOffRefund(b.paymentID)
	}
	if b.refunding && id == events.ReleaseRefund(b.paymentID) {
		return b.refunds, true
	}
	for part, r := range b.returned {
		if !r.done && id == part.RefundOf(b.paymentID) {
			return r.refund(), true
		}
	}
	return 0, false
}

// returnOf returns the amounts of a refund of an external payment, owed and withheld, as the booking's stream
// records them; ok is false if it does not.
func (b *booking) returnOf(payment events.StreamID, id events.RefundID) (owed, kept int64, ok bool) {
	if b.refunding && b.status == events.BookingIsCancelled {
		return b.refunds - b.feesRefunded, 0, id == events.NewRefundID(payment, events.OwedCancelled, "")
	}
	if b.refunding && id == events.NewRefundID(payment, events.OwedReleased, "") {
		price, _ := b.remainingPrice()
		return b.refunds, price - b.refunds, true
	}
	for part, r := range b.returned {
		if !r.done && id == events.NewRefundID(payment, events.OwedSeatReturned, part.About()) {
			return r.refund(), r.kept, true
		}
	}
	return 0, 0, false
}
