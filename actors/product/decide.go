package product

import (
	"fmt"
	"time"

	"admitone/actors/core"
	"admitone/events"
)

// errSoldOut is the most frequent refusal of a sale, so it is allocated once.
var errSoldOut = &core.Refusal{Code: core.CodeSoldOut,
	Detail: "nothing is left; watch the product for units that come back",
	Fields: map[string]any{"remaining": int64(0)}}

var errNoProduct = &core.Refusal{Code: core.CodeNotFound, Detail: "there is no such product",
	Fields: map[string]any{"resource": "product"}}

var errNoReservation = &core.Refusal{Code: core.CodeNotFound, Detail: "the product has no such reservation",
	Fields: map[string]any{"resource": "reservation"}}

var errBadQuantity = &core.Refusal{Code: core.CodeInvalidField, Detail: "quantity must be from 1 to 1,000,000,000",
	Fields: map[string]any{"field": "quantity"}}

var errReservationExists = &core.Refusal{Code: core.CodeAlreadyExists,
	Detail: "the product has a reservation with this id; choose another id"}

var errNotHolder = &core.Refusal{Code: core.CodeForbidden, Detail: "the reservation is somebody else's"}

var errPaymentRequired = &core.Refusal{Code: core.CodeForbidden,
	Detail: "the product has a price: hold it, and have whoever takes the payment confirm it (role service or admin)"}

// Decide implements [core.Core].
func (p *Product) Decide(cmd core.Command, now time.Time) ([]events.Fact, error) {
	if create, ok := cmd.(*Create); ok {
		return p.create(create, now)
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
		return p.release(cmd, now)
	case *Pay:
		return p.pay(cmd, now)
	case *Edit:
		return p.edit(cmd, now)
	case *Annotate:
		return p.annotate(cmd)
	case *Cancel:
		return p.cancel(cmd), nil
	case *CallOff:
		return p.callOff(cmd.ReservationID), nil
	case *core.Expire:
		return p.expire(now), nil
	}
	panic(fmt.Sprintf("product: no rule for %T", cmd))
}

func (p *Product) create(cmd *Create, now time.Time) ([]events.Fact, error) {
	if p.Exists() {
		if initial := p.created(); cmd.equal(&initial) {
			return nil, nil
		}
		return nil, &core.Refusal{Code: core.CodeAlreadyExists,
			Detail: "a product with this id exists and differs; choose another id, or edit it"}
	}
	if refusal := core.CheckTimes(cmd.SaleTimes); refusal != nil {
		return nil, refusal
	}
	return append([]events.Fact{&events.ProductCreated{
		ProductID: cmd.ID, DisplayName: cmd.Name, Stock: cmd.Stock, Price: cmd.Price,
		LimitPerHolder: cmd.LimitPerHolder, HoldSeconds: cmd.HoldSeconds, WaitingRoom: cmd.WaitingRoom,
		SaleTimes: cmd.SaleTimes, Cancellation: cmd.Cancellation,
	}}, boundFacts(core.Sale{}.WithTimes(cmd.SaleTimes), cmd.Stock, now)...), nil
}

// boundFacts returns the facts that record the due bounds of a sale as reached.
func boundFacts(sale core.Sale, remaining int64, now time.Time) (facts []events.Fact) {
	due := sale.Due(now)
	if !due.OpensAt.IsZero() {
		facts = append(facts, &events.ProductOpened{OpensAt: due.OpensAt, Remaining: remaining})
	}
	if !due.ClosesAt.IsZero() {
		facts = append(facts, &events.ProductClosed{ClosesAt: due.ClosesAt, Remaining: remaining})
	}
	return facts
}

func (p *Product) edit(cmd *Edit, now time.Time) ([]events.Fact, error) {
	if *cmd == (Edit{}) {
		return nil, nil
	}
	if p.calledOff {
		return nil, ErrCalledOff
	}
	fact := &events.ProductEdited{
		DisplayName:    core.Or(cmd.Name, p.latest.Name),
		Stock:          core.Or(cmd.Stock, p.latest.Stock),
		Price:          core.Or(cmd.Price, p.latest.Price),
		LimitPerHolder: core.Or(cmd.LimitPerHolder, p.latest.LimitPerHolder),
		WaitingRoom:    core.Or(cmd.WaitingRoom, p.latest.WaitingRoom),
		SaleTimes: events.SaleTimes{OpensAt: core.Or(cmd.OpensAt, p.latest.OpensAt),
			ClosesAt: core.Or(cmd.ClosesAt, p.latest.ClosesAt)},
		Cancellation: core.Or(cmd.Cancellation, p.latest.Cancellation),
	}
	if refusal := core.CheckTimes(fact.SaleTimes); refusal != nil {
		return nil, refusal
	}
	fact.Remaining = fact.Stock - p.held - p.sold
	if fact.Remaining < 0 {
		return nil, &core.Refusal{Code: core.CodeLimitExceeded,
			Detail: "the stock can't go below what is held and sold; release some first",
			Fields: map[string]any{"held": p.held, "sold": p.sold}}
	}
	return append([]events.Fact{fact}, boundFacts(p.sale().WithTimes(fact.SaleTimes), fact.Remaining, now)...), nil
}

func (p *Product) reserve(cmd *Reserve, now time.Time) ([]events.Fact, error) {
	if cmd.Quantity < 1 || cmd.Quantity > MaxStock { // the stock must not depend on the caller's checks
		return nil, errBadQuantity
	}
	hold := cmd.Hold
	if p.latest.Price > 0 && !hold {
		if cmd.Terms == TermsRefuse {
			return nil, errPaymentRequired
		}
		hold = cmd.Terms == TermsHold
	}
	if refusal := core.RequirePass(p.latest.WaitingRoom, cmd.Room); refusal != nil {
		return nil, refusal
	}
	if p.calledOff {
		return nil, ErrCalledOff
	}
	if _, open := p.reservations.Get(cmd.ReservationID); open {
		return nil, errReservationExists
	}
	if _, known := p.PaymentRecord(cmd.ReservationID); known {
		return nil, errReservationExists
	}
	if refusal := p.sale().Refuse(now); refusal != nil {
		return nil, refusal
	}
	if limit := p.latest.LimitPerHolder; limit > 0 {
		if taken, _ := p.holders.Get(cmd.Holder); taken+cmd.Quantity > limit {
			return nil, &core.Refusal{Code: core.CodeLimitExceeded,
				Detail: fmt.Sprintf("one holder may not have that many of this product: the limit is %d, and this one has %d",
					limit, taken),
				Fields: map[string]any{"limit": limit, "taken": taken}}
		}
	}
	if limit := maxPayable(p.latest.Price); cmd.Quantity > limit {
		return nil, tooExpensive(limit)
	}
	if hold && cmd.Open >= core.MaxOpenHolds {
		return nil, core.TooManyHolds(cmd.Open)
	}
	remaining := p.Remaining() - cmd.Quantity
	if remaining < 0 {
		return nil, soldOut(p.Remaining())
	}
	id := events.ReservationID(cmd.ReservationID.String())
	if !hold {
		return []events.Fact{&events.ProductReserved{
			ReservationID: id, Holder: cmd.Holder, Quantity: cmd.Quantity, Remaining: remaining, OrderData: cmd.Order,
			Price: p.latest.Price, Cancellation: p.latest.Cancellation,
		}}, nil
	}
	return []events.Fact{&events.ProductHeld{
		ReservationID: id, Holder: cmd.Holder, Quantity: cmd.Quantity, Remaining: remaining,
		ExpiresAt: now.UTC().Add(time.Duration(p.latest.HoldSeconds) * time.Second), OrderData: cmd.Order,
		Price: p.latest.Price, Cancellation: p.latest.Cancellation,
	}}, nil
}

// maxPayable is the largest number of units at a price that one payment can pay for.
func maxPayable(price int64) int64 {
	if price == 0 {
		return MaxStock
	}
	return events.MaxPayment / price
}

func tooExpensive(limit int64) *core.Refusal {
	return &core.Refusal{Code: core.CodeLimitExceeded,
		Detail: fmt.Sprintf("so many cost more than one payment can be; reserve at most %d at a time", limit),
		Fields: map[string]any{"limit": limit}}
}

func soldOut(remaining int64) *core.Refusal {
	if remaining == 0 {
		return errSoldOut
	}
	return &core.Refusal{Code: core.CodeSoldOut, Detail: "fewer are left than asked for; ask for what remains",
		Fields: map[string]any{"remaining": remaining}}
}

func (p *Product) confirm(cmd *Confirm, now time.Time) ([]events.Fact, error) {
	r, ok := p.reservations.Get(cmd.ReservationID)
	switch {
	case !ok:
		return nil, errNoReservation
	case cmd.By != "" && cmd.By != r.holder:
		return nil, errNotHolder
	case p.offers[r.offer].Price > 0 && cmd.Terms == TermsRefuse:
		return nil, errPaymentRequired
	case p.calledOff:
		return nil, ErrCalledOff
	case !r.held():
		return nil, &core.Refusal{Code: core.CodeAlreadyConfirmed,
			Detail: "the reservation is confirmed; there is nothing left to do"}
	case r.expires < now.UnixNano():
		return nil, &core.Refusal{Code: core.CodeHoldExpired, Detail: "the hold has passed its deadline; reserve again",
			Fields: map[string]any{"expired_at": time.Unix(0, r.expires).UTC()}}
	}
	return []events.Fact{&events.ProductConfirmed{
		ReservationID: events.ReservationID(cmd.ReservationID.String()), Holder: r.holder, Quantity: int64(r.quantity),
		Remaining: p.Remaining(), OrderRevision: p.orderRevision(cmd.ReservationID),
	}}, nil
}

func (p *Product) release(cmd *Release, now time.Time) ([]events.Fact, error) {
	r, ok := p.reservations.Get(cmd.ReservationID)
	if !ok {
		return nil, errNoReservation
	}
	if cmd.By != "" && cmd.By != r.holder {
		return nil, errNotHolder
	}
	if p.calledOff {
		return p.callOff(cmd.ReservationID), nil
	}
	fact := &events.ProductReleased{
		ReservationID: events.ReservationID(cmd.ReservationID.String()), Holder: r.holder, Quantity: int64(r.quantity),
		Was: events.ReservationConfirmed, Remaining: p.Remaining() + int64(r.quantity),
		OrderRevision: p.orderRevision(cmd.ReservationID), Reason: cmd.Reason,
	}
	if r.held() {
		fact.Was = events.ReservationHeld
	} else if refusal := p.refundRelease(fact, cmd, now); refusal != nil {
		return nil, refusal
	}
	return []events.Fact{fact}, nil
}

// expire returns the facts that are due first: the expiry of the holds that end before the next bound of the sale, or
// else that bound. The order of the facts therefore does not depend on when expire is called.
func (p *Product) expire(now time.Time) []events.Fact {
	sale, until := p.sale(), now
	bound := sale.Upcoming.Next()
	if !bound.IsZero() && !bound.After(now) {
		until = bound
	}
	due := p.deadline.Due(until, expiryBatch, p.isCurrent)
	if len(due) == 0 {
		return boundFacts(sale, p.Remaining(), until)
	}
	fact := &events.ProductExpired{Expired: make([]events.ExpiredHold, 0, len(due))}
	for size, i := 0, 0; i < len(due) && size < expireBytes; i++ {
		d := due[i]
		r, _ := p.reservations.Get(d.ID)
		size += expiredSize + 2*len(r.holder)
		fact.Expired = append(fact.Expired, events.ExpiredHold{
			ReservationID: events.ReservationID(d.ID.String()), Holder: r.holder, Quantity: int64(r.quantity),
			ExpiresAt: time.Unix(0, d.At).UTC(),
		})
		fact.Quantity += int64(r.quantity)
	}
	fact.Remaining = p.Remaining() + fact.Quantity
	return []events.Fact{fact}
}
