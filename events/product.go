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
	register[ProductOpened]()
	register[ProductClosed]()
	registerUpcast("product.created.v1", func(old productCreatedV1) Fact {
		return &ProductCreated{ProductID: old.ProductID, DisplayName: old.DisplayName, Stock: old.Stock, Price: old.Price,
			LimitPerHolder: old.LimitPerHolder, HoldSeconds: old.HoldSeconds}
	})
	registerUpcast("product.edited.v1", func(old productEditedV1) Fact {
		return &ProductEdited{DisplayName: old.DisplayName, Stock: old.Stock, Price: old.Price,
			LimitPerHolder: old.LimitPerHolder, Remaining: old.Remaining}
	})
}

// productCreatedV1 and productEditedV1 lack the waiting room.
type productCreatedV1 struct {
	ProductID      ProductID `json:"product_id"`
	DisplayName    string    `json:"name"`
	Stock          int64     `json:"stock"`
	Price          int64     `json:"price"`
	LimitPerHolder int64     `json:"limit_per_holder"`
	HoldSeconds    int64     `json:"hold_seconds"`
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
	ProductID ProductID `json:"product_id"`
	// DisplayName is for display.
	DisplayName string `json:"name"`
	// Stock is the number of units.
	Stock int64 `json:"stock"`
	// Price is the price of one unit, in minor units of the currency.
	Price int64 `json:"price"`
	// LimitPerHolder is the largest number of units held or bought by one holder; 0 for no limit.
	LimitPerHolder int64 `json:"limit_per_holder"`
	// HoldSeconds is the duration of a hold.
	HoldSeconds int64 `json:"hold_seconds"`
	// WaitingRoom guards the sale, "" if none does.
	WaitingRoom RoomID `json:"waiting_room"`
	SaleTimes
	// Cancellation is the cancellation policy; zero for full refunds without a deadline.
	Cancellation Cancellation `json:"cancellation,omitzero"`
}

func (*ProductCreated) Name() string { return "product.created.v2" }

// Schedule implements [Scheduled].
func (f *ProductCreated) Schedule() (times SaleTimes, reached bool) { return f.SaleTimes, false }

// ProductEdited states all editable members of the product after an edit, so that a reader needs no earlier
// fact.
type ProductEdited struct {
	DisplayName    string `json:"name"`
	Stock          int64  `json:"stock"`
	Price          int64  `json:"price"`
	LimitPerHolder int64  `json:"limit_per_holder"`
	// WaitingRoom guards the sale, "" if none does.
	WaitingRoom RoomID `json:"waiting_room"`
	// Remaining is the number of remaining units after this fact.
	Remaining int64 `json:"remaining"`
	SaleTimes
	// Cancellation is as in [ProductCreated].
	Cancellation Cancellation `json:"cancellation,omitzero"`
}

func (*ProductEdited) Name() string { return "product.edited.v2" }

// Schedule implements [Scheduled].
func (f *ProductEdited) Schedule() (times SaleTimes, reached bool) { return f.SaleTimes, false }

// ProductReserved sells units without a hold: the reservation is confirmed from the start.
type ProductReserved struct {
	ReservationID ReservationID `json:"reservation_id"`
	Holder        Holder        `json:"holder"`
	Quantity      int64         `json:"quantity"`
	// Remaining is the number of remaining units after this fact.
	Remaining int64 `json:"remaining"`
	OrderData
	// Price is the price of one unit, and Cancellation the cancellation policy, both as of this fact. Older facts
	// have neither.
	Price        int64        `json:"price,omitempty"`
	Cancellation Cancellation `json:"cancellation,omitzero"`
}

func (*ProductReserved) Name() string { return "product.reserved.v1" }

// ProductHeld holds units for a holder until a deadline.
type ProductHeld struct {
	ReservationID ReservationID `json:"reservation_id"`
	Holder        Holder        `json:"holder"`
	Quantity      int64         `json:"quantity"`
	// ExpiresAt is the deadline for confirming the hold.
	ExpiresAt time.Time `json:"expires_at"`
	// Remaining is the number of remaining units after this fact.
	Remaining int64 `json:"remaining"`
	OrderData
	// Price and Cancellation are as in [ProductReserved].
	Price        int64        `json:"price,omitempty"`
	Cancellation Cancellation `json:"cancellation,omitzero"`
}

func (*ProductHeld) Name() string { return "product.held.v1" }

// Holds reports one opened hold.
func (f *ProductHeld) Holds() (opened, closed int, earliest time.Time) { return 1, 0, f.ExpiresAt }

// ProductConfirmed turns a hold into a sale.
type ProductConfirmed struct {
	ReservationID ReservationID `json:"reservation_id"`
	Holder        Holder        `json:"holder"`
	Quantity      int64         `json:"quantity"`
	// Remaining is the number of remaining units, which does not change.
	Remaining int64 `json:"remaining"`
	// OrderRevision is the revision of the fact that states the order data, 0 for none.
	OrderRevision Revision `json:"order_revision,omitempty"`
	// Payment is the stream of the external payment for the reservation, "" if it was confirmed without one.
	Payment StreamID `json:"payment,omitempty"`
}

func (*ProductConfirmed) Name() string { return "product.confirmed.v1" }

// Holds reports one closed hold.
func (*ProductConfirmed) Holds() (opened, closed int, earliest time.Time) {
	return 0, 1, time.Time{}
}

// ReservationStatus is the status of a reservation.
type ReservationStatus string

// The statuses of a reservation. Released and cancelled are final; a late payment can take the units of an
// expired reservation again.
const (
	ReservationHeld      ReservationStatus = "held"
	ReservationConfirmed ReservationStatus = "confirmed"
	ReservationReleased  ReservationStatus = "released"
	ReservationExpired   ReservationStatus = "expired"
	// ReservationCancelled: the product was cancelled.
	ReservationCancelled ReservationStatus = "cancelled"
)

// ProductReleased returns the units of a reservation.
type ProductReleased struct {
	ReservationID ReservationID `json:"reservation_id"`
	Holder        Holder        `json:"holder"`
	Quantity      int64         `json:"quantity"`
	// Was is the previous status: held or confirmed.
	Was ReservationStatus `json:"was"`
	// Remaining is the number of remaining units after this fact.
	Remaining int64 `json:"remaining"`
	// OrderRevision is the revision of the fact that states the order data, 0 for none.
	OrderRevision Revision `json:"order_revision,omitempty"`
	// Payment is the stream of the external payment for the reservation, of which Kept is withheld and the rest
	// is owed next; "" if nothing was paid.
	Payment StreamID `json:"payment,omitempty"`
	Kept    int64    `json:"kept,omitempty"`
	// Reason is as in [BookingReleased].
	Reason string `json:"reason,omitempty"`
}

func (*ProductReleased) Name() string { return "product.released.v1" }

// Holds reports one closed hold, if the units were held.
func (f *ProductReleased) Holds() (opened, closed int, earliest time.Time) {
	if f.Was == ReservationHeld {
		closed = 1
	}
	return 0, closed, time.Time{}
}

// ExpiredHold is one of the holds that a [ProductExpired] closes.
type ExpiredHold struct {
	ReservationID ReservationID `json:"reservation_id"`
	Holder        Holder        `json:"holder"`
	Quantity      int64         `json:"quantity"`
	ExpiresAt     time.Time     `json:"expires_at"`
}

// ProductExpired closes holds whose deadline has passed. One fact closes many, up to a limit, so that
// abandoned holds cost few events.
type ProductExpired struct {
	Expired []ExpiredHold `json:"expired"`
	// Quantity is the sum of the quantities in Expired.
	Quantity int64 `json:"quantity"`
	// Remaining is the number of remaining units after this fact.
	Remaining int64 `json:"remaining"`
}

func (*ProductExpired) Name() string { return "product.expired.v1" }

// Holds reports the number of closed holds.
func (f *ProductExpired) Holds() (opened, closed int, earliest time.Time) {
	return 0, len(f.Expired), time.Time{}
}

// ProductOpened records that the sale has opened. No decision depends on it: the rules compare the time with
// the bounds of the sale.
type ProductOpened struct {
	OpensAt time.Time `json:"opens_at"`
	// Remaining is the number of remaining units, which does not change.
	Remaining int64 `json:"remaining"`
}

func (*ProductOpened) Name() string { return "product.opened.v1" }

// Schedule implements [Scheduled].
func (f *ProductOpened) Schedule() (times SaleTimes, reached bool) {
	return SaleTimes{OpensAt: f.OpensAt}, true
}

// ProductClosed records that the sale has closed. As with [ProductOpened], no decision depends on it.
type ProductClosed struct {
	ClosesAt time.Time `json:"closes_at"`
	// Remaining is the number of remaining units, which does not change.
	Remaining int64 `json:"remaining"`
}

func (*ProductClosed) Name() string { return "product.closed.v1" }

// Schedule implements [Scheduled].
func (f *ProductClosed) Schedule() (times SaleTimes, reached bool) {
	return SaleTimes{ClosesAt: f.ClosesAt}, true
}
