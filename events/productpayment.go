package events

import "time"

func init() {
	register[ProductRetaken]()
	register[ProductPaid]()
	register[ProductPaymentFailed]()
}

// ProductRetaken takes the units of an expired reservation again for a late payment. The next fact of the same append
// confirms the reservation.
type ProductRetaken struct {
	ReservationID ReservationID `json:"reservation_id"`
	// Holder, Quantity, Price, Cancellation and ExpiresAt are those of the reservation's hold.
	Holder       Holder       `json:"holder"`
	Quantity     int64        `json:"quantity"`
	Price        int64        `json:"price,omitempty"`
	Cancellation Cancellation `json:"cancellation,omitzero"`
	ExpiresAt    time.Time    `json:"expires_at"`
	// Payment is the stream of the external payment.
	Payment StreamID `json:"payment"`
	// Remaining is the number of remaining units after this fact.
	Remaining int64 `json:"remaining"`
	// OrderRevision is the revision of the fact that states the order data, 0 for none.
	OrderRevision Revision `json:"order_revision,omitempty"`
}

func (*ProductRetaken) Name() string { return "product.retaken.v1" }

// Holds reports one opened hold, which the next fact closes.
func (f *ProductRetaken) Holds() (opened, closed int, earliest time.Time) { return 1, 0, f.ExpiresAt }

// ProductPaid records that an external payment has paid for a reservation that was confirmed without one.
type ProductPaid struct {
	ReservationID ReservationID `json:"reservation_id"`
	Holder        Holder        `json:"holder"`
	Quantity      int64         `json:"quantity"`
	// Payment is the stream of the external payment.
	Payment StreamID `json:"payment"`
	// Remaining is the number of remaining units, which does not change.
	Remaining int64 `json:"remaining"`
	// OrderRevision is the revision of the fact that states the order data, 0 for none.
	OrderRevision Revision `json:"order_revision,omitempty"`
}

func (*ProductPaid) Name() string { return "product.paid.v1" }

// ProductPaymentFailed records that a late payment for an expired reservation has failed for good. Reason is why the
// units are not available. The money is owed next.
type ProductPaymentFailed struct {
	ReservationID ReservationID `json:"reservation_id"`
	// Holder, Quantity, Price, Cancellation and ExpiresAt are those of the reservation's hold.
	Holder       Holder       `json:"holder"`
	Quantity     int64        `json:"quantity"`
	Price        int64        `json:"price,omitempty"`
	Cancellation Cancellation `json:"cancellation,omitzero"`
	ExpiresAt    time.Time    `json:"expires_at"`
	// Payment is the stream of the external payment.
	Payment StreamID   `json:"payment"`
	Reason  FailReason `json:"reason"`
	// Remaining is the number of remaining units, which does not change.
	Remaining int64 `json:"remaining"`
	// OrderRevision is the revision of the fact that states the order data, 0 for none.
	OrderRevision Revision `json:"order_revision,omitempty"`
}

func (*ProductPaymentFailed) Name() string { return "product.payment_failed.v1" }
