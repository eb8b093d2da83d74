package logtest

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"admitone/events"
)

func (c *BookingModel) stream(b *ModelBooking) events.StreamID {
	return events.NewStreamID(events.BookingCategory, string(b.id))
}

// Annotate sets the reference of a booking, or removes it if empty.
func (c *BookingModel) Annotate(b *ModelBooking, reference string) {
	order := events.OrderData{Reference: reference}
	if reference != "" {
		order.Metadata = []events.MetadataPair{{Name: "desk", Value: reference}}
	}
	c.append(c.stream(b), &events.BookingAnnotated{BookingID: b.id, OrderData: order})
}

// Pay begins a payment, or resumes it.
func (c *BookingModel) Pay(b *ModelBooking) {
	if b.Status == events.BookingIsExpired && !c.Sales[b.performance].Times.Within(c.Now) {
		return
	}
	if b.Status == events.BookingIsHeld || b.Status == events.BookingIsExpired {
		attempt, terms := b.Attempt, events.SaleTerms{}
		if b.Status == events.BookingIsExpired {
			attempt++
			terms = c.Sales[b.performance].terms()
		}
		c.append(c.stream(b), &events.BookingPaymentStarted{PaymentID: events.NewHoldID(b.id, attempt), Amount: b.Amount,
			Attempt: attempt, Was: b.Status, SaleTerms: terms})
		b.late, b.retaken = b.Status == events.BookingIsExpired, false
		b.Status, b.Attempt = events.BookingIsPaying, attempt
	}
	payment := events.NewHoldID(b.id, b.Attempt)
	if b.late && !b.retaken {
		if !c.acquire(b) {
			c.failPayment(b, events.FailedLate)
			return
		}
		c.append(c.stream(b), &events.BookingRetaken{Attempt: b.Attempt, ExpiresAt: c.Now.Add(ModelGrace)})
		b.retaken = true
	}
	if _, exists := c.payments[payment]; !exists && b.Amount > 0 {
		if c.Wallets[b.Holder] < b.Amount {
			c.failPayment(b, events.FailedBalance)
			return
		}
		c.append(c.wallet(b.Holder), &events.WalletDebited{PaymentID: payment, BookingID: b.id, Amount: b.Amount,
			Balance: c.Wallets[b.Holder] - b.Amount})
		c.recordMovement(b, "debited", -b.Amount)
		c.payments[payment] = b.Amount
	}
	part := c.Parts[payment]
	if part == nil || c.payments[payment] == 0 && b.Amount > 0 {
		c.failPayment(b, events.FailedLate)
		return
	}
	if !part.Until.IsZero() {
		c.append(part.stream, &events.AllowanceKept{HoldID: payment, Seats: part.seats, Taken: c.taken(part.stream)})
		part.Until = time.Time{}
	}
	for _, name := range b.Seats {
		s := c.Shows[b.performance][name]
		if s.hold != payment {
			c.failPayment(b, events.FailedLate)
			return
		}
		if s.Status == events.SeatIsHeld {
			c.append(SeatStream(b.performance, name), &events.SeatBooked{HoldID: payment, BookingID: b.id, Holder: b.Holder})
			s.Status = events.SeatIsBooked
		}
	}
	if !c.bookPlaces(b) {
		c.failPayment(b, events.FailedLate)
		return
	}
	c.append(c.stream(b), &events.BookingBooked{PaymentID: payment, Amount: b.Amount})
	b.Status = events.BookingIsBooked
}

func (c *BookingModel) recordMovement(b *ModelBooking, what string, by int64) {
	c.Wallets[b.Holder] += by
	c.Money = append(c.Money, fmt.Sprintf("%s %s %s: %d, balance %d", b.Holder, what, events.NewHoldID(b.id, b.Attempt),
		max(by, -by), c.Wallets[b.Holder]))
}

// closePayment refunds a payment if it was debited, else prevents its debit.
func (c *BookingModel) closePayment(b *ModelBooking) {
	payment := events.NewHoldID(b.id, b.Attempt)
	switch debited, known := c.payments[payment]; {
	case b.Amount == 0 || known && debited == 0:
		return
	case known:
		fact := &events.WalletRefunded{PaymentID: payment, BookingID: b.id, Amount: debited,
			Balance: c.Wallets[b.Holder] + debited}
		if debited != b.Amount {
			fact.RefundID = events.ReleaseRefund(payment)
		}
		c.append(c.wallet(b.Holder), fact)
		c.recordMovement(b, "refunded", debited)
	default:
		c.append(c.wallet(b.Holder), &events.WalletCancelled{PaymentID: payment, BookingID: b.id})
		c.Wallets[b.Holder] += 0 // the wallet now exists
	}
	c.payments[payment] = 0
}

func (c *BookingModel) failPayment(b *ModelBooking, reason events.FailReason) {
	fact := &events.BookingPaymentFailed{PaymentID: events.NewHoldID(b.id, b.Attempt), Reason: reason,
		Status: events.BookingIsExpired, ExpiresAt: b.Until}
	if reason == events.FailedBalance && !b.late && !c.Now.After(b.Until) {
		fact.Status = events.BookingIsHeld
	} else {
		c.closePayment(b)
		c.releaseAll(b, events.ReleasedUnpaid)
	}
	c.append(c.stream(b), fact)
	b.Status = fact.Status
}

// Release releases a booking for its holder, or resumes that.
func (c *BookingModel) Release(b *ModelBooking) {
	if b.Status != events.BookingIsReleased {
		fact := &events.BookingReleased{Was: b.Status}
		if b.Status == events.BookingIsBooked && c.cost(b) > 0 {
			fact.RefundID = events.NewHoldID(b.id, b.Attempt)
		}
		c.append(c.stream(b), fact)
		b.Refunding, b.Status = b.Status == events.BookingIsBooked, events.BookingIsReleased
	}
	c.finishReturns(b)
	if b.Refunding {
		c.closePayment(b)
	}
	c.releaseAll(b, events.ReleasedCancelled)
	if b.Refunding {
		c.append(c.stream(b), &events.BookingRefunded{PaymentID: events.NewHoldID(b.id, b.Attempt), Amount: c.cost(b)})
		b.Refunding = false
	}
}

// Settle takes the remaining steps of a booking.
func (c *BookingModel) Settle(b *ModelBooking) {
	switch b.Status {
	case events.BookingIsBooked:
		c.finishReturns(b)
	case events.BookingIsPaying:
		c.Pay(b)
	case events.BookingIsReleased:
		c.Release(b)
	case events.BookingIsCancelled:
		c.cancelBooking(b)
	case events.BookingIsExpired:
		c.releaseAll(b, events.ReleasedExpired)
	}
	if c.mustCancel(b) {
		c.cancelBooking(b)
	}
}

// HeldStreams returns the streams in which the attempt of a booking has a hold.
func (c *BookingModel) HeldStreams(b *ModelBooking) (streams []events.StreamID) {
	hold := events.NewHoldID(b.id, b.Attempt)
	if part := c.Parts[hold]; part != nil {
		streams = append(streams, part.stream)
	}
	for _, name := range ModelSeats {
		if c.Shows[b.performance][name].hold == hold {
			streams = append(streams, SeatStream(b.performance, name))
		}
	}
	if f := c.Floors[b.performance]; f != nil && f.holds[hold] != nil {
		streams = append(streams, floorStream(b.performance))
	}
	return streams
}

// abandon closes an attempt and releases its holds, and reports whether there were any.
func (c *BookingModel) abandon(b *ModelBooking) bool {
	if len(c.HeldStreams(b)) == 0 {
		delete(c.Attempts, b.id)
		return false
	}
	if !b.closed { // an interrupted run may have closed it
		c.append(c.stream(b), &events.BookingAbandoned{BookingID: b.id, PerformanceID: b.performance, Holder: b.Holder,
			Attempt: b.Attempt})
		b.closed = true
	}
	c.releaseAll(b, events.ReleasedIncomplete)
	b.closed = false
	delete(c.Attempts, b.id)
	return true
}

// Unfinished returns the bookings with remaining steps, found by searching the whole model.
func (c *BookingModel) Unfinished() (ids []string) {
	for _, id := range slices.Sorted(maps.Keys(c.Bookings)) {
		b, has := c.Bookings[id], false
		for _, seats := range c.Shows {
			for _, s := range seats {
				booking, _, _ := events.CutHoldID(s.hold)
				has = has || booking == events.BookingID(id)
			}
		}
		has = has || c.hasPlaces(b)
		for hold := range c.Parts {
			booking, _, _ := events.CutHoldID(hold)
			has = has || booking == events.BookingID(id)
		}
		ended := b.Status == events.BookingIsExpired || b.Status == events.BookingIsReleased ||
			b.Status == events.BookingIsCancelled
		if b.Status == events.BookingIsPaying || b.Refunding || len(b.Returning) > 0 || ended && has || c.mustCancel(b) {
			ids = append(ids, id)
		}
	}
	return ids
}
