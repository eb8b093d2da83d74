package product

import (
	"fmt"
	"time"

	"admitone/actors/core"
	"admitone/events"
)

// errSoldOut is the refusal of the last minute of every sale, made once.
var errSoldOut = &core.Refusal{Code: "sold_out", Detail: "nothing is left; watch the product for units that come back",
	Fields: map[string]any{"remaining": int64(0)}}

var errNoProduct = &core.Refusal{Code: "not_found", Detail: "there is no such product",
	Fields: map[string]any{"resource": "product"}}

var errNoReservation = &core.Refusal{Code: "not_found", Detail: "the product has no such reservation",
	Fields: map[string]any{"resource": "reservation"}}

var errBadQuantity = &core.Refusal{Code: "invalid_field", Detail: "quantity must be from 1 to 1,000,000,000",
	Fields: map[string]any{"field": "quantity"}}

var errOpen = &core.Refusal{Code: "already_exists", Detail: "the product has a reservation with this id; choose another id"}

var errNotYours = &core.Refusal{Code: "forbidden", Detail: "the reservation is somebody else's"}

var errHoldExpired = &core.Refusal{Code: "hold_expired", Detail: "the hold has passed its deadline; reserve again"}

// Decide implements [core.Core].
func (p *Product) Decide(cmd core.Command, now time.Time) ([]events.Fact, error) {
	if create, ok := cmd.(*Create); ok {
		return p.create(create)
	}
	if !p.Exists() {
		return nil, errNoProduct
	}
	switch cmd := cmd.(type) {
	case *Reserve:
		return p.reserve(cmd, now)
	case *Confirm:
		return p.confirm(cmd, now)
	case *Release:
		return p.release(cmd)
	case *Edit:
		return p.edit(cmd)
	case *core.Expire:
		return p.expire(now), nil
	}
	panic(fmt.Sprintf("product: no rule for %T", cmd))
}

func (p *Product) create(cmd *Create) ([]events.Fact, error) {
	if p.Exists() {
		if *cmd == p.born {
			return nil, nil
		}
		return nil, &core.Refusal{Code: "already_exists", Detail: "a product with this id exists and differs; choose another id, or edit it"}
	}
	return []events.Fact{&events.ProductCreated{
		ProductID: cmd.ID, DisplayName: cmd.Name, Stock: cmd.Stock, Price: cmd.Price,
		LimitPerHolder: cmd.LimitPerHolder, HoldSeconds: cmd.HoldSeconds, WaitingRoom: cmd.WaitingRoom,
	}}, nil
}

func (p *Product) edit(cmd *Edit) ([]events.Fact, error) {
	if *cmd == (Edit{}) {
		return nil, nil
	}
	fact := &events.ProductEdited{
		DisplayName:    core.Or(cmd.Name, p.created.Name),
		Stock:          core.Or(cmd.Stock, p.created.Stock),
		Price:          core.Or(cmd.Price, p.created.Price),
		LimitPerHolder: core.Or(cmd.LimitPerHolder, p.created.LimitPerHolder),
		WaitingRoom:    core.Or(cmd.WaitingRoom, p.created.WaitingRoom),
	}
	fact.Remaining = fact.Stock - p.held - p.sold
	if fact.Remaining < 0 {
		return nil, &core.Refusal{Code: "limit_exceeded", Detail: "the stock can't go below what is held and sold; release some first",
			Fields: map[string]any{"held": p.held, "sold": p.sold}}
	}
	return []events.Fact{fact}, nil
}

func (p *Product) reserve(cmd *Reserve, now time.Time) ([]events.Fact, error) {
	if cmd.Quantity < 1 || cmd.Quantity > MaxStock { // never oversold, whoever forgot to look
		return nil, errBadQuantity
	}
	if refusal := core.Guard(p.created.WaitingRoom, cmd.Room); refusal != nil {
		return nil, refusal
	}
	if _, open := p.reservations.Get(cmd.ReservationID); open {
		return nil, errOpen
	}
	if limit := p.created.LimitPerHolder; limit > 0 {
		if taken, _ := p.holders.Get(cmd.Holder); taken+cmd.Quantity > limit {
			return nil, &core.Refusal{Code: "limit_exceeded",
				Detail: fmt.Sprintf("one holder may not have that many of this product: the limit is %d, and this one has %d", limit, taken),
				Fields: map[string]any{"limit": limit, "taken": taken}}
		}
	}
	remaining := p.Remaining() - cmd.Quantity
	if remaining < 0 {
		return nil, soldOut(p.Remaining())
	}
	id := cmd.ReservationID.String()
	if !cmd.Hold {
		return []events.Fact{&events.ProductReserved{
			ReservationID: id, Holder: cmd.Holder, Quantity: cmd.Quantity, Remaining: remaining,
		}}, nil
	}
	return []events.Fact{&events.ProductHeld{
		ReservationID: id, Holder: cmd.Holder, Quantity: cmd.Quantity, Remaining: remaining,
		ExpiresAt: now.UTC().Add(time.Duration(p.created.HoldSeconds) * time.Second),
	}}, nil
}

func soldOut(remaining int64) *core.Refusal {
	if remaining == 0 {
		return errSoldOut
	}
	return &core.Refusal{Code: "sold_out", Detail: "fewer are left than asked for; ask for what remains",
		Fields: map[string]any{"remaining": remaining}}
}

func (p *Product) confirm(cmd *Confirm, now time.Time) ([]events.Fact, error) {
	r, ok := p.reservations.Get(cmd.ReservationID)
	switch {
	case !ok:
		return nil, errNoReservation
	case cmd.By != "" && cmd.By != r.holder:
		return nil, errNotYours
	case !r.held():
		return nil, &core.Refusal{Code: "already_confirmed", Detail: "the reservation is confirmed; there is nothing left to do"}
	case r.expires < now.UnixNano():
		return nil, errHoldExpired
	}
	return []events.Fact{&events.ProductConfirmed{
		ReservationID: cmd.ReservationID.String(), Holder: r.holder, Quantity: int64(r.quantity), Remaining: p.Remaining(),
	}}, nil
}

func (p *Product) release(cmd *Release) ([]events.Fact, error) {
	r, ok := p.reservations.Get(cmd.ReservationID)
	if !ok {
		return nil, errNoReservation
	}
	if cmd.By != "" && cmd.By != r.holder {
		return nil, errNotYours
	}
	was := events.ReservationConfirmed
	if r.held() {
		was = events.ReservationHeld
	}
	return []events.Fact{&events.ProductReleased{
		ReservationID: cmd.ReservationID.String(), Holder: r.holder, Quantity: int64(r.quantity), Was: was,
		Remaining: p.Remaining() + int64(r.quantity),
	}}, nil
}

func (p *Product) expire(now time.Time) []events.Fact {
	due := p.deadline.due(now, expireAtOnce, p.current)
	if len(due) == 0 {
		return nil
	}
	fact := &events.ProductExpired{Expired: make([]events.ExpiredHold, 0, len(due))}
	for _, d := range due {
		r, _ := p.reservations.Get(d.id)
		fact.Expired = append(fact.Expired, events.ExpiredHold{
			ReservationID: d.id.String(), Holder: r.holder, Quantity: int64(r.quantity), ExpiresAt: time.Unix(0, d.at).UTC(),
		})
		fact.Quantity += int64(r.quantity)
	}
	fact.Remaining = p.Remaining() + fact.Quantity
	return []events.Fact{fact}
}
