package product

import (
	"fmt"
	"time"

	"admitone/actors/core"
	"admitone/events"
)

// Evolve implements [core.Core].
func (p *Product) Evolve(fact events.Fact) {
	p.facts++
	switch f := fact.(type) {
	case *events.ProductReserved:
		p.sold += f.Quantity
		p.add(mustParse(f.ReservationID), reservation{holder: f.Holder, quantity: uint32(f.Quantity), offer: p.offer},
			&f.OrderData)
		p.checkRemaining(f.Remaining)
	case *events.ProductHeld:
		p.held += f.Quantity
		p.holds++
		id, at := mustParse(f.ReservationID), f.ExpiresAt.UnixNano()
		p.add(id, reservation{holder: f.Holder, quantity: uint32(f.Quantity), expires: at, offer: p.offer}, &f.OrderData)
		p.deadline.Add(id, at)
		p.checkRemaining(f.Remaining)
	case *events.ProductConfirmed:
		if f.Payment != "" {
			p.applyPaid(mustParse(f.ReservationID), f.Payment)
		}
		p.applyConfirmed(mustParse(f.ReservationID))
		p.checkRemaining(f.Remaining)
	case *events.ProductReleased:
		p.remove(mustParse(f.ReservationID), f.Was == events.ReservationHeld)
		p.applyRelease(f.ReservationID, f.Payment, f.Kept, false)
		p.checkRemaining(f.Remaining)
	case *events.ProductReservationCancelled:
		p.remove(mustParse(f.ReservationID), f.Was == events.ReservationHeld)
		p.applyRelease(f.ReservationID, f.Payment, 0, true)
		p.checkRemaining(f.Remaining)
	case *events.ProductCancelled:
		p.applyCancelled()
		p.checkRemaining(f.Remaining)
	case *events.ProductExpired:
		for i := range f.Expired {
			p.remove(mustParse(f.Expired[i].ReservationID), true)
		}
		p.checkRemaining(f.Remaining)
	case *events.ProductCreated:
		p.setTerms(&Create{ID: f.ProductID, Name: f.DisplayName, Stock: f.Stock, Price: f.Price,
			LimitPerHolder: f.LimitPerHolder, HoldSeconds: f.HoldSeconds, WaitingRoom: f.WaitingRoom,
			SaleTimes: f.SaleTimes, Cancellation: f.Cancellation})
		p.countHolders()
	case *events.ProductEdited:
		initial := p.created()
		p.initial = &initial
		p.setTerms(&Create{ID: initial.ID, Name: f.DisplayName, Stock: f.Stock, Price: f.Price,
			LimitPerHolder: f.LimitPerHolder, HoldSeconds: initial.HoldSeconds, WaitingRoom: f.WaitingRoom,
			SaleTimes: f.SaleTimes, Cancellation: f.Cancellation})
		p.countHolders()
		p.checkRemaining(f.Remaining)
	case *events.ProductOpened:
		upcoming := p.sale().Upcoming
		p.checkBound(upcoming.OpensAt, f.OpensAt)
		p.setUpcoming(events.SaleTimes{ClosesAt: upcoming.ClosesAt})
		p.checkRemaining(f.Remaining)
	case *events.ProductClosed:
		upcoming := p.sale().Upcoming
		p.checkBound(upcoming.ClosesAt, f.ClosesAt)
		p.setUpcoming(events.SaleTimes{OpensAt: upcoming.OpensAt})
		p.checkRemaining(f.Remaining)
	case *events.ProductReservationAnnotated:
		p.applyAnnotated(f)
		p.checkRemaining(f.Remaining)
	default:
		if p.evolvePayment(fact) {
			break
		}
		panic(fmt.Sprintf("product: %s is not a fact of a product", fact.Name()))
	}
	p.deadline.Tidy(p.holds, p.isCurrent)
}

// setTerms sets the members that a creation or an edit states.
func (p *Product) setTerms(latest *Create) {
	p.setUpcoming(p.sale().WithTimes(latest.SaleTimes).Upcoming)
	p.latest = *latest
	p.edited = p.facts - 1
	p.offer = p.offerOf(Offer{p.latest.Price, p.latest.Cancellation})
}

// checkBound panics unless the bound that a fact records as reached is the upcoming one, want.
func (p *Product) checkBound(want, at time.Time) {
	if want.IsZero() {
		panic(fmt.Sprintf("product %s: a fact records the bound %v of the sale as reached, but there is no such bound ahead",
			p.latest.ID, at))
	}
	if !want.Equal(at) {
		panic(fmt.Sprintf("product %s: a fact records the bound %v of the sale as reached, want %v", p.latest.ID, at, want))
	}
}

func (p *Product) add(id events.ID, r reservation, order *events.OrderData) {
	if p.reservations == nil {
		p.reservations = core.NewTable[events.ID, reservation]()
	}
	before := p.reservations.Len()
	p.reservations.Set(id, r)
	if p.reservations.Len() == before {
		panic(fmt.Sprintf("product %s: a fact makes reservation %s, which already exists", p.latest.ID, id))
	}
	p.count(r.holder, int64(r.quantity))
	if !order.IsZero() {
		p.setOrderRevision(id)
	}
}

func (p *Product) applyConfirmed(id events.ID) {
	r := p.mustFind(id, true)
	p.holds--
	p.held -= int64(r.quantity)
	p.sold += int64(r.quantity)
	r.expires = 0
	p.reservations.Set(id, r)
}

func (p *Product) remove(id events.ID, held bool) {
	r := p.mustFind(id, held)
	if held {
		p.holds--
		p.held -= int64(r.quantity)
	} else {
		p.sold -= int64(r.quantity)
	}
	p.reservations.Delete(id)
	if p.orders != nil {
		p.orders.Delete(id)
	}
	p.count(r.holder, -int64(r.quantity))
}

// mustFind returns the open reservation that a fact changes. It panics if there is none, or unless
// it is held or confirmed as the fact implies.
func (p *Product) mustFind(id events.ID, held bool) reservation {
	r, ok := p.reservations.Get(id)
	if !ok {
		panic(fmt.Sprintf("product %s: a fact changes reservation %s, which is not open", p.latest.ID, id))
	}
	if r.held() != held {
		panic(fmt.Sprintf("product %s: a fact changes reservation %s with held = %t, but the reservation has held = %t",
			p.latest.ID, id, held, r.held()))
	}
	return r
}

// count adds to the units of a holder, if there is a limit.
func (p *Product) count(holder events.Holder, units int64) {
	if p.holders == nil {
		return
	}
	taken, _ := p.holders.Get(holder)
	if taken += units; taken == 0 {
		p.holders.Delete(holder)
		return
	}
	p.holders.Set(holder, taken)
}

// countHolders starts or stops counting the units of holders after the limit was set or removed.
func (p *Product) countHolders() {
	if p.latest.LimitPerHolder == 0 {
		p.holders = nil
		return
	}
	if p.holders != nil {
		return
	}
	p.holders = core.NewTable[events.Holder, int64]()
	for _, r := range p.reservations.All() {
		p.count(r.holder, int64(r.quantity))
	}
}

// isCurrent reports whether d is the deadline of an open hold.
func (p *Product) isCurrent(d core.Deadline) bool {
	r, ok := p.reservations.Get(d.ID)
	return ok && r.expires == d.At
}

// checkRemaining panics unless the number recorded in a fact agrees with the state.
func (p *Product) checkRemaining(remaining int64) {
	if p.Remaining() != remaining || remaining < 0 {
		panic(fmt.Sprintf("product %s: the facts add up to %d remaining, but the last one records %d", p.latest.ID,
			p.Remaining(), remaining))
	}
}

func mustParse(id events.ReservationID) events.ID {
	parsed, err := events.ParseID(string(id))
	if err != nil {
		panic(fmt.Sprintf("product: reservation id %q: %v", id, err))
	}
	return parsed
}
