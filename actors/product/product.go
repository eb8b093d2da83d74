package product

import (
	"time"

	"admitone/actors/core"
	"admitone/events"
)

// Category of the streams of products.
const Category = "product"

// Stream of the product with this id.
func Stream(id string) events.StreamID { return events.NewStreamID(Category, id) }

// MaxStock is the largest stock of one product, in units.
const MaxStock = 1_000_000_000

// expireAtOnce bounds the holds that one fact lets expire.
const expireAtOnce = 256

// Create puts a product on sale. Again with the same members it does nothing, also
// when the product has been edited since; with others it is refused: already_exists.
type Create struct {
	ID             string
	Name           string
	Stock          int64
	Price          int64
	LimitPerHolder int64
	HoldSeconds    int64
	// WaitingRoom that guards the sale, "" if none does.
	WaitingRoom string
}

// Edit changes the members that are not nil; without any it does nothing. Refusals: not_found,
// limit_exceeded (stock below what is held and sold).
type Edit struct {
	Name           *string
	Stock          *int64
	Price          *int64
	LimitPerHolder *int64
	// WaitingRoom that is to guard the sale, "" for none.
	WaitingRoom *string
}

// Reserve sells units to a holder, or holds them first. Refusals, in this order:
// not_found, invalid_field (quantity), pass_required, already_exists (the reservation
// is open), limit_exceeded, sold_out.
type Reserve struct {
	ReservationID events.ID
	Holder        string
	Quantity      int64
	Hold          bool
	// Room is the waiting room whose pass the holder has shown, "" if none.
	Room string
}

// Confirm sells what is held. Refusals: not_found, forbidden (By is given and not
// the holder), already_confirmed, hold_expired.
type Confirm struct {
	ReservationID events.ID
	By            string
}

// Release gives the units of a reservation back. Refusals: not_found, forbidden.
type Release struct {
	ReservationID events.ID
	By            string
}

// Reservation is one that still owns units.
type Reservation struct {
	Holder   string
	Quantity int64
	// ExpiresAt is the deadline of a hold, zero once it is confirmed.
	ExpiresAt time.Time
}

// reservation is Reservation packed: a product may have a million of them.
type reservation struct {
	holder   string
	expires  int64 // UnixNano of the deadline, 0 once confirmed
	quantity uint32
}

func (r reservation) held() bool { return r.expires != 0 }

// Product is the state and the rules of one product. It implements [core.Core].
type Product struct {
	born    Create // as created; ID is "" before
	created Create // as created or last edited
	held    int64  // units
	sold    int64  // units
	holds   int    // reservations that are held

	reservations *core.Table[events.ID, reservation]
	// holders counts the units of each holder, and is kept only while there is a
	// limit: without one it would be a third of a product's memory.
	holders  *core.Table[string, int64]
	deadline deadlines
}

// New returns a product that has not been created yet.
func New() core.Core {
	return &Product{reservations: core.NewTable[events.ID, reservation]()}
}

// Remaining is what can still be reserved.
func (p *Product) Remaining() int64 { return p.created.Stock - p.held - p.sold }

// Figures returns the product as it was created or last edited, and how many units
// are held and sold.
func (p *Product) Figures() (created Create, held, sold int64) { return p.created, p.held, p.sold }

// Reservation looks up one that still owns units.
func (p *Product) Reservation(id events.ID) (Reservation, bool) {
	r, ok := p.reservations.Get(id)
	if !ok {
		return Reservation{}, false
	}
	out := Reservation{Holder: r.holder, Quantity: int64(r.quantity)}
	if r.held() {
		out.ExpiresAt = time.Unix(0, r.expires).UTC()
	}
	return out, true
}

// Exists says whether the product was created.
func (p *Product) Exists() bool { return p.created.ID != "" }

// NextDeadline is when the next hold expires, zero if nothing is held.
func (p *Product) NextDeadline() time.Time { return p.deadline.next() }
