package logtest

import (
	"fmt"

	"admitone/events"
)

// CallOff cancels a performance and the bookings that are held or booked. Later sales simulate
// servers that have not seen the cancellation yet.
func (c *BookingModel) CallOff(show events.PerformanceID) {
	sale := c.Sales[show]
	if sale.cancelled {
		return
	}
	c.fact(PerformanceStream(string(show)), &events.PerformanceCancelled{Reason: "ill"})
	sale.cancelled = true
	sale.revision++
	for _, id := range c.Order {
		if b := c.Bookings[id]; b.show == show {
			c.Settle(b)
		}
	}
}

// mustCancel reports whether a booking must be cancelled because its performance was.
func (c *BookingModel) mustCancel(b *ModelBooking) bool {
	open := b.Status == events.BookingIsHeld || b.Status == events.BookingIsBooked
	return open && c.Sales[b.show].cancelled
}

// end cancels a booking of a cancelled performance, or resumes its cancellation.
func (c *BookingModel) end(b *ModelBooking) {
	payment := events.NewHoldID(b.id, b.Attempt)
	c.finishReturns(b)
	if b.Status != events.BookingIsCancelled {
		fact := &events.BookingCancelled{Was: b.Status}
		booked := b.Status == events.BookingIsBooked
		if booked && c.cost(b) > 0 {
			fact.PaymentID, fact.Amount = payment, c.cost(b)
		}
		c.fact(c.stream(b), fact)
		b.Status, b.Refunding, b.madeGood = events.BookingIsCancelled, booked, fact.Amount
	}
	if b.madeGood > 0 && c.payments[payment] > 0 {
		c.fact(c.wallet(b.Holder), &events.WalletRefunded{PaymentID: payment, BookingID: b.id, Amount: b.madeGood,
			Balance: c.Wallets[b.Holder] + b.madeGood, RefundID: events.CallOffRefund(payment)})
		c.recordMovement(b, "refunded", b.madeGood)
		c.payments[payment] = 0
	}
	c.releaseAll(b, events.ReleasedCalledOff)
	if b.Refunding {
		c.fact(c.stream(b), &events.BookingRefunded{PaymentID: payment, Amount: b.madeGood})
		b.Refunding = false
	}
}

// callOff cancels a partly sold performance, and then continues its sale.
func (b *ForgedLog) callOff() {
	b.Open("off")
	b.Charge("dan", 30)
	first := b.N
	b.Book("off", "dan", []string{"A-1-1"})
	b.Pay(b.latest(first))
	second := b.N
	b.Book("off", "dan", []string{"A-1-2", "B-x-1-1"})
	b.CallOff("off")
	third := b.N
	b.Book("off", "eve", []string{"A-1-1"})
	b.Settle(b.latest(third))
	b.Settle(b.latest(second))
}

// latest is the booking created after the first n.
func (c *BookingModel) latest(n int) *ModelBooking { return c.Bookings[fmt.Sprint("b.", n+1)] }
