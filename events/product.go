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

// productCreatedV1 and productEditedV1 are from before waiting rooms.
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
	// Price of one unit, in minor units of the currency.
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

// ProductEdited states the product's editable members after an edit, all of them, so that a reader
// needs no earlier fact.
type ProductEdited struct {
	DisplayName    string `json:"name"`
	Stock          int64  `json:"stock"`
	Price          int64  `json:"price"`
	LimitPerHolder int64  `json:"limit_per_holder"`
	// WaitingRoom guards the sale, "" if none does.
	WaitingRoom RoomID `json:"waiting_room"`
	// Remaining after it.
	Remaining int64 `json:"remaining"`
	SaleTimes
	// Cancellation is as in [ProductCreated].
	Cancellation Cancellation `json:"cancellation,omitzero"`
}

func (*ProductEdited) Name() string { return "product.edited.v2" }

// Schedule implements [Scheduled].
func (f *ProductEdited) Schedule() (times SaleTimes, reached bool) { return f.SaleTimes, false }

// ProductReserved sells units at once: a reservation that starts out confirmed.
type ProductReserved struct {
	ReservationID ReservationID `json:"reservation_id"`
	Holder        Holder        `json:"holder"`
	Quantity      int64         `json:"quantity"`
	// Remaining after it.
	Remaining int64 `json:"remaining"`
	OrderData
	// Price of one unit and cancellation policy, as the product states them now. A fact from
	// before they were in it has neither.
	Price        int64        `json:"price,omitempty"`
	Cancellation Cancellation `json:"cancellation,omitzero"`
}

func (*ProductReserved) Name() string { return "product.reserved.v1" }

// ProductHeld keeps units for a holder until a deadline.
type ProductHeld struct {
	ReservationID ReservationID `json:"reservation_id"`
	Holder        Holder        `json:"holder"`
	Quantity      int64         `json:"quantity"`
	// ExpiresAt is the deadline for confirming the hold.
	ExpiresAt time.Time `json:"expires_at"`
	// Remaining after it.
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
	// Remaining after it: the same as before.
	Remaining int64 `json:"remaining"`
	// OrderRevision is the revision of the fact that states the order data, 0 for none.
	OrderRevision Revision `json:"order_revision,omitempty"`
	// Payment is the stream of the external payment that paid for it, "" if it was confirmed
	// without one.
	Payment StreamID `json:"payment,omitempty"`
}

func (*ProductConfirmed) Name() string { return "product.confirmed.v1" }

// Holds reports one closed hold.
func (*ProductConfirmed) Holds() (opened, closed int, earliest time.Time) {
	return 0, 1, time.Time{}
}

// ReservationStatus is the status of a reservation.
type ReservationStatus string

// The statuses of a reservation. The last two are final.
const (
	ReservationHeld      ReservationStatus = "held"
	ReservationConfirmed ReservationStatus = "confirmed"
	ReservationReleased  ReservationStatus = "released"
	ReservationExpired   ReservationStatus = "expired"
	// ReservationCancelled: the product was cancelled. It is final too.
	ReservationCancelled ReservationStatus = "cancelled"
)

// ProductReleased returns the units of a reservation.
type ProductReleased struct {
	ReservationID ReservationID `json:"reservation_id"`
	Holder        Holder        `json:"holder"`
	Quantity      int64         `json:"quantity"`
	// Was is the previous status: held or confirmed.
	Was ReservationStatus `json:"was"`
	// Remaining after it.
	Remaining int64 `json:"remaining"`
	// OrderRevision is the revision of the fact that states the order data, 0 for none.
	OrderRevision Revision `json:"order_revision,omitempty"`
	// Payment is the stream of the external payment that had paid for it, of which Kept is withheld
	// and the rest owed next. "" for an unpaid reservation.
	Payment StreamID `json:"payment,omitempty"`
	Kept    int64    `json:"kept,omitempty"`
	// Reason is as in [BookingReleased].
	Reason string `json:"reason,omitempty"`
}

func (*ProductReleased) Name() string { return "product.released.v1" }

// Holds reports one closed hold, if it was held.
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

// ProductExpired closes holds whose deadline has passed, a bounded number in one fact, so that many
// abandoned holds cost few events.
type ProductExpired struct {
	Expired []ExpiredHold `json:"expired"`
	// Quantity is the sum over Expired.
	Quantity int64 `json:"quantity"`
	// Remaining after it.
	Remaining int64 `json:"remaining"`
}

func (*ProductExpired) Name() string { return "product.expired.v1" }

// Holds reports the number of closed holds.
func (f *ProductExpired) Holds() (opened, closed int, earliest time.Time) {
	return 0, len(f.Expired), time.Time{}
}

// ProductOpened records that the sale has opened. No decision depends on it: the rules compare the
// time with the product's bounds.
type ProductOpened struct {
	OpensAt time.Time `json:"opens_at"`
	// Remaining after it: the same as before.
	Remaining int64 `json:"remaining"`
}

func (*ProductOpened) Name() string { return "product.opened.v1" }

// Schedule implements [Scheduled].
func (f *ProductOpened) Schedule() (times SaleTimes, reached bool) {
	return SaleTimes{OpensAt: f.OpensAt}, true
}

// ProductClosed records that the sale has closed, as [ProductOpened] does.
type ProductClosed struct {
	ClosesAt time.Time `json:"closes_at"`
	// Remaining after it: the same as before.
	Remaining int64 `json:"remaining"`
}

func (*ProductClosed) Name() string { return "product.closed.v1" }

// Schedule implements [Scheduled].
func (f *ProductClosed) Schedule() (times SaleTimes, reached bool) {
	return SaleTimes{ClosesAt: f.ClosesAt}, true
}
