package logtest

import (
	"slices"

	"admitone/events"
)

// cost of the seats that a booking has.
func (c *BookingModel) cost(b *ModelBooking) (amount int64) {
	for _, name := range b.Seats {
		amount += b.prices[name]
	}
	return amount
}

// Return gives one seat of a booked booking back.
func (c *BookingModel) Return(b *ModelBooking, name string) {
	fact := &events.BookingSeatReturned{Seat: events.SeatName(name), Price: b.prices[name], Left: int64(len(b.Seats) - 1)}
	if fact.Price > 0 {
		fact.PaymentID = events.NewHoldID(b.id, b.Attempt)
	}
	c.fact(c.stream(b), fact)
	b.Seats = slices.DeleteFunc(slices.Clone(b.Seats), func(other string) bool { return other == name })
	b.Returning = append(b.Returning, name)
	if len(b.Seats) == 0 {
		b.Status = events.BookingIsReleased
	}
	c.finishReturns(b)
}

// finishReturns takes the remaining steps of the returned seats.
func (c *BookingModel) finishReturns(b *ModelBooking) {
	hold := events.NewHoldID(b.id, b.Attempt)
	for len(b.Returning) > 0 {
		name := b.Returning[0]
		if price := b.prices[name]; price > 0 && !b.repaid[name] {
			c.fact(c.wallet(b.Holder), &events.WalletRefunded{PaymentID: hold, BookingID: b.id, Amount: price,
				Balance: c.Wallets[b.Holder] + price, RefundID: events.SeatRefund(hold, events.SeatName(name))})
			c.moved(b, "refunded", price)
			c.payments[hold] -= price
			if b.repaid == nil {
				b.repaid = map[string]bool{}
			}
			b.repaid[name] = true
		}
		if c.Shows[b.show][name].hold == hold {
			c.release(b, name, events.ReleasedReturned)
		}
		if part := c.Parts[hold]; len(b.Seats) == 0 {
			c.giveAllowance(b, b.Attempt)
		} else if back := part.seats - int64(len(b.Seats)); back > 0 {
			c.fact(part.stream, &events.AllowanceReduced{HoldID: hold, Seats: back, Taken: c.taken(part.stream) - back})
			part.seats -= back
		}
		c.fact(c.stream(b), &events.BookingSeatRefunded{Seat: events.SeatName(name), Amount: b.prices[name]})
		b.Returning = b.Returning[1:]
	}
}

func (c *BookingModel) giveAllowance(b *ModelBooking, attempt int64) {
	hold := events.NewHoldID(b.id, attempt)
	part := c.Parts[hold]
	if part == nil {
		return
	}
	was := events.AllowanceIsHeld
	if part.Until.IsZero() {
		was = events.AllowanceIsKept
	}
	c.fact(part.stream, &events.AllowanceReleased{HoldID: hold, Was: was, Seats: part.seats,
		Taken: c.taken(part.stream) - part.seats})
	delete(c.Parts, hold)
}
