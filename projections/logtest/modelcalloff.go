package logtest

import (
	"fmt"

	"admitone/events"
)

// CallOff cancels a performance and the bookings that are held or booked. Later sales of the performance
// are those of servers that have not seen the cancellation yet.
func (c *BookingModel) CallOff(performance events.PerformanceID) {
	sale := c.Sales[performance]
	if sale.cancelled {
		return
	}
	c.append(PerformanceStream(string(performance)), &events.PerformanceCancelled{Reason: "ill"})
	sale.cancelled = true
	sale.revision++
	for _, id := range c.Order {
		if b := c.Bookings[id]; b.performance == performance {
			c.Settle(b)
		}
	}
}

// mustCancel reports whether a booking must be cancelled because its performance was.
func (c *BookingModel) mustCancel(b *ModelBooking) bool {
	open := b.Status == events.BookingIsHeld || b.Status == events.BookingIsBooked
	return open && c.Sales[b.performance].cancelled
}

// cancelBooking cancels a booking of a cancelled performance, or resumes its cancellation.
func (c *BookingModel) cancelBooking(b *ModelBooking) {
	payment := events.NewHoldID(b.id, b.Attempt)
	c.finishReturns(b)
	if b.Status != events.BookingIsCancelled {
		fact := &events.BookingCancelled{Was: b.Status}
		booked := b.Status == events.BookingIsBooked
		if booked && c.cost(b) > 0 {
			fact.PaymentID, fact.Amount = payment, c.cost(b)
		}
		c.append(c.stream(b), fact)
		b.Status, b.Refunding, b.refunded = events.BookingIsCancelled, booked, fact.Amount
	}
	if b.refunded > 0 && c.payments[payment] > 0 {
		c.append(c.wallet(b.Holder), &events.WalletRefunded{PaymentID: payment, BookingID: b.id, Amount: b.refunded,
			Balance: c.Wallets[b.Holder] + b.refunded, RefundID: events.CallOffRefund(payment)})
		c.recordMovement(b, "refunded", b.refunded)
		c.payments[payment] = 0
	}
	c.releaseAll(b, events.ReleasedCalledOff)
	if b.Refunding {
		c.append(c.stream(b), &events.BookingRefunded{PaymentID: payment, Amount: b.refunded})
		b.Refunding = false
	}
}

// callOff cancels a partly sold performance, and then continues its sale.
func (b *ForgedLog) callOff() {
	b.Open("off")
	b.Charge("dan", 30)
	first := b.LastNumber
	b.Book("off", "dan", []string{"A-1-1"})
	b.Pay(b.bookingAfter(first))
	second := b.LastNumber
	b.Book("off", "dan", []string{"A-1-2", "B-x-1-1"})
	b.CallOff("off")
	third := b.LastNumber
	b.Book("off", "eve", []string{"A-1-1"})
	b.Settle(b.bookingAfter(third))
	b.Settle(b.bookingAfter(second))
}

// bookingAfter returns the booking with the number after n.
func (c *BookingModel) bookingAfter(n int) *ModelBooking { return c.Bookings[fmt.Sprint("b.", n+1)] }
