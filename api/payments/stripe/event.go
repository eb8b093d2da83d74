package stripe

import (
	"encoding/json"
	"strings"
	"time"

	"admitone/api/payments"
	"admitone/events"
)

// event has the members of an event that are used.
type event struct {
	ID   string `json:"id"`
	Type string `json:"type"`
	Data struct {
		Object json.RawMessage `json:"object"`
	} `json:"data"`
}

// session has the members of a Checkout session that are used.
type session struct {
	Metadata      map[string]string `json:"metadata"`
	PaymentStatus string            `json:"payment_status"`
	AmountTotal   int64             `json:"amount_total"`
	Currency      string            `json:"currency"`
	PaymentIntent reference         `json:"payment_intent"`
}

// refund has the members of a refund that are used.
type refund struct {
	ID            string                `json:"id"`
	Metadata      map[string]string     `json:"metadata"`
	PaymentIntent reference             `json:"payment_intent"`
	Status        payments.RefundStatus `json:"status"`
}

// reference is the id of an object, which an event may contain as the id or as the whole object.
type reference string

// UnmarshalJSON implements [json.Unmarshaler].
func (r *reference) UnmarshalJSON(text []byte) error {
	if len(text) > 0 && text[0] == '{' {
		var object struct {
			ID string `json:"id"`
		}
		err := json.Unmarshal(text, &object)
		*r = reference(object.ID)
		return err
	}
	return json.Unmarshal(text, (*string)(r))
}

// Read implements [payments.Provider]. A signature is valid for five minutes.
func (p *Provider) Read(header func(name string) string, body []byte) (payments.Report, error) {
	if !validSignature(header(headerSignature), body, p.secret, time.Now()) {
		return payments.Report{}, payments.ErrForged
	}
	var e event
	if json.Unmarshal(body, &e) != nil {
		return payments.Report{}, nil // authentic, but not a JSON event
	}
	report := payments.Report{ID: e.ID}
	switch e.Type {
	case "checkout.session.completed", "checkout.session.async_payment_succeeded":
		report.Paid = parsePaid(e.Data.Object)
	case "checkout.session.expired":
		report.Ended = parseEnded(e.Data.Object)
	case "refund.created", "refund.updated", "refund.failed", "charge.refund.updated":
		report.Refund = parseRefund(e.Data.Object)
	}
	return report, nil
}

// parsePaid returns the payment of a Checkout session, nil if the session is unpaid or not ours.
func parsePaid(object json.RawMessage) *payments.Paid {
	var s session
	if json.Unmarshal(object, &s) != nil || s.PaymentStatus != "paid" || s.Metadata[metadataBooking] == "" ||
		s.PaymentIntent == "" {
		return nil
	}
	return &payments.Paid{Booking: events.BookingID(s.Metadata[metadataBooking]), Reference: string(s.PaymentIntent),
		Amount: s.AmountTotal, Currency: strings.ToUpper(s.Currency)}
}

// parseEnded returns the end of a Checkout session, nil if the session is not ours.
func parseEnded(object json.RawMessage) *payments.Ended {
	var s session
	if json.Unmarshal(object, &s) != nil || s.Metadata[metadataBooking] == "" {
		return nil
	}
	return &payments.Ended{Booking: events.BookingID(s.Metadata[metadataBooking]),
		Intent: events.IntentID(s.Metadata[metadataIntent])}
}

// parseRefund returns a refund, nil if object is none.
func parseRefund(object json.RawMessage) *payments.Refund {
	var r refund
	if json.Unmarshal(object, &r) != nil {
		return nil
	}
	converted := r.toRefund(string(r.PaymentIntent))
	return &converted
}

// toRefund converts a refund of a payment.
func (r *refund) toRefund(payment string) payments.Refund {
	return payments.Refund{Payment: payment, Reference: r.ID, ID: events.RefundID(r.Metadata[metadataRefund]),
		Status: r.Status}
}
