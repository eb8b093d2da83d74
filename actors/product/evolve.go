package product

import (
	"fmt"

	"admitone/actors/core"
	"admitone/events"
)

// Evolve implements [core.Core].
func (p *Product) Evolve(fact events.Fact) {
	switch f := fact.(type) {
	case *events.ProductReserved:
		p.sold += f.Quantity
		p.take(parse(f.ReservationID), reservation{holder: f.Holder, quantity: uint32(f.Quantity)})
		p.check(f.Remaining)
	case *events.ProductHeld:
		p.held += f.Quantity
		p.holds++
		id, at := parse(f.ReservationID), f.ExpiresAt.UnixNano()
		p.take(id, reservation{holder: f.Holder, quantity: uint32(f.Quantity), expires: at})
		p.deadline.add(id, at)
		p.check(f.Remaining)
	case *events.ProductConfirmed:
		p.confirmed(parse(f.ReservationID))
		p.check(f.Remaining)
	case *events.ProductReleased:
		p.give(parse(f.ReservationID), f.Was == events.ReservationHeld)
		p.check(f.Remaining)
	case *events.ProductExpired:
		for i := range f.Expired {
			p.give(parse(f.Expired[i].ReservationID), true)
		}
		p.check(f.Remaining)
	case *events.ProductCreated:
		p.created = Create{ID: f.ProductID, Name: f.DisplayName, Stock: f.Stock, Price: f.Price,
			LimitPerHolder: f.LimitPerHolder, HoldSeconds: f.HoldSeconds, WaitingRoom: f.WaitingRoom}
		p.born = p.created
		p.countHolders()
	case *events.ProductEdited:
		p.created.Name, p.created.Stock, p.created.Price = f.DisplayName, f.Stock, f.Price
		p.created.LimitPerHolder, p.created.WaitingRoom = f.LimitPerHolder, f.WaitingRoom
		p.countHolders()
		p.check(f.Remaining)
	default:
		panic(fmt.Sprintf("product: %s is no fact of a product", fact.Name()))
	}
	p.deadline.tidy(p.holds, p.current)
}

func (p *Product) take(id events.ID, r reservation) {
	before := p.reservations.Len()
	p.reservations.Set(id, r)
	if p.reservations.Len() == before {
		panic(fmt.Sprintf("product %s: the log opens reservation %s, which is open", p.created.ID, id))
	}
	p.count(r.holder, int64(r.quantity))
}

func (p *Product) confirmed(id events.ID) {
	r := p.own(id, true)
	p.holds--
	p.held -= int64(r.quantity)
	p.sold += int64(r.quantity)
	r.expires = 0
	p.reservations.Set(id, r)
}

func (p *Product) give(id events.ID, held bool) {
	r := p.own(id, held)
	if held {
		p.holds--
		p.held -= int64(r.quantity)
	} else {
		p.sold -= int64(r.quantity)
	}
	p.reservations.Delete(id)
	p.count(r.holder, -int64(r.quantity))
}

// own returns an open reservation that a fact is about, which says whether it is
// held.
func (p *Product) own(id events.ID, held bool) reservation {
	r, ok := p.reservations.Get(id)
	if !ok || r.held() != held {
		panic(fmt.Sprintf("product %s: the log changes reservation %s (held: %t), which is not like that", p.created.ID, id, held))
	}
	return r
}

// count adds to what a holder has, while there is a limit to compare it with.
func (p *Product) count(holder string, units int64) {
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
	if p.created.LimitPerHolder == 0 {
		p.holders = nil
		return
	}
	if p.holders != nil {
		return
	}
	p.holders = core.NewTable[string, int64]()
	for _, r := range p.reservations.All() {
		p.count(r.holder, int64(r.quantity))
	}
}

// current says whether a deadline is still that of a hold.
func (p *Product) current(d deadline) bool {
	r, ok := p.reservations.Get(d.id)
	return ok && r.expires == d.at
}

// check holds the figure a fact recorded against the state it led to.
func (p *Product) check(remaining int64) {
	if p.Remaining() != remaining || remaining < 0 {
		panic(fmt.Sprintf("product %s: the log says %d remain, its facts add up to %d", p.created.ID, remaining, p.Remaining()))
	}
}

func parse(id string) events.ID {
	parsed, err := events.ParseID(id)
	if err != nil {
		panic(fmt.Sprintf("product: reservation id %q: %v", id, err))
	}
	return parsed
}
