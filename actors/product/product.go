package product

import (
	"time"

	"admitone/actors/core"
	"admitone/events"
)

// Kind registers products with the shell.
var Kind = core.Kind{Category: events.ProductCategory, New: New, SnapshotVersion: snapshotVersion}

// Stream returns the stream of the product with an id.
func Stream(id events.ProductID) events.StreamID {
	return events.NewStreamID(events.ProductCategory, string(id))
}

// MaxStock is the largest stock of one product, in units.
const MaxStock = 1_000_000_000

// expiryBatch bounds the holds that expire by one fact.
const expiryBatch = 256

// expireBytes is the approximate maximum size of such a fact, which every store accepts. expiredSize
// is the encoded size of one hold without its holder, in bytes.
const expireBytes, expiredSize = 24 << 10, 140

// Create puts a product on sale. No-op if it was created with the same members, even if it has been
// edited since. Refusals: already_exists (with other members), invalid_field (the times).
type Create struct {
	ID             events.ProductID
	Name           string
	Stock          int64
	Price          int64
	LimitPerHolder int64
	HoldSeconds    int64
	// WaitingRoom that guards the sale, "" for none.
	WaitingRoom events.RoomID
	events.SaleTimes
	// Cancellation is the cancellation policy of paid units.
	Cancellation events.Cancellation
}

// Edit changes the members that are not nil. No-op if all are nil. Refusals: not_found,
// cancelled, limit_exceeded (stock below the units held and sold), invalid_field (the times).
type Edit struct {
	Name           *string
	Stock          *int64
	Price          *int64
	LimitPerHolder *int64
	// WaitingRoom that guards the sale, "" for none.
	WaitingRoom *events.RoomID
	// OpensAt and ClosesAt are the new bounds of the sale; the zero time removes a bound.
	OpensAt, ClosesAt *time.Time
	// Cancellation is the new cancellation policy; the zero value removes it.
	Cancellation *events.Cancellation
}

// Terms decide what becomes of units that have a price and are requested without a hold.
type Terms int

// The terms. They don't apply to a free product.
const (
	// TermsSell sells the units: the caller handles the payment.
	TermsSell Terms = iota
	// TermsHold holds the units until a payment is confirmed.
	TermsHold
	// TermsRefuse refuses the request: forbidden.
	TermsRefuse
)

// Reserve sells units to a holder, or holds them first. Refusals, in this order:
// not_found, invalid_field (quantity), forbidden (the terms), pass_required, cancelled,
// already_exists (the reservation is open, or a payment for it is recorded), not_open, sale_closed, limit_exceeded,
// sold_out.
type Reserve struct {
	ReservationID events.ID
	Holder        events.Holder
	Quantity      int64
	Hold          bool
	Terms         Terms
	// Open is the last known number of the holder's open holds of all products and performances, 0
	// if their number is not limited.
	Open int64
	// Room is the waiting room whose pass the holder has presented, "" for none.
	Room events.RoomID
	// Order is recorded in the fact, and must not be changed afterwards.
	Order events.OrderData
}

// Confirm sells held units. Refusals: not_found, cancelled, forbidden (By is set and not the holder, or the
// product has a price and the terms refuse), already_confirmed, hold_expired.
type Confirm struct {
	ReservationID events.ID
	By            events.Holder
	// Terms are TermsSell or TermsRefuse.
	Terms Terms
}

// Release returns the units of a reservation; paid ones are refunded by its cancellation policy.
// Refusals: not_found, forbidden, cancellation_closed.
type Release struct {
	ReservationID events.ID
	By            events.Holder
	// Reason is why the organiser overrides the time limit of the policy, "" if the limit applies.
	Reason string
}

// Reservation is an open reservation: it owns units.
type Reservation struct {
	Holder   events.Holder
	Quantity int64
	// ExpiresAt is the deadline of a hold, zero once it is confirmed.
	ExpiresAt time.Time
	// OrderRevision is the revision of the fact with its order data, 0 for none.
	OrderRevision events.Revision
	// Offer is the product's offer when the reservation was made.
	Offer Offer
}

// reservation is a Reservation in less memory: a product may have a million of them.
type reservation struct {
	holder   events.Holder
	expires  int64 // UnixNano of the deadline, 0 once confirmed
	quantity uint32
	offer    uint32 // index in Product.offers
}

func (r reservation) held() bool { return r.expires != 0 }

// Product is the state and the rules of one product. It implements [core.Core].
type Product struct {
	latest  Create  // as created or last edited; ID is "" before the creation
	initial *Create // as created; nil until the first edit
	held    int64   // units
	sold    int64   // units
	holds   int     // reservations that are held
	// upcoming are the bounds of the sale that no fact has recorded as reached; nil for none.
	upcoming  *events.SaleTimes
	facts     events.Revision // number applied
	edited    events.Revision // of the newest edit; the creation counts
	calledOff bool            // the product is cancelled

	// offers has all current and former offers, and offer is the index of the current one.
	offer  uint32
	offers []Offer
	// payments has the reservations for which an external payment was decided; nil for none.
	payments *core.Table[events.ID, PaymentRecord]
	// endedAnnotated is the revision of the newest replacement of order data of an ended reservation.
	endedAnnotated events.Revision

	// reservations are the open ones; nil if there never was one.
	reservations *core.Table[events.ID, reservation]
	// orders has the revision of the fact with the order data of each open reservation with such
	// data; nil if there never was one.
	orders *core.Table[events.ID, events.Revision]
	// holders counts the units of each holder. It is nil unless there is a limit, since it takes a
	// third of a product's memory.
	holders  *core.Table[events.Holder, int64]
	deadline core.Deadlines
}

// New returns a product that has not been created yet.
func New() core.Core {
	return &Product{}
}

// Remaining returns the number of units that can be reserved.
func (p *Product) Remaining() int64 { return p.latest.Stock - p.held - p.sold }

// Figures returns the product as created or last edited, and the numbers of units held and sold.
func (p *Product) Figures() (latest Create, held, sold int64) { return p.latest, p.held, p.sold }

// Reservation returns an open reservation.
func (p *Product) Reservation(id events.ID) (Reservation, bool) {
	r, ok := p.reservations.Get(id)
	if !ok {
		return Reservation{}, false
	}
	out := Reservation{Holder: r.holder, Quantity: int64(r.quantity), OrderRevision: p.orderRevision(id),
		Offer: p.offers[r.offer]}
	if r.held() {
		out.ExpiresAt = time.Unix(0, r.expires).UTC()
	}
	return out, true
}

// Exists reports whether the product was created.
func (p *Product) Exists() bool { return p.latest.ID != "" }

// NextDeadline implements [core.Core]: it is when the next hold expires or the sale opens or closes.
func (p *Product) NextDeadline() time.Time {
	return core.Earlier(p.deadline.Next(), p.sale().NextDeadline())
}

func (p *Product) sale() core.Sale {
	sale := core.Sale{Times: p.latest.SaleTimes}
	if p.upcoming != nil {
		sale.Upcoming = *p.upcoming
	}
	return sale
}

func (p *Product) setUpcoming(times events.SaleTimes) {
	if p.upcoming = nil; !times.IsZero() {
		p.upcoming = &times
	}
}

// created returns the product as it was created; its ID is "" before the creation.
func (p *Product) created() Create {
	if p.initial != nil {
		return *p.initial
	}
	return p.latest
}

// EditRevision implements [core.Edited].
func (p *Product) EditRevision() events.Revision { return p.edited }

// equal reports whether two creations have the same members.
func (c *Create) equal(other *Create) bool {
	a, b := *c, *other
	a.SaleTimes, b.SaleTimes = events.SaleTimes{}, events.SaleTimes{}
	a.Cancellation, b.Cancellation = events.Cancellation{}, events.Cancellation{}
	return a == b && c.SaleTimes.Equal(other.SaleTimes) && c.Cancellation.Equal(other.Cancellation)
}
