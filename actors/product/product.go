package product

import (
	"time"

	"admitone/actors/core"
	"admitone/events"
)

// Kind of products.
var Kind = core.Kind{Category: events.ProductCategory, New: New, SnapshotVersion: snapshotVersion}

// Stream of the product with this id.
func Stream(id events.ProductID) events.StreamID {
	return events.NewStreamID(events.ProductCategory, string(id))
}

// MaxStock is the largest stock of one product, in units.
const MaxStock = 1_000_000_000

// expireAtOnce bounds the holds that one fact lets expire.
const expireAtOnce = 256

// expireBytes bounds about the size of such a fact, so that every store takes it; expiredSize is
// that of one hold without its holder.
const expireBytes, expiredSize = 24 << 10, 140

// Create puts a product on sale. Again with the same members it does nothing, also
// when the product has been edited since. Refusals: already_exists (with others),
// invalid_field (the times).
type Create struct {
	ID             events.ProductID
	Name           string
	Stock          int64
	Price          int64
	LimitPerHolder int64
	HoldSeconds    int64
	// WaitingRoom that guards the sale, "" if none does.
	WaitingRoom events.RoomID
	// SaleTimes are the bounds of the sale.
	events.SaleTimes
}

// Edit changes the members that are not nil; without any it does nothing. Refusals: not_found,
// limit_exceeded (stock below what is held and sold), invalid_field (the times).
type Edit struct {
	Name           *string
	Stock          *int64
	Price          *int64
	LimitPerHolder *int64
	// WaitingRoom that is to guard the sale, "" for none.
	WaitingRoom *events.RoomID
	// OpensAt and ClosesAt are to be the bounds of the sale; the zero time takes one away.
	OpensAt, ClosesAt *time.Time
}

// Terms say what becomes of units that have a price and that are not asked to be held.
type Terms int

// The terms. What costs nothing is sold under all of them.
const (
	// TermsSell sells them: the caller sees to the payment.
	TermsSell Terms = iota
	// TermsHold holds them until somebody does.
	TermsHold
	// TermsRefuse refuses: forbidden.
	TermsRefuse
)

// Reserve sells units to a holder, or holds them first. Refusals, in this order:
// not_found, invalid_field (quantity), forbidden (the terms), pass_required,
// already_exists (the reservation is open), not_open, sale_closed, limit_exceeded,
// sold_out.
type Reserve struct {
	ReservationID events.ID
	Holder        events.Holder
	Quantity      int64
	Hold          bool
	Terms         Terms
	// Open is how many holds the holder has open, of everything, as far as is known; 0 of
	// whom no limit is for.
	Open int64
	// Room is the waiting room whose pass the holder has shown, "" if none.
	Room events.RoomID
	// Order is kept in the fact, and must not be changed afterwards.
	Order events.OrderData
}

// Confirm sells what is held. Refusals: not_found, forbidden (By is given and not
// the holder, or the product has a price and the terms refuse), already_confirmed,
// hold_expired.
type Confirm struct {
	ReservationID events.ID
	By            events.Holder
	// Terms are TermsSell or TermsRefuse.
	Terms Terms
}

// Release gives the units of a reservation back. Refusals: not_found, forbidden.
type Release struct {
	ReservationID events.ID
	By            events.Holder
}

// Reservation is one that still owns units.
type Reservation struct {
	Holder   events.Holder
	Quantity int64
	// ExpiresAt is the deadline of a hold, zero once it is confirmed.
	ExpiresAt time.Time
	// OrderRevision is that of the fact that states its order data, 0 if there is none.
	OrderRevision events.Revision
}

// reservation is Reservation packed: a product may have a million of them.
type reservation struct {
	holder   events.Holder
	expires  int64 // UnixNano of the deadline, 0 once confirmed
	quantity uint32
}

func (r reservation) held() bool { return r.expires != 0 }

// Product is the state and the rules of one product. It implements [core.Core].
type Product struct {
	born   Create // as created; ID is "" before
	latest Create // as created or last edited
	held   int64  // units
	sold   int64  // units
	holds  int    // reservations that are held
	sale   core.Sale
	facts  events.Revision // taken in
	edited events.Revision // of the newest edit; the creation counts

	reservations *core.Table[events.ID, reservation]
	// orders has the revision of the fact that states the order data of an open reservation, if
	// there is one; nil while there was none.
	orders *core.Table[events.ID, events.Revision]
	// holders counts the units of each holder, and is kept only while there is a
	// limit: without one it would be a third of a product's memory.
	holders  *core.Table[events.Holder, int64]
	deadline deadlines
}

// New returns a product that has not been created yet.
func New() core.Core {
	return &Product{reservations: core.NewTable[events.ID, reservation]()}
}

// Remaining is what can still be reserved.
func (p *Product) Remaining() int64 { return p.latest.Stock - p.held - p.sold }

// Figures returns the product as it was created or last edited, and how many units
// are held and sold.
func (p *Product) Figures() (latest Create, held, sold int64) { return p.latest, p.held, p.sold }

// Reservation looks up one that still owns units.
func (p *Product) Reservation(id events.ID) (Reservation, bool) {
	r, ok := p.reservations.Get(id)
	if !ok {
		return Reservation{}, false
	}
	out := Reservation{Holder: r.holder, Quantity: int64(r.quantity), OrderRevision: p.orderRevision(id)}
	if r.held() {
		out.ExpiresAt = time.Unix(0, r.expires).UTC()
	}
	return out, true
}

// Exists reports whether the product was created.
func (p *Product) Exists() bool { return p.latest.ID != "" }

// NextDeadline is when the next hold expires or the sale opens or closes, zero if
// nothing of that is to come.
func (p *Product) NextDeadline() time.Time {
	return core.Earlier(p.deadline.next(), p.sale.NextDeadline())
}

// EditRevision implements [core.Edited].
func (p *Product) EditRevision() events.Revision { return p.edited }

// same reports whether a creation asks for what was created.
func (c *Create) same(other *Create) bool {
	a, b := *c, *other
	a.SaleTimes, b.SaleTimes = events.SaleTimes{}, events.SaleTimes{}
	return a == b && c.SaleTimes.Equal(other.SaleTimes)
}
