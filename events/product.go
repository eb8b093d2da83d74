package events

import "time"

func init() {
	register[ProductCreated]()
	register[ProductEdited]()
	register[ProductReserved]()
	register[ProductHeld]()
	register[ProductConfirmed]()
	register[ProductReleased]()
	register[ProductExpired]()
	registerUpcast("product.created.v1", func(old productCreatedV1) Fact {
		return &ProductCreated{ProductID: old.ProductID, DisplayName: old.DisplayName, Stock: old.Stock, Price: old.Price,
			LimitPerHolder: old.LimitPerHolder, HoldSeconds: old.HoldSeconds}
	})
	registerUpcast("product.edited.v1", func(old productEditedV1) Fact {
		return &ProductEdited{DisplayName: old.DisplayName, Stock: old.Stock, Price: old.Price,
			LimitPerHolder: old.LimitPerHolder, Remaining: old.Remaining}
	})
}

// productCreatedV1 and productEditedV1 are from before waiting rooms.
type productCreatedV1 struct {
	ProductID      string `json:"product_id"`
	DisplayName    string `json:"name"`
	Stock          int64  `json:"stock"`
	Price          int64  `json:"price"`
	LimitPerHolder int64  `json:"limit_per_holder"`
	HoldSeconds    int64  `json:"hold_seconds"`
}

type productEditedV1 struct {
	DisplayName    string `json:"name"`
	Stock          int64  `json:"stock"`
	Price          int64  `json:"price"`
	LimitPerHolder int64  `json:"limit_per_holder"`
	Remaining      int64  `json:"remaining"`
}

// ProductCreated puts a product on sale.
type ProductCreated struct {
	ProductID string `json:"product_id"`
	// DisplayName is what people read.
	DisplayName string `json:"name"`
	// Stock is how many units there are.
	Stock int64 `json:"stock"`
	// Price of one unit, in minor units of the currency.
	Price int64 `json:"price"`
	// LimitPerHolder is how many units one holder may hold or have bought; 0 is
	// no limit.
	LimitPerHolder int64 `json:"limit_per_holder"`
	// HoldSeconds is how long a hold lasts.
	HoldSeconds int64 `json:"hold_seconds"`
	// WaitingRoom that guards the sale, "" if none does.
	WaitingRoom string `json:"waiting_room"`
}

// Name is the frozen wire name.
func (*ProductCreated) Name() string { return "product.created.v2" }

// AppendJSON appends the fact as JSON.
func (f *ProductCreated) AppendJSON(dst []byte) []byte {
	o := OpenObject(dst)
	o.String("product_id", f.ProductID)
	o.String("name", f.DisplayName)
	o.Int("stock", f.Stock)
	o.Int("price", f.Price)
	o.Int("limit_per_holder", f.LimitPerHolder)
	o.Int("hold_seconds", f.HoldSeconds)
	o.String("waiting_room", f.WaitingRoom)
	return o.Close()
}

// ProductEdited states the product's editable members after an edit, all of
// them, so that whoever reads it needs no fact before it.
type ProductEdited struct {
	DisplayName    string `json:"name"`
	Stock          int64  `json:"stock"`
	Price          int64  `json:"price"`
	LimitPerHolder int64  `json:"limit_per_holder"`
	// WaitingRoom that guards the sale, "" if none does.
	WaitingRoom string `json:"waiting_room"`
	// Remaining after it.
	Remaining int64 `json:"remaining"`
}

// Name is the frozen wire name.
func (*ProductEdited) Name() string { return "product.edited.v2" }

// AppendJSON appends the fact as JSON.
func (f *ProductEdited) AppendJSON(dst []byte) []byte {
	o := OpenObject(dst)
	o.String("name", f.DisplayName)
	o.Int("stock", f.Stock)
	o.Int("price", f.Price)
	o.Int("limit_per_holder", f.LimitPerHolder)
	o.String("waiting_room", f.WaitingRoom)
	o.Int("remaining", f.Remaining)
	return o.Close()
}

// ProductReserved sells units at once: a reservation that is born confirmed.
type ProductReserved struct {
	ReservationID string `json:"reservation_id"`
	Holder        string `json:"holder"`
	Quantity      int64  `json:"quantity"`
	// Remaining after it.
	Remaining int64 `json:"remaining"`
}

// Name is the frozen wire name.
func (*ProductReserved) Name() string { return "product.reserved.v1" }

// AppendJSON appends the fact as JSON.
func (f *ProductReserved) AppendJSON(dst []byte) []byte {
	o := OpenObject(dst)
	o.String("reservation_id", f.ReservationID)
	o.String("holder", f.Holder)
	o.Int("quantity", f.Quantity)
	o.Int("remaining", f.Remaining)
	return o.Close()
}

// ProductHeld keeps units for a holder until a deadline.
type ProductHeld struct {
	ReservationID string `json:"reservation_id"`
	Holder        string `json:"holder"`
	Quantity      int64  `json:"quantity"`
	// ExpiresAt is the last moment at which the hold can be confirmed.
	ExpiresAt time.Time `json:"expires_at"`
	// Remaining after it.
	Remaining int64 `json:"remaining"`
}

// Name is the frozen wire name.
func (*ProductHeld) Name() string { return "product.held.v1" }

// AppendJSON appends the fact as JSON.
func (f *ProductHeld) AppendJSON(dst []byte) []byte {
	o := OpenObject(dst)
	o.String("reservation_id", f.ReservationID)
	o.String("holder", f.Holder)
	o.Int("quantity", f.Quantity)
	o.Time("expires_at", f.ExpiresAt)
	o.Int("remaining", f.Remaining)
	return o.Close()
}

// Holds says that one hold was opened.
func (f *ProductHeld) Holds() (opened, closed int, earliest time.Time) { return 1, 0, f.ExpiresAt }

// ProductConfirmed turns a hold into a sale.
type ProductConfirmed struct {
	ReservationID string `json:"reservation_id"`
	Holder        string `json:"holder"`
	Quantity      int64  `json:"quantity"`
	// Remaining after it, which is what it was before.
	Remaining int64 `json:"remaining"`
}

// Name is the frozen wire name.
func (*ProductConfirmed) Name() string { return "product.confirmed.v1" }

// AppendJSON appends the fact as JSON.
func (f *ProductConfirmed) AppendJSON(dst []byte) []byte {
	o := OpenObject(dst)
	o.String("reservation_id", f.ReservationID)
	o.String("holder", f.Holder)
	o.Int("quantity", f.Quantity)
	o.Int("remaining", f.Remaining)
	return o.Close()
}

// Holds says that one hold was closed.
func (*ProductConfirmed) Holds() (opened, closed int, earliest time.Time) {
	return 0, 1, time.Time{}
}

// ReservationStatus is where a reservation stands.
type ReservationStatus string

// The four places a reservation can be in. The last two are final.
const (
	ReservationHeld      ReservationStatus = "held"
	ReservationConfirmed ReservationStatus = "confirmed"
	ReservationReleased  ReservationStatus = "released"
	ReservationExpired   ReservationStatus = "expired"
)

// ProductReleased gives the units of a reservation back.
type ProductReleased struct {
	ReservationID string `json:"reservation_id"`
	Holder        string `json:"holder"`
	Quantity      int64  `json:"quantity"`
	// Was is where the reservation stood: held or confirmed.
	Was ReservationStatus `json:"was"`
	// Remaining after it.
	Remaining int64 `json:"remaining"`
}

// Name is the frozen wire name.
func (*ProductReleased) Name() string { return "product.released.v1" }

// AppendJSON appends the fact as JSON.
func (f *ProductReleased) AppendJSON(dst []byte) []byte {
	o := OpenObject(dst)
	o.String("reservation_id", f.ReservationID)
	o.String("holder", f.Holder)
	o.Int("quantity", f.Quantity)
	o.String("was", string(f.Was))
	o.Int("remaining", f.Remaining)
	return o.Close()
}

// Holds says that a hold was closed, if it was one.
func (f *ProductReleased) Holds() (opened, closed int, earliest time.Time) {
	if f.Was == ReservationHeld {
		closed = 1
	}
	return 0, closed, time.Time{}
}

// ExpiredHold is one of the holds that a [ProductExpired] closes.
type ExpiredHold struct {
	ReservationID string    `json:"reservation_id"`
	Holder        string    `json:"holder"`
	Quantity      int64     `json:"quantity"`
	ExpiresAt     time.Time `json:"expires_at"`
}

// ProductExpired closes holds whose deadline has passed, a bounded number in one
// fact, so that a crowd that walks away costs few events.
type ProductExpired struct {
	Expired []ExpiredHold `json:"expired"`
	// Quantity is the sum over Expired.
	Quantity int64 `json:"quantity"`
	// Remaining after it.
	Remaining int64 `json:"remaining"`
}

// Name is the frozen wire name.
func (*ProductExpired) Name() string { return "product.expired.v1" }

// AppendJSON appends the fact as JSON.
func (f *ProductExpired) AppendJSON(dst []byte) []byte {
	o := OpenObject(dst)
	o.Key("expired")
	o.Buf = append(o.Buf, '[')
	for i := range f.Expired {
		if i > 0 {
			o.Buf = append(o.Buf, ',')
		}
		h := OpenObject(o.Buf)
		h.String("reservation_id", f.Expired[i].ReservationID)
		h.String("holder", f.Expired[i].Holder)
		h.Int("quantity", f.Expired[i].Quantity)
		h.Time("expires_at", f.Expired[i].ExpiresAt)
		o.Buf = h.Close()
	}
	o.Buf = append(o.Buf, ']')
	o.Int("quantity", f.Quantity)
	o.Int("remaining", f.Remaining)
	return o.Close()
}

// Holds says how many holds were closed.
func (f *ProductExpired) Holds() (opened, closed int, earliest time.Time) {
	return 0, len(f.Expired), time.Time{}
}
