package events

import (
	"crypto/sha256"
	"encoding/hex"
	"strconv"
	"strings"
)

func init() {
	register[PaymentReceived]()
	register[PaymentBooked]()
	register[PaymentOwed]()
	register[PaymentReturned]()
	register[PaymentRefunded]()
	register[PaymentRefundAsked]()
	register[PaymentRefundFailed]()
	register[SettlementClaimed]()
}

// Provider names an external payment provider: 1 to 32 of a-z 0-9 _ -.
type Provider string

// PaymentStream returns the stream of the payment with a provider's reference. Its name contains only a hash
// of the reference.
func PaymentStream(provider Provider, reference string) StreamID {
	return NewStreamID(PaymentCategory, referenceID(provider, reference))
}

// SettlementStream returns the stream that decides which refund a provider's reference settles.
func SettlementStream(provider Provider, reference string) StreamID {
	return NewStreamID(SettlementCategory, referenceID(provider, reference))
}

func referenceID(provider Provider, reference string) string {
	sum := sha256.Sum256([]byte(reference))
	return string(provider) + "~" + hex.EncodeToString(sum[:])
}

// NewRefundID returns the id of an amount owed from a payment; cause is why it is owed, and about the subject of the
// cause, for example a seat.
func NewRefundID(payment StreamID, cause RefundCause, about string) RefundID {
	return RefundID(EventID("refund/"+string(payment)+"/"+string(cause)+"/"+about, 0).String())
}

// NewPaymentID returns the id of a booking's payment for an attempt's hold; number counts the payments of
// the hold from 1. The first has the id of the hold.
func NewPaymentID(hold HoldID, number int64) HoldID {
	if number <= 1 {
		return hold
	}
	return HoldID(string(hold) + "~" + strconv.FormatInt(number, 10))
}

// HoldOfPayment returns the hold of an id made by [NewPaymentID].
func HoldOfPayment(paymentID HoldID) HoldID {
	hold, _, _ := strings.Cut(string(paymentID), "~")
	return HoldID(hold)
}

// PaymentSubject is what a payment is for: a booking, or a reservation of a product.
type PaymentSubject struct {
	BookingID     BookingID     `json:"booking_id,omitempty"`
	ProductID     ProductID     `json:"product_id,omitempty"`
	ReservationID ReservationID `json:"reservation_id,omitempty"`
}

// Path returns its path in the HTTP API.
func (p PaymentSubject) Path() string {
	if p.BookingID != "" {
		return "/v1/bookings/" + string(p.BookingID)
	}
	return "/v1/products/" + string(p.ProductID) + "/reservations/" + string(p.ReservationID)
}

// PaymentReceived records an external payment. Its whole amount is open, to be applied or owed next. It is the first
// fact of a payment's stream.
type PaymentReceived struct {
	Provider  Provider `json:"provider"`
	Reference string   `json:"reference"`
	// Amount is in minor units of Currency, an ISO 4217 code.
	Amount   int64  `json:"amount"`
	Currency string `json:"currency"`
	// Expected is the price of the purchase when it was held, in ExpectedCurrency. A payment of a different
	// amount or currency is owed in full.
	Expected         int64  `json:"expected"`
	ExpectedCurrency string `json:"expected_currency"`
	PaymentSubject
}

func (*PaymentReceived) Name() string { return "payment.received.v1" }

// Wrong reports whether the amount or the currency differs from the expected one.
func (f *PaymentReceived) Wrong() bool {
	return f.Amount != f.Expected || f.Currency != f.ExpectedCurrency
}

// PaymentBooked records that the open amount has paid for its purchase.
type PaymentBooked struct {
	Amount int64 `json:"amount"`
	// PaymentID is the id of the booking's payment, "" for a reservation.
	PaymentID HoldID `json:"payment_id,omitempty"`
}

func (*PaymentBooked) Name() string { return "payment.booked.v1" }

// RefundCause is why money is owed.
type RefundCause string

// The causes.
const (
	// OwedLate: the payment was late, and the seats or units were no longer available.
	OwedLate RefundCause = "late"
	// OwedAlreadyPaid: another payment had already paid for the purchase.
	OwedAlreadyPaid RefundCause = "already_paid"
	// OwedReleased: the booking or reservation was released.
	OwedReleased RefundCause = "released"
	// OwedSeatReturned: one seat of the booking was returned.
	OwedSeatReturned RefundCause = "seat_returned"
	// OwedCancelled: the organiser cancelled the performance or product.
	OwedCancelled RefundCause = "cancelled"
	// OwedWrongSum: the amount or the currency was wrong.
	OwedWrongSum RefundCause = "wrong_sum"
)

// PaymentOwed records that the whole open amount is owed: it has paid for nothing.
type PaymentOwed struct {
	RefundID RefundID    `json:"refund_id"`
	Cause    RefundCause `json:"cause"`
	Amount   int64       `json:"amount"`
}

func (*PaymentOwed) Name() string { return "payment.owed.v1" }

// PaymentReturned records that some of what was paid for was released or returned: a part of its price is owed, the
// rest is withheld. A payment can have several.
type PaymentReturned struct {
	RefundID RefundID    `json:"refund_id"`
	Cause    RefundCause `json:"cause"`
	// Amount is the amount owed, and Kept the fee withheld. Either may be 0.
	Amount int64 `json:"amount"`
	Kept   int64 `json:"kept"`
}

func (*PaymentReturned) Name() string { return "payment.returned.v1" }

// PaymentRefunded records that an owed refund was paid externally.
type PaymentRefunded struct {
	RefundID RefundID `json:"refund_id"`
	Amount   int64    `json:"amount"`
	// Reference is the provider's reference of the refund.
	Reference string `json:"reference"`
	// Reason is why an organiser settled the refund although the provider had been requested to pay it, "" in all
	// other cases.
	Reason string `json:"reason,omitempty"`
}

func (*PaymentRefunded) Name() string { return "payment.refunded.v1" }

// PaymentRefundAsked records that the provider is about to be requested to pay a refund. Until the outcome is recorded,
// only an organiser with a reason can settle the refund by other means.
type PaymentRefundAsked struct {
	RefundID RefundID `json:"refund_id"`
}

func (*PaymentRefundAsked) Name() string { return "payment.refund_asked.v1" }

// RefundFailure is why a provider has not paid a refund.
type RefundFailure string

// The failures.
const (
	// RefundDeclined: the refund could not be paid, or was returned.
	RefundDeclined RefundFailure = "failed"
	// RefundCanceled: the refund was cancelled at the provider.
	RefundCanceled RefundFailure = "canceled"
	// RefundRefused: the provider refused the request.
	RefundRefused RefundFailure = "refused"
	// RefundForeign: the payment has refunds at the provider that are not in the log. Nothing was requested.
	RefundForeign RefundFailure = "other_refund"
	// RefundReference: the provider's reference has already settled another refund.
	RefundReference RefundFailure = "reference_used"
)

// PaymentRefundFailed records that a provider did not pay a refund. It remains owed and is not requested again, but
// may be settled under a different reference.
type PaymentRefundFailed struct {
	RefundID RefundID      `json:"refund_id"`
	Failure  RefundFailure `json:"failure"`
	// Reference is the provider's reference of the failed refund, "" for none.
	Reference string `json:"reference,omitempty"`
	// Amount is the amount that had been recorded as refunded and is owed again, 0 for none.
	Amount int64 `json:"amount,omitzero"`
}

func (*PaymentRefundFailed) Name() string { return "payment.refund_failed.v1" }

// SettlementClaimed assigns a provider's reference to a refund. It is the only fact of its stream.
type SettlementClaimed struct {
	Provider  Provider `json:"provider"`
	Reference string   `json:"reference"`
	RefundID  RefundID `json:"refund_id"`
}

func (*SettlementClaimed) Name() string { return "settlement.claimed.v1" }
