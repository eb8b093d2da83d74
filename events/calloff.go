package events

import "time"

func init() {
	register[CallOffBegun]()
	register[CallOffSwept]()
	register[PerformanceCancelled]()
	register[BookingCancelled]()
	register[PaymentMadeUp]()
	register[ProductCancelled]()
	register[TournamentCancelled]()
	register[ProductReservationCancelled]()
}

// CallOffCategory is the category of the streams of cancellations by the organiser, one for each cancelled entity:
// calloff-performance~gala.
const CallOffCategory = "calloff"

// CallOffID identifies a cancellation: the category and the id of the cancelled entity.
type CallOffID string

// NewCallOffID returns the id of the cancellation of an entity.
func NewCallOffID(category, id string) CallOffID { return CallOffID(category + "~" + id) }

// CallOffStream returns the stream of a cancellation.
func CallOffStream(id CallOffID) StreamID { return NewStreamID(CallOffCategory, string(id)) }

// CallOffBegun records that a cancellation has begun. The entity's own stream records it next; then everything sold
// before that record is cancelled.
type CallOffBegun struct {
	// Of is the category of the cancelled entity, and ID its id.
	Of string `json:"of"`
	ID string `json:"id"`
	// Reason is for display.
	Reason string `json:"reason"`
}

func (*CallOffBegun) Name() string { return "calloff.begun.v1" }

// CallOffSwept records that everything held or sold before the cancellation is cancelled. Later sales, by servers that
// have not seen the cancellation yet, are cancelled as they are found.
type CallOffSwept struct {
	// Ended is the number of cancelled bookings, reservations or entries.
	Ended int64 `json:"ended"`
}

func (*CallOffSwept) Name() string { return "calloff.swept.v1" }

// PerformanceCancelled cancels a performance. It is a fence in the order of the log: anything held
// or booked after it is cancelled as soon as it is found.
type PerformanceCancelled struct {
	// Reason is for display.
	Reason string `json:"reason"`
}

func (*PerformanceCancelled) Name() string { return "performance.cancelled.v1" }

// BookingCancelled cancels a booking because its performance was cancelled. Its seats are released next, and the amount
// is refunded.
type BookingCancelled struct {
	// Was is the previous status: held, booked, expired, or released with a fee withheld.
	Was BookingStatus `json:"was"`
	// PaymentID is the payment that is refunded next, "" for none.
	PaymentID HoldID `json:"payment_id,omitempty"`
	// Amount is the refund in minor units: the price of the seats still booked, plus MadeUp.
	Amount int64 `json:"amount,omitempty"`
	// MadeUp is the sum of the fees withheld after the cancellation of the performance.
	MadeUp int64 `json:"made_up,omitempty"`
}

func (*BookingCancelled) Name() string { return "booking.cancelled.v1" }

// Holds reports one closed hold, if the booking was held.
func (f *BookingCancelled) Holds() (opened, closed int, earliest time.Time) {
	if f.Was == BookingIsHeld {
		closed = 1
	}
	return 0, closed, time.Time{}
}

// CallOffRefund returns the id of the refund that is owed from a payment because of a cancellation.
func CallOffRefund(payment HoldID) RefundID { return RefundID(payment + ".cancelled") }

// PaymentMadeUp records that a withheld fee is owed after all.
type PaymentMadeUp struct {
	RefundID RefundID    `json:"refund_id"`
	Cause    RefundCause `json:"cause"`
	Amount   int64       `json:"amount"`
}

func (*PaymentMadeUp) Name() string { return "payment.made_up.v1" }

// ProductCancelled cancels a product, as [PerformanceCancelled] does a performance. Reservations are decided in the
// same stream, so nothing is sold after it.
type ProductCancelled struct {
	// Reason is for display.
	Reason string `json:"reason"`
	// Remaining is the number of remaining units, which does not change.
	Remaining int64 `json:"remaining"`
}

func (*ProductCancelled) Name() string { return "product.cancelled.v1" }

// ProductReservationCancelled returns the units of a reservation because its product was cancelled.
type ProductReservationCancelled struct {
	ReservationID ReservationID `json:"reservation_id"`
	Holder        Holder        `json:"holder"`
	Quantity      int64         `json:"quantity"`
	// Was is the previous status: held or confirmed.
	Was ReservationStatus `json:"was"`
	// Remaining is the number of remaining units after this fact.
	Remaining int64 `json:"remaining"`
	// OrderRevision is the revision of the fact that states the order data, 0 for none.
	OrderRevision Revision `json:"order_revision,omitempty"`
	// Payment is the stream of the external payment for the reservation, whose whole amount is owed next; "" if
	// nothing was paid.
	Payment StreamID `json:"payment,omitempty"`
}

func (*ProductReservationCancelled) Name() string { return "product.reservation_cancelled.v1" }

// Holds reports one closed hold, if the units were held.
func (f *ProductReservationCancelled) Holds() (opened, closed int, earliest time.Time) {
	if f.Was == ReservationHeld {
		closed = 1
	}
	return 0, closed, time.Time{}
}

// TournamentCancelled cancels a tournament: it ends all entries, and no team can enter any more.
type TournamentCancelled struct {
	// Reason is for display.
	Reason string `json:"reason"`
	TournamentCounts
}

func (*TournamentCancelled) Name() string { return "tournament.cancelled.v1" }
