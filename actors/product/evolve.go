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
		p.add(parse(f.ReservationID), reservation{holder: f.Holder, quantity: uint32(f.Quantity)}, &f.OrderData)
		p.check(f.Remaining)
	case *events.ProductHeld:
		p.held += f.Quantity
		p.holds++
		id, at := parse(f.ReservationID), f.ExpiresAt.UnixNano()
		p.add(id, reservation{holder: f.Holder, quantity: uint32(f.Quantity), expires: at}, &f.OrderData)
		p.deadline.add(id, at)
		p.check(f.Remaining)
	case *events.ProductConfirmed:
		p.confirmed(parse(f.ReservationID))
		p.check(f.Remaining)
	case *events.ProductReleased:
		p.remove(parse(f.ReservationID), f.Was == events.ReservationHeld)
		p.check(f.Remaining)
	case *events.ProductExpired:
		for i := range f.Expired {
			p.remove(parse(f.Expired[i].ReservationID), true)
		}
		p.check(f.Remaining)
	case *events.ProductCreated:
		p.latest = Create{ID: f.ProductID, Name: f.DisplayName, Stock: f.Stock, Price: f.Price,
			LimitPerHolder: f.LimitPerHolder, HoldSeconds: f.HoldSeconds, WaitingRoom: f.WaitingRoom,
			SaleTimes: f.SaleTimes}
		p.born = p.latest
		p.stated(f.SaleTimes)
		p.countHolders()
	case *events.ProductEdited:
		p.latest.Name, p.latest.Stock, p.latest.Price = f.DisplayName, f.Stock, f.Price
		p.latest.LimitPerHolder, p.latest.WaitingRoom = f.LimitPerHolder, f.WaitingRoom
		p.latest.SaleTimes = f.SaleTimes
		p.stated(f.SaleTimes)
		p.countHolders()
		p.check(f.Remaining)
	case *events.ProductOpened:
		p.reach(p.sale.Ahead.OpensAt, f.OpensAt)
		p.sale.Ahead.OpensAt = time.Time{}
		p.check(f.Remaining)
	case *events.ProductClosed:
		p.reach(p.sale.Ahead.ClosesAt, f.ClosesAt)
		p.sale.Ahead.ClosesAt = time.Time{}
		p.check(f.Remaining)
	case *events.ProductReservationAnnotated:
		p.annotated(f)
		p.check(f.Remaining)
	default:
		panic(fmt.Sprintf("product: %s is no fact of a product", fact.Name()))
	}
	p.deadline.tidy(p.holds, p.current)
}

// stated takes in the bounds of a fact that states what can be edited.
func (p *Product) stated(times events.SaleTimes) {
	p.sale = p.sale.Stated(times)
	p.edited = p.facts - 1
}

// reach holds a bound that a fact records as reached against the one that lies ahead.
func (p *Product) reach(ahead, at time.Time) {
	if ahead.IsZero() || !ahead.Equal(at) {
		panic(fmt.Sprintf("product %s: the log reaches the bound %v of its sale, and %v lies ahead", p.latest.ID, at, ahead))
	}
}

func (p *Product) add(id events.ID, r reservation, order *events.OrderData) {
	before := p.reservations.Len()
	p.reservations.Set(id, r)
	if p.reservations.Len() == before {
		panic(fmt.Sprintf("product %s: the log opens reservation %s, which is open", p.latest.ID, id))
	}
	p.count(r.holder, int64(r.quantity))
	if !order.IsZero() {
		p.ordered(id)
	}
}

func (p *Product) confirmed(id events.ID) {
	r := p.own(id, true)
	p.holds--
	p.held -= int64(r.quantity)
	p.sold += int64(r.quantity)
	r.expires = 0
	p.reservations.Set(id, r)
}

func (p *Product) remove(id events.ID, held bool) {
	r := p.own(id, held)
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

// own returns an open reservation that a fact is about, which says whether it is
// held.
func (p *Product) own(id events.ID, held bool) reservation {
	r, ok := p.reservations.Get(id)
	if !ok || r.held() != held {
		panic(
			fmt.Sprintf("product %s: the log changes reservation %s (held: %t), which is not like that", p.latest.ID, id, held),
		)
	}
	return r
}

// count adds to what a holder has, while there is a limit to compare it with.
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

// countHolders begins or ends the counting when an edit sets or lifts the limit.
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

// current reports whether a deadline is still that of a hold.
func (p *Product) current(d deadline) bool {
	r, ok := p.reservations.Get(d.id)
	return ok && r.expires == d.at
}

// check holds the figure a fact recorded against the state it led to.
func (p *Product) check(remaining int64) {
	if p.Remaining() != remaining || remaining < 0 {
		panic(
			fmt.Sprintf("product %s: the log says %d remain, its facts add up to %d", p.latest.ID, remaining, p.Remaining()),
		)
	}
}

func parse(id events.ReservationID) events.ID {
	parsed, err := events.ParseID(string(id))
	if err != nil {
		panic(fmt.Sprintf("product: reservation id %q: %v", id, err))
	}
	return parsed
}
