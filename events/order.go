package events

import "time"

func init() {
	register[BookingAnnotated]()
	register[ProductReservationAnnotated]()
}

// OrderData is what a shop attaches to a reservation, a booking or an entry for its own records. No rule depends on it.
// It must not contain personal data: facts are permanent and can't be erased. Facts without it are encoded as before it
// existed.
type OrderData struct {
	// Reference is the shop's own number of the order, "" for none. It need not be unique.
	Reference string `json:"reference,omitempty"`
	// Metadata is sorted by name, nil for none. It must not be changed.
	Metadata []MetadataPair `json:"metadata,omitzero"`
}

// MetadataPair is one name of the metadata with its value.
type MetadataPair struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// IsZero reports whether there is neither a reference nor metadata.
func (o *OrderData) IsZero() bool { return o.Reference == "" && len(o.Metadata) == 0 }

// Append adds the present members to a resource: metadata as one object.
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
		pairs.NameString(pair.Name, pair.Value)
	}
	to.Buf = pairs.Close()
}

// BookingAnnotated states the order data of a booking from now on, all of it.
type BookingAnnotated struct {
	BookingID BookingID `json:"booking_id"`
	OrderData
}

func (*BookingAnnotated) Name() string { return "booking.annotated.v1" }

// ProductReservationAnnotated states the order data of a reservation from now on, all of it.
type ProductReservationAnnotated struct {
	ReservationID ReservationID `json:"reservation_id"`
	// Holder, Quantity, Status and ExpiresAt (zero without a deadline) of the reservation, which do
	// not change.
	Holder    Holder            `json:"holder"`
	Quantity  int64             `json:"quantity"`
	Status    ReservationStatus `json:"status"`
	ExpiresAt time.Time         `json:"expires_at,omitzero"`
	// Remaining of the product: the same as before.
	Remaining int64 `json:"remaining"`
	// OrderRevision is the revision of the fact that stated the data before, 0 if there was none.
	OrderRevision Revision `json:"order_revision,omitempty"`
	OrderData
}

func (*ProductReservationAnnotated) Name() string { return "product.reservation_annotated.v1" }
