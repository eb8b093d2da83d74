package payments

import (
	"context"
	"errors"
	"time"

	"admitone/events"
)

// Provider is an external payment provider. Its methods are safe for concurrent use. After an error
// other than the documented ones the outcome is unknown, and the call may be repeated safely.
type Provider interface {
	// Name returns the name of the provider in the log.
	Name() events.Provider
	// OpenPage creates a page on which a holder pays. It is idempotent for an intent. Error: a
	// [*Refused].
	OpenPage(ctx context.Context, page *Page) (Session, error)
	// ClosePage expires a page, so that nobody can pay on it any more. It is a no-op if the page has
	// expired or was paid.
	ClosePage(ctx context.Context, session string) error
	// Read authenticates and parses a report. header returns the value of a request header. Error:
	// [ErrForged].
	Read(header func(name string) string, body []byte) (Report, error)
	// Refunds returns all refunds that the provider has for a payment. Error: a [*Refused] for an
	// unknown payment.
	Refunds(ctx context.Context, payment string) ([]Refund, error)
	// Refund refunds a part of a payment and stores the refund's id with it. It is idempotent for a
	// day. Error: a [*Refused].
	Refund(ctx context.Context, order *RefundOrder) (Refund, error)
}

// Page is the content of a provider's page.
type Page struct {
	Booking events.BookingID
	Intent  events.IntentID
	events.Checkout
	// Amount in minor units of Currency, a code of ISO 4217.
	Amount   int64
	Currency string
	// ExpiresAt is when the page expires, in whole seconds.
	ExpiresAt time.Time
}

// Session is a page at the provider.
type Session struct{ ID, URL string }

// Report is a webhook of a provider. At most one of the pointers is set.
type Report struct {
	// ID is the provider's id of the report.
	ID     string
	Paid   *Paid
	Ended  *Ended
	Refund *Refund
}

// Paid reports that a payment was received.
type Paid struct {
	Booking events.BookingID
	// Reference of the payment.
	Reference string
	Amount    int64
	Currency  string
}

// Ended reports that a page has expired without a payment.
type Ended struct {
	Booking events.BookingID
	Intent  events.IntentID
}

// RefundStatus is the status of a refund at a provider.
type RefundStatus string

// The known statuses. All others are treated as pending.
const (
	RefundPending   RefundStatus = "pending"
	RefundSucceeded RefundStatus = "succeeded"
	RefundFailed    RefundStatus = "failed"
	RefundCanceled  RefundStatus = "canceled"
)

// isFinal reports whether the provider has finished the refund, successfully or not.
func (s RefundStatus) isFinal() bool {
	return s == RefundSucceeded || s == RefundFailed || s == RefundCanceled
}

// Refund is a refund at a provider.
type Refund struct {
	// Payment is the reference of the payment, and Reference the refund's.
	Payment, Reference string
	// ID is the id under which this log requested it, "" if it did not.
	ID     events.RefundID
	Status RefundStatus
}

// RefundOrder is a request to a provider for a refund.
type RefundOrder struct {
	ID      events.RefundID
	Payment string
	// Amount in minor units of the payment's currency.
	Amount int64
}

// Refused is a permanent refusal of the provider: repeating the request does not help.
type Refused struct {
	// Field is the invalid field of the request, "" if the fault is not in the request.
	Field  string
	Detail string
}

// Error implements error.
func (r *Refused) Error() string { return "the provider refused: " + r.Detail }

// ErrForged is returned for a report whose signature is missing, wrong or too old.
var ErrForged = errors.New("the report is not signed by the provider")

// ErrUnavailable is returned when the provider has not answered. The request may be repeated safely.
var ErrUnavailable = errors.New("the payment provider does not answer")
