package events

import "time"

func init() {
	register[BookingAbandoned]()
	register[BookingHeld]()
	register[BookingExtended]()
	register[BookingExpired]()
	register[BookingPaymentStarted]()
	register[BookingRetaken]()
	register[BookingBooked]()
	register[BookingPaymentFailed]()
	register[BookingReleased]()
	register[BookingRefunded]()
	register[BookingPaymentDelayed]()
}

// BookingStatus is the status of a booking.
type BookingStatus string

// The statuses of a booking. No deadline applies while a booking is paying.
const (
	BookingIsHeld     BookingStatus = "held"
	BookingIsAwaiting BookingStatus = "awaiting_payment"
	BookingIsPaying   BookingStatus = "paying"
	BookingIsBooked   BookingStatus = "booked"
	BookingIsReleased BookingStatus = "released"
	BookingIsExpired  BookingStatus = "expired"
	// BookingIsCancelled: its performance was cancelled.
	BookingIsCancelled BookingStatus = "cancelled"
)

// BookedSeat is one seat of a booking.
type BookedSeat struct {
	// Seat is the seat's name in the performance.
	Seat SeatName `json:"seat"`
	// Price is in minor units of the currency.
	Price int64 `json:"price"`
	// PriceType is the price type that is paid, "" if the seat's category has a single price without a type.
	PriceType string `json:"price_type,omitempty"`
}

// BookedPlaces are places of an area in a booking, at one price.
type BookedPlaces struct {
	Area AreaID `json:"area"`
	// First is the number of the first place. Within a booking the places of each area are numbered from 1,
	// and no number is used again.
	First    int64 `json:"first"`
	Quantity int64 `json:"quantity"`
	// PriceType is as in [BookedSeat].
	PriceType string `json:"price_type,omitempty"`
	// Price is the price of one place, in minor units of the currency.
	Price int64 `json:"price"`
}

// BookingAbandoned closes an attempt that did not lead to a held booking: everything that the attempt
// holds is released next, and no BookingHeld follows for it. Attempts are closed in order, so the nth event
// of a booking that was never held closes its nth attempt.
type BookingAbandoned struct {
	BookingID     BookingID     `json:"booking_id"`
	PerformanceID PerformanceID `json:"performance_id"`
	Holder        Holder        `json:"holder"`
	// Attempt is the number of the attempt in its hold's id; see [NewHoldID].
	Attempt int64 `json:"attempt"`
}

func (*BookingAbandoned) Name() string { return "booking.abandoned.v1" }

// BookingHeld records a booking whose seats and places are all held.
type BookingHeld struct {
	BookingID     BookingID     `json:"booking_id"`
	PerformanceID PerformanceID `json:"performance_id"`
	Holder        Holder        `json:"holder"`
	// Seats in the order in which they were held.
	Seats []BookedSeat `json:"seats"`
	// Areas has the booking's places in areas, nil if there are none.
	Areas []BookedPlaces `json:"areas,omitzero"`
	// Amount is the sum of the prices.
	Amount int64 `json:"amount"`
	// ExpiresAt is the deadline for the payment.
	ExpiresAt time.Time `json:"expires_at"`
	// ExtendableUntil is the latest deadline that an extension can set.
	ExtendableUntil time.Time `json:"extendable_until"`
	// Attempt is as in [BookingAbandoned]: 1, or one more than the last abandoned attempt.
	Attempt int64 `json:"attempt"`
	// SaleTerms are the terms on which the booking was decided.
	SaleTerms
	// Cancellation is the cancellation policy. Older bookings have none: they are refunded in full at any time.
	Cancellation Cancellation `json:"cancellation,omitzero"`
	OrderData
	// Label is the label of the blocked seats that the booking may take, "" for none.
	Label BlockLabel `json:"label,omitempty"`
}

func (*BookingHeld) Name() string { return "booking.held.v1" }

// Holds reports one opened hold.
func (f *BookingHeld) Holds() (opened, closed int, earliest time.Time) { return 1, 0, f.ExpiresAt }

// BookingExtended moves the booking's deadline, at most once.
type BookingExtended struct {
	ExpiresAt time.Time `json:"expires_at"`
}

func (*BookingExtended) Name() string { return "booking.extended.v1" }

// Holds reports that one hold replaced another.
func (f *BookingExtended) Holds() (opened, closed int, earliest time.Time) {
	return 1, 1, f.ExpiresAt
}

// BookingExpired ends a booking that was not paid in time. Its seats are released next; a late
// payment may still take them again.
type BookingExpired struct {
	ExpiresAt time.Time `json:"expires_at"`
}

func (*BookingExpired) Name() string { return "booking.expired.v1" }

// Holds reports one closed hold.
func (*BookingExpired) Holds() (opened, closed int, earliest time.Time) { return 0, 1, time.Time{} }

// BookingPaymentStarted records that a payment has begun. Until the payment succeeds or fails, the
// booking can neither expire nor be released.
type BookingPaymentStarted struct {
	// PaymentID identifies the payment; see [NewPaymentID]. Older facts have the id of the hold, even if
	// an earlier payment with the same id had failed for lack of money.
	PaymentID HoldID `json:"payment_id"`
	Amount    int64  `json:"amount"`
	Attempt   int64  `json:"attempt"`
	// Was is the previous status: held, awaiting_payment, or expired for a late payment, which must take
	// the seats again.
	Was BookingStatus `json:"was"`
	// SaleTerms are the terms on which a late payment was decided, zero for a payment in time.
	SaleTerms
	// Payment is the stream of the external payment, "" if the wallet is debited.
	Payment StreamID `json:"payment,omitempty"`
}

func (*BookingPaymentStarted) Name() string { return "booking.payment_started.v1" }

// Holds reports one closed hold, if the booking was held.
func (f *BookingPaymentStarted) Holds() (opened, closed int, earliest time.Time) {
	if f.Was == BookingIsHeld || f.Was == BookingIsAwaiting {
		closed = 1
	}
	return 0, closed, time.Time{}
}

// BookingRetaken records that a late payment has taken every seat again.
type BookingRetaken struct {
	Attempt int64 `json:"attempt"`
	// ExpiresAt is the earliest of the seats' deadlines.
	ExpiresAt time.Time `json:"expires_at"`
}

func (*BookingRetaken) Name() string { return "booking.retaken.v1" }

// BookingBooked ends a payment: the money is taken and every seat is booked.
type BookingBooked struct {
	PaymentID HoldID `json:"payment_id"`
	Amount    int64  `json:"amount"`
	// Payment is as in [BookingPaymentStarted].
	Payment StreamID `json:"payment,omitempty"`
}

func (*BookingBooked) Name() string { return "booking.booked.v1" }

// FailReason is why a payment failed. It is also the refusal code of the answer to the payer.
type FailReason string

// The reasons.
const (
	// FailedBalance: the balance of the wallet is too low.
	FailedBalance FailReason = "insufficient_balance"
	// FailedLate: the booking had expired, and its seats were no longer available.
	FailedLate FailReason = "hold_expired"
	// FailedSale: the booking had expired, and the sale was not open.
	FailedSale FailReason = "sale_closed"
	// FailedSoldOut: the reservation had expired, and too few units were left.
	FailedSoldOut FailReason = "sold_out"
	// FailedLimit: the booking had expired, and the holder had since taken other seats up to the limit.
	FailedLimit FailReason = "limit_exceeded"
)

// BookingPaymentFailed ends a payment without a booking. Nothing is debited, or the debit has
// already been refunded, and no seat remains booked. A booking within its deadline is held again;
// the remaining seats of an expired one are released next.
type BookingPaymentFailed struct {
	PaymentID HoldID     `json:"payment_id"`
	Reason    FailReason `json:"reason"`
	// Status is the new status: held or expired.
	Status BookingStatus `json:"status"`
	// ExpiresAt is the booking's deadline.
	ExpiresAt time.Time `json:"expires_at"`
	// Payment is as in [BookingPaymentStarted]; its money is owed next.
	Payment StreamID `json:"payment,omitempty"`
}

func (*BookingPaymentFailed) Name() string { return "booking.payment_failed.v1" }

// Holds reports one opened hold, if the booking is held again.
func (f *BookingPaymentFailed) Holds() (opened, closed int, earliest time.Time) {
	if f.Status == BookingIsHeld {
		return 1, 0, f.ExpiresAt
	}
	return 0, 0, time.Time{}
}

// BookingPaymentDelayed records that the seat holds expired before an external payment that arrived in time could book
// them; it continues as a late payment, under the next attempt.
type BookingPaymentDelayed struct {
	PaymentID HoldID `json:"payment_id"`
	Attempt   int64  `json:"attempt"`
}

func (*BookingPaymentDelayed) Name() string { return "booking.payment_delayed.v1" }

// BookingReleased records that the holder, or the organiser with a reason, cancelled the booking. Its seats
// are released next, and a paid booking is refunded.
type BookingReleased struct {
	// Was is the previous status: held or booked.
	Was BookingStatus `json:"was"`
	// RefundID is the payment that is refunded next, "" if nothing was paid.
	RefundID HoldID `json:"refund_id"`
	// Kept is the cancellation fee withheld, in minor units.
	Kept int64 `json:"kept,omitempty"`
	// Terms is the revision of the performance's edit that set the start of the performance, 0 for its creation.
	Terms Revision `json:"terms,omitempty"`
	// Reason is why the organiser released the booking regardless of the policy's deadline, "" for a release by
	// the holder.
	Reason string `json:"reason,omitempty"`
}

func (*BookingReleased) Name() string { return "booking.released.v1" }

// Holds reports one closed hold, if the booking was held.
func (f *BookingReleased) Holds() (opened, closed int, earliest time.Time) {
	if f.Was == BookingIsHeld {
		closed = 1
	}
	return 0, closed, time.Time{}
}

// BookingRefunded records that the release of a paid booking is complete: all money that is not withheld
// is refunded, and every seat is released.
type BookingRefunded struct {
	PaymentID HoldID `json:"payment_id"`
	Amount    int64  `json:"amount"`
}

func (*BookingRefunded) Name() string { return "booking.refunded.v1" }
