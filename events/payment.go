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
	register[SettlementClaimed]()
}

// Provider names who takes money outside: 1 to 32 of a-z 0-9 _ -.
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

// NewRefundID identifies what is owed of a payment because of a fact, of which cause and about are
// the kind and what it is about: the seat, for example.
func NewRefundID(payment StreamID, cause RefundCause, about string) RefundID {
	return RefundID(EventID("refund/"+string(payment)+"/"+string(cause)+"/"+about, 0).String())
}

// NewPaymentID identifies the payment of a booking with a number, counted from 1, for what an
// attempt holds. The first has the id of the hold.
func NewPaymentID(hold HoldID, number int64) HoldID {
	if number <= 1 {
		return hold
	}
	return HoldID(string(hold) + "~" + strconv.FormatInt(number, 10))
}

// HoldOfPayment is the hold that a payment is for, of an id that [NewPaymentID] made.
func HoldOfPayment(paymentID HoldID) HoldID {
	hold, _, _ := strings.Cut(string(paymentID), "~")
	return HoldID(hold)
}

// PaidThing is what a payment is for: a booking, or a reservation of a product.
type PaidThing struct {
	BookingID     BookingID     `json:"booking_id,omitempty"`
	ProductID     ProductID     `json:"product_id,omitempty"`
	ReservationID ReservationID `json:"reservation_id,omitempty"`
}

// Path is where the HTTP API has it.
func (p PaidThing) Path() string {
	if p.BookingID != "" {
		return "/v1/bookings/" + string(p.BookingID)
	}
	return "/v1/products/" + string(p.ProductID) + "/reservations/" + string(p.ReservationID)
}

// PaymentReceived records money that came in outside, and announces that it is applied or owed: all
// of it is open. It is the first fact of a payment.
type PaymentReceived struct {
	Provider  Provider `json:"provider"`
	Reference string   `json:"reference"`
	// Amount in minor units of Currency, a code of ISO 4217.
	Amount   int64  `json:"amount"`
	Currency string `json:"currency"`
	// Expected is the price of what it is for as it was held, in ExpectedCurrency. Another sum or
	// currency is owed, all of it.
	Expected         int64  `json:"expected"`
	ExpectedCurrency string `json:"expected_currency"`
	PaidThing
}

func (*PaymentReceived) Name() string { return "payment.received.v1" }

// Wrong reports whether the sum or the currency is not that of what it is for.
func (f *PaymentReceived) Wrong() bool {
	return f.Amount != f.Expected || f.Currency != f.ExpectedCurrency
}

// PaymentBooked says that what was open has paid for what it is for.
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
	// OwedLate: it came too late, and what it is for could not be had again.
	OwedLate RefundCause = "late"
	// OwedAlreadyPaid: another payment had paid for it.
	OwedAlreadyPaid RefundCause = "already_paid"
	// OwedReleased: it was given back.
	OwedReleased RefundCause = "released"
	// OwedSeatReturned: one seat of it was given back.
	OwedSeatReturned RefundCause = "seat_returned"
	// OwedCancelled: it was called off.
	OwedCancelled RefundCause = "cancelled"
	// OwedWrongSum: the sum or the currency was another one.
	OwedWrongSum RefundCause = "wrong_sum"
)

// PaymentOwed says that what was open is owed, all of it: nothing was paid with it.
type PaymentOwed struct {
	RefundID RefundID    `json:"refund_id"`
	Cause    RefundCause `json:"cause"`
	Amount   int64       `json:"amount"`
}

func (*PaymentOwed) Name() string { return "payment.owed.v1" }

// PaymentReturned says that something which was paid for was given back: a part of the money is owed,
// the rest is kept. They may be several for one payment.
type PaymentReturned struct {
	RefundID RefundID    `json:"refund_id"`
	Cause    RefundCause `json:"cause"`
	// Amount that is owed, and Kept. One of them may be 0.
	Amount int64 `json:"amount"`
	Kept   int64 `json:"kept"`
}

func (*PaymentReturned) Name() string { return "payment.returned.v1" }

// PaymentRefunded says that what was owed under a refund has been paid back outside.
type PaymentRefunded struct {
	RefundID RefundID `json:"refund_id"`
	Amount   int64    `json:"amount"`
	// Reference of the provider for the refund.
	Reference string `json:"reference"`
}

func (*PaymentRefunded) Name() string { return "payment.refunded.v1" }

// SettlementClaimed says for which refund a provider's reference counts. It is the only fact of its
// stream.
type SettlementClaimed struct {
	Provider  Provider `json:"provider"`
	Reference string   `json:"reference"`
	RefundID  RefundID `json:"refund_id"`
}

func (*SettlementClaimed) Name() string { return "settlement.claimed.v1" }
