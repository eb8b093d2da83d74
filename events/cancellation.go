package events

import "time"

// Cancellation is a cancellation policy: the rule for refunds of a performance or product, or of a fact. The zero value
// is the default.
type Cancellation struct {
	// RefundPercent of the price is refunded, from 0 to 100; the rest is withheld as a fee.
	RefundPercent int64 `json:"refund_percent"`
	// Until is when releases end; zero for the start of the performance.
	Until time.Time `json:"until,omitzero"`
}

// DefaultCancellation is the rule of a performance that states none: until the show starts, in full.
var DefaultCancellation = Cancellation{RefundPercent: 100}

// IsZero reports whether it is the default: full refunds without a deadline.
func (c Cancellation) IsZero() bool { return c.Until.IsZero() && c.RefundPercent == 0 }

// Equal reports whether both are the same rule.
func (c Cancellation) Equal(other Cancellation) bool {
	return c.Until.Equal(other.Until) && c.RefundPercent == other.RefundPercent
}

// Ends returns when releases end for an entity that has no start; zero for never.
func (c Cancellation) Ends() time.Time { return c.Until }

// Closes returns when releases end for a performance with that start; zero for never.
func (c Cancellation) Closes(startsAt time.Time) time.Time {
	switch {
	case c.IsZero():
		return time.Time{}
	case c.Until.IsZero() || startsAt.Before(c.Until):
		return startsAt
	}
	return c.Until
}

// Refund returns the refund for a price, rounded up.
func (c Cancellation) Refund(price int64) int64 {
	if c.IsZero() {
		return price
	}
	return (price*c.RefundPercent + 99) / 100
}

// RefundID identifies one refund of a payment.
type RefundID string

// ReleaseRefund identifies the refund of a payment that is owed because of the release of its booking.
func ReleaseRefund(payment HoldID) RefundID { return RefundID(payment + ".released") }
