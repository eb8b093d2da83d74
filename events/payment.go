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

// PaymentStream is the stream of the payment with a provider's reference, of which only the hash is
// in the name.
func PaymentStream(provider Provider, reference string) StreamID {
	return NewStreamID(PaymentCategory, ofReference(provider, reference))
}

// SettlementStream is the stream that decides for which refund a provider's reference counts.
func SettlementStream(provider Provider, reference string) StreamID {
	return NewStreamID(SettlementCategory, ofReference(provider, reference))
}

func ofReference(provider Provider, reference string) string {
	sum := sha256.Sum256([]byte(reference))
	return string(provider) + "~" + hex.EncodeToString(sum[:])
}

// NewRefundID identifies an amount owed from a payment because of a fact: cause is its kind and about its subject, for
// example the seat.
func NewRefundID(payment StreamID, cause RefundCause, about string) RefundID {
	return RefundID(EventID("refund/"+string(payment)+"/"+string(cause)+"/"+about, 0).String())
}

// NewPaymentID returns the id of a booking's payment for an attempt's hold; number counts payments
// from 1. The first has the id of the hold.
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

// PaymentSubject is the purchase of a payment: a booking, or a reservation of a product.
type PaymentSubject struct {
	BookingID     BookingID     `json:"booking_id,omitempty"`
	ProductID     ProductID     `json:"product_id,omitempty"`
	ReservationID ReservationID `json:"reservation_id,omitempty"`
}

// Path is where the HTTP API has it.
func (p PaymentSubject) Path() string {
	if p.BookingID != "" {
		return "/v1/bookings/" + string(p.BookingID)
	}
	return "/v1/products/" + string(p.ProductID) + "/reservations/" + string(p.ReservationID)
}

// PaymentReceived records an external payment. All of it is open, to be applied or owed next. It is the first fact of a
// payment.
type PaymentReceived struct {
	Provider  Provider `json:"provider"`
	Reference string   `json:"reference"`
	// Amount in minor units of Currency, a code of ISO 4217.
	Amount   int64  `json:"amount"`
	Currency string `json:"currency"`
	// Expected is the price of its purchase, as of the hold, in ExpectedCurrency. A payment of
	// a different amount or currency is owed in full.
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
	// PaymentID is the payment of the booking, "" for a reservation.
	PaymentID HoldID `json:"payment_id,omitempty"`
}

func (*PaymentBooked) Name() string { return "payment.booked.v1" }

// RefundCause is the kind of the fact that made money owed.
type RefundCause string

// The causes.
const (
	// OwedLate: it was late, and the seats or units were no longer available.
	OwedLate RefundCause = "late"
	// OwedAlreadyPaid: another payment had paid for it.
	OwedAlreadyPaid RefundCause = "already_paid"
	// OwedReleased: the booking or reservation was released.
	OwedReleased RefundCause = "released"
	// OwedSeatReturned: one seat of the booking was returned.
	OwedSeatReturned RefundCause = "seat_returned"
	// OwedCancelled: the organiser cancelled it.
	OwedCancelled RefundCause = "cancelled"
	// OwedWrongSum: the amount or the currency was wrong.
	OwedWrongSum RefundCause = "wrong_sum"
)

// PaymentOwed records that the open amount is owed in full: it has paid for nothing.
type PaymentOwed struct {
	RefundID RefundID    `json:"refund_id"`
	Cause    RefundCause `json:"cause"`
	Amount   int64       `json:"amount"`
}

func (*PaymentOwed) Name() string { return "payment.owed.v1" }

// PaymentReturned records that something it paid for was released or returned: a part of the money is owed, the rest is
// withheld. A payment can have several.
type PaymentReturned struct {
	RefundID RefundID    `json:"refund_id"`
	Cause    RefundCause `json:"cause"`
	// Amount is owed, and Kept is the fee withheld. Either may be 0.
	Amount int64 `json:"amount"`
	Kept   int64 `json:"kept"`
}

func (*PaymentReturned) Name() string { return "payment.returned.v1" }

// PaymentRefunded records that an owed refund was paid externally.
type PaymentRefunded struct {
	RefundID RefundID `json:"refund_id"`
	Amount   int64    `json:"amount"`
	// Reference of the provider for the refund.
	Reference string `json:"reference"`
	// Reason is why an organiser settled it although the provider was requested to pay it, "" if it was not, or did.
	Reason string `json:"reason,omitempty"`
}

func (*PaymentRefunded) Name() string { return "payment.refunded.v1" }

// PaymentRefundAsked records that the provider is being requested to pay a refund. Until the outcome is recorded, it
// can't be settled otherwise, except by an organiser with a reason.
type PaymentRefundAsked struct {
	RefundID RefundID `json:"refund_id"`
}

func (*PaymentRefundAsked) Name() string { return "payment.refund_asked.v1" }

// RefundFailure is why a provider has not paid a refund.
type RefundFailure string

// The failures.
const (
	// RefundDeclined: it could not be paid, or was returned.
	RefundDeclined RefundFailure = "failed"
	// RefundCanceled: it was cancelled at the provider.
	RefundCanceled RefundFailure = "canceled"
	// RefundRefused: the provider refuses it.
	RefundRefused RefundFailure = "refused"
	// RefundForeign: the payment has refunds at the provider that are not in the log, so none is requested.
	RefundForeign RefundFailure = "other_refund"
	// RefundReference: the provider's reference has already settled a different refund.
	RefundReference RefundFailure = "reference_used"
)

// PaymentRefundFailed records that a provider did not pay a refund: it is owed, and is not requested again. It may be
// settled under a different reference.
type PaymentRefundFailed struct {
	RefundID RefundID      `json:"refund_id"`
	Failure  RefundFailure `json:"failure"`
	// Reference of the failed refund at the provider, "" for none.
	Reference string `json:"reference,omitempty"`
	// Amount that had been recorded as refunded and is owed again, else 0.
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
