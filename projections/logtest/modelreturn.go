package logtest

import (
	"slices"

	"admitone/events"
)

// parts returns the number of seats and places of a booking.
func (b *ModelBooking) parts() int64 { return int64(len(b.Seats)) + b.places }

// cost returns the price of a booking's seats and places.
func (c *BookingModel) cost(b *ModelBooking) (amount int64) {
	for _, name := range b.Seats {
		amount += b.prices[name]
	}
	return amount + b.places*modelPlacePrice
}

// partPrice returns the price of a seat or place of a booking.
func (b *ModelBooking) partPrice(part events.Part) int64 {
	if part.Area != "" {
		return modelPlacePrice
	}
	return b.prices[string(part.Seat)]
}

// Return returns one seat of a booked booking.
func (c *BookingModel) Return(b *ModelBooking, name string) {
	c.returnPart(b, events.Part{Seat: events.SeatName(name)})
}

// returnFirst returns the first place of a booked booking, or its first seat if it has no places.
func (c *BookingModel) returnFirst(b *ModelBooking) {
	part := events.Part{Area: modelFloor, Place: b.firstPlace}
	if b.places == 0 {
		part = events.Part{Seat: events.SeatName(b.Seats[0])}
	}
	c.returnPart(b, part)
}

func (c *BookingModel) returnPart(b *ModelBooking, part events.Part) {
	fact := &events.BookingSeatReturned{Seat: part.Seat, Area: part.Area, Place: part.Place, Price: b.partPrice(part),
		Left: b.parts() - 1}
	if fact.Price > 0 {
		fact.PaymentID = events.NewHoldID(b.id, b.Attempt)
	}
	c.append(c.stream(b), fact)
	if part.Area != "" {
		b.places, b.firstPlace = b.places-1, b.firstPlace+1
	} else {
		b.Seats = slices.DeleteFunc(slices.Clone(b.Seats), func(other string) bool { return other == string(part.Seat) })
	}
	b.Returning = append(b.Returning, part)
	if b.parts() == 0 {
		b.Status = events.BookingIsReleased
	}
	c.finishReturns(b)
}

// finishReturns takes the remaining steps of the returned seats and places.
func (c *BookingModel) finishReturns(b *ModelBooking) {
	hold := events.NewHoldID(b.id, b.Attempt)
	for len(b.Returning) > 0 {
		part := b.Returning[0]
		price := b.partPrice(part)
		if price > 0 && !b.repaid[part] {
			c.append(c.wallet(b.Holder), &events.WalletRefunded{PaymentID: hold, BookingID: b.id, Amount: price,
				Balance: c.Wallets[b.Holder] + price, RefundID: part.RefundOf(hold)})
			c.recordMovement(b, "refunded", price)
			c.payments[hold] -= price
			if b.repaid == nil {
				b.repaid = map[events.Part]bool{}
			}
			b.repaid[part] = true
		}
		if part.Area != "" {
			c.releasePlaces(b, hold, b.places, events.ReleasedReturned)
		} else if name := string(part.Seat); c.Shows[b.performance][name].hold == hold {
			c.release(b, name, events.ReleasedReturned)
		}
		if part := c.Parts[hold]; b.parts() == 0 {
			c.releaseAllowance(b, b.Attempt)
		} else if returned := part.seats - b.parts(); returned > 0 {
			c.append(part.stream, &events.AllowanceReduced{HoldID: hold, Seats: returned,
				Taken: c.taken(part.stream) - returned})
			part.seats -= returned
		}
		c.append(c.stream(b), &events.BookingSeatRefunded{Seat: part.Seat, Area: part.Area, Place: part.Place, Amount: price})
		b.Returning = b.Returning[1:]
	}
}

func (c *BookingModel) releaseAllowance(b *ModelBooking, attempt int64) {
	hold := events.NewHoldID(b.id, attempt)
	part := c.Parts[hold]
	if part == nil {
		return
	}
	was := events.AllowanceIsHeld
	if part.Until.IsZero() {
		was = events.AllowanceIsKept
	}
	c.append(part.stream, &events.AllowanceReleased{HoldID: hold, Was: was, Seats: part.seats,
		Taken: c.taken(part.stream) - part.seats})
	delete(c.Parts, hold)
}
