package verify

import (
	"time"

	"admitone/events"
)

// product is the fold of a product's facts.
type product struct {
	id                          events.ProductID
	stock, held, sold           int64
	limitPerHolder, holdSeconds int64
	times                       events.SaleTimes
	fence                       bool // the product was cancelled
	price                       int64
	rule                        events.Cancellation
	// future has the sale times that no fact has recorded as reached.
	future events.SaleTimes
}

// setTimes applies the sale times that a fact records. A changed time has not been reached.
func (p *product) setTimes(times events.SaleTimes) {
	if !times.OpensAt.Equal(p.times.OpensAt) {
		p.future.OpensAt = times.OpensAt
	}
	if !times.ClosesAt.Equal(p.times.ClosesAt) {
		p.future.ClosesAt = times.ClosesAt
	}
	p.times = times
}

// remaining returns the number of units that are neither held nor sold.
func (p *product) remaining() int64 { return p.stock - p.held - p.sold }

// evolve applies a fact, and returns the remaining units that the fact records. ok is false for a fact of a
// different kind.
func (p *product) evolve(fact events.Fact) (remaining int64, ok bool) {
	switch f := fact.(type) {
	case *events.ProductCreated:
		*p = product{id: f.ProductID, stock: f.Stock, limitPerHolder: f.LimitPerHolder, holdSeconds: f.HoldSeconds,
			price: f.Price, rule: f.Cancellation}
		p.setTimes(f.SaleTimes)
		return f.Stock, true
	case *events.ProductEdited:
		p.stock, p.limitPerHolder, p.price, p.rule = f.Stock, f.LimitPerHolder, f.Price, f.Cancellation
		p.setTimes(f.SaleTimes)
		return f.Remaining, true
	case *events.ProductOpened:
		p.future.OpensAt = time.Time{}
		return f.Remaining, true
	case *events.ProductClosed:
		p.future.ClosesAt = time.Time{}
		return f.Remaining, true
	case *events.ProductReservationAnnotated:
		return f.Remaining, true
	case *events.ProductPaid:
		return f.Remaining, true
	case *events.ProductPaymentFailed:
		return f.Remaining, true
	case *events.ProductRetaken:
		p.held += f.Quantity
		return f.Remaining, true
	case *events.ProductReserved:
		p.sold += f.Quantity
		return f.Remaining, true
	case *events.ProductHeld:
		p.held += f.Quantity
		return f.Remaining, true
	case *events.ProductConfirmed:
		p.held, p.sold = p.held-f.Quantity, p.sold+f.Quantity
		return f.Remaining, true
	case *events.ProductCancelled:
		p.fence = true
		return f.Remaining, true
	case *events.ProductReservationCancelled:
		if f.Was == events.ReservationHeld {
			p.held -= f.Quantity
		} else {
			p.sold -= f.Quantity
		}
		return f.Remaining, true
	case *events.ProductExpired:
		p.held -= f.Quantity
		return f.Remaining, true
	case *events.ProductReleased:
		if f.Was == events.ReservationHeld {
			p.held -= f.Quantity
		} else {
			p.sold -= f.Quantity
		}
		return f.Remaining, true
	}
	return 0, false
}
