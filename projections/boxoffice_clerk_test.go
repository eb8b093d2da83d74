package projections

import (
	"fmt"
	"time"

	"admitone/events"
)

func (c *clerk) stream(b *clerkBooking) events.StreamID {
	return events.NewStreamID(bookingCategory, b.id)
}

// pay begins a payment, or goes on with it.
func (c *clerk) pay(b *clerkBooking) {
	if b.status == events.BookingIsHeld || b.status == events.BookingIsExpired {
		attempt := b.attempt
		if b.status == events.BookingIsExpired {
			attempt++
		}
		c.fact(c.stream(b), &events.BookingPaymentStarted{PaymentID: events.HoldID(b.id, attempt), Amount: b.amount, Attempt: attempt, Was: b.status})
		b.late, b.retaken = b.status == events.BookingIsExpired, false
		b.status, b.attempt = events.BookingIsPaying, attempt
	}
	payment := events.HoldID(b.id, b.attempt)
	if b.late && !b.retaken {
		if !c.take(b) {
			c.giveUp(b, events.FailedLate)
			return
		}
		c.fact(c.stream(b), &events.BookingRetaken{Attempt: b.attempt, ExpiresAt: c.now.Add(clerkGrace)})
		b.retaken = true
	}
	if _, known := c.payments[payment]; !known && b.amount > 0 {
		if c.wallets[b.holder] < b.amount {
			c.giveUp(b, events.FailedBalance)
			return
		}
		c.fact(c.wallet(b.holder), &events.WalletDebited{PaymentID: payment, BookingID: b.id, Amount: b.amount, Balance: c.wallets[b.holder] - b.amount})
		c.moved(b, "debited", -b.amount)
		c.payments[payment] = b.amount
	}
	part := c.parts[payment]
	if part == nil || c.payments[payment] == 0 && b.amount > 0 {
		c.giveUp(b, events.FailedLate)
		return
	}
	if !part.until.IsZero() {
		c.fact(part.stream, &events.AllowanceKept{HoldID: payment, Seats: part.seats, Taken: c.taken(part.stream)})
		part.until = time.Time{}
	}
	for _, name := range b.seats {
		s := c.shows[b.show][name]
		if s.hold != payment {
			c.giveUp(b, events.FailedLate)
			return
		}
		if s.status == events.SeatIsHeld {
			c.fact(chair(b.show, name), &events.SeatBooked{HoldID: payment, BookingID: b.id, Holder: b.holder})
			s.status = events.SeatIsBooked
		}
	}
	c.fact(c.stream(b), &events.BookingBooked{PaymentID: payment, Amount: b.amount})
	b.status = events.BookingIsBooked
}

func (c *clerk) moved(b *clerkBooking, what string, by int64) {
	c.wallets[b.holder] += by
	c.money = append(c.money, fmt.Sprintf("%s %s %s: %d, %d left", b.holder, what, events.HoldID(b.id, b.attempt), b.amount, c.wallets[b.holder]))
}

// closePayment refunds a payment, or keeps it from being debited.
func (c *clerk) closePayment(b *clerkBooking) {
	payment := events.HoldID(b.id, b.attempt)
	switch debited, known := c.payments[payment]; {
	case b.amount == 0 || known && debited == 0:
		return
	case known:
		c.fact(c.wallet(b.holder), &events.WalletRefunded{PaymentID: payment, BookingID: b.id, Amount: b.amount, Balance: c.wallets[b.holder] + b.amount})
		c.moved(b, "refunded", b.amount)
	default:
		c.fact(c.wallet(b.holder), &events.WalletCancelled{PaymentID: payment, BookingID: b.id})
		c.wallets[b.holder] += 0
	}
	c.payments[payment] = 0
}

func (c *clerk) giveUp(b *clerkBooking, reason events.FailReason) {
	fact := &events.BookingPaymentFailed{PaymentID: events.HoldID(b.id, b.attempt), Reason: reason, Status: events.BookingIsExpired, ExpiresAt: b.until}
	if reason == events.FailedBalance && !b.late && !c.now.After(b.until) {
		fact.Status = events.BookingIsHeld
	} else {
		c.closePayment(b)
		c.giveBack(b, events.ReleasedUnpaid)
	}
	c.fact(c.stream(b), fact)
	b.status = fact.Status
}

// cancel gives a booking back, or goes on with that.
func (c *clerk) cancel(b *clerkBooking) {
	if b.status != events.BookingIsReleased {
		fact := &events.BookingReleased{Was: b.status}
		if b.status == events.BookingIsBooked && b.amount > 0 {
			fact.RefundID = events.HoldID(b.id, b.attempt)
		}
		c.fact(c.stream(b), fact)
		b.refunding, b.status = b.status == events.BookingIsBooked, events.BookingIsReleased
	}
	if b.refunding {
		c.closePayment(b)
	}
	c.giveBack(b, events.ReleasedCancelled)
	if b.refunding {
		c.fact(c.stream(b), &events.BookingRefunded{PaymentID: events.HoldID(b.id, b.attempt), Amount: b.amount})
		b.refunding = false
	}
}

// settle takes the steps that are left.
func (c *clerk) settle(b *clerkBooking) {
	switch b.status {
	case events.BookingIsPaying:
		c.pay(b)
	case events.BookingIsReleased:
		c.cancel(b)
	case events.BookingIsExpired:
		c.giveBack(b, events.ReleasedExpired)
	}
}
