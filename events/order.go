package events

import "time"

func init() {
	register[BookingAnnotated]()
	register[ProductReservationAnnotated]()
}

// OrderData is what a shop attaches to a reservation, a booking or an entry for its own records. No rule depends on it.
// It must not contain personal data: facts are permanent and can't be erased.
type OrderData struct {
	// Reference is the shop's order number, "" for none. It need not be unique.
	Reference string `json:"reference,omitempty"`
	// Metadata is sorted by name, nil for none. The slice must not be changed.
	Metadata []MetadataPair `json:"metadata,omitzero"`
}

// MetadataPair is one entry of the metadata.
type MetadataPair struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// IsZero reports whether there is neither a reference nor metadata.
func (o *OrderData) IsZero() bool { return o.Reference == "" && len(o.Metadata) == 0 }

// Append adds the members that are present to a resource, with the metadata as one object.
func (o *OrderData) Append(to *Object) {
	if o.Reference != "" {
		to.String("reference", o.Reference)
	}
	if len(o.Metadata) == 0 {
		return
	}
	to.Key("metadata")
	pairs := OpenObject(to.Buf)
	for _, pair := range o.Metadata {
		pairs.EscapedString(pair.Name, pair.Value)
	}
	to.Buf = pairs.Close()
}

// BookingAnnotated replaces all order data of a booking.
type BookingAnnotated struct {
	BookingID BookingID `json:"booking_id"`
	OrderData
}

func (*BookingAnnotated) Name() string { return "booking.annotated.v1" }

// ProductReservationAnnotated replaces all order data of a reservation.
type ProductReservationAnnotated struct {
	ReservationID ReservationID `json:"reservation_id"`
	// Holder, Quantity, Status and ExpiresAt (zero without a deadline) are those of the reservation; they do
	// not change.
	Holder    Holder            `json:"holder"`
	Quantity  int64             `json:"quantity"`
	Status    ReservationStatus `json:"status"`
	ExpiresAt time.Time         `json:"expires_at,omitzero"`
	// Remaining is the number of remaining units, which does not change.
	Remaining int64 `json:"remaining"`
	// OrderRevision is the revision of the fact that stated the previous order data, 0 for none.
	OrderRevision Revision `json:"order_revision,omitempty"`
	OrderData
}

func (*ProductReservationAnnotated) Name() string { return "product.reservation_annotated.v1" }
