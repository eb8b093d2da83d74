package events

import "time"

// Cancellation is a rule for giving back what is paid. A performance or a fact that states none has the
// zero one.
type Cancellation struct {
	// RefundPercent is how much of the price is refunded, from 0 to 100; the rest is kept.
	RefundPercent int64 `json:"refund_percent"`
	// Until is the first moment at which nothing can be given back any more, zero if that is only when
	// the show starts.
	Until time.Time `json:"until,omitzero"`
}

// DefaultCancellation is the rule of a performance that states none: until the show starts, in full.
var DefaultCancellation = Cancellation{RefundPercent: 100}

// IsZero reports whether it is no rule. What was sold without one can be given back without end.
func (c Cancellation) IsZero() bool { return c.Until.IsZero() && c.RefundPercent == 0 }

// Equal reports whether both are the same rule.
func (c Cancellation) Equal(other Cancellation) bool {
	return c.Until.Equal(other.Until) && c.RefundPercent == other.RefundPercent
}

// Closes returns from when on nothing can be given back for a show that starts at a time; zero if
// that is never.
func (c Cancellation) Closes(startsAt time.Time) time.Time {
	switch {
	case c.IsZero():
		return time.Time{}
	case c.Until.IsZero() || startsAt.Before(c.Until):
		return startsAt
	}
	return c.Until
}

// Refund returns what is refunded of a price, rounded up.
func (c Cancellation) Refund(price int64) int64 {
	if c.IsZero() {
		return price
	}
	return (price*c.RefundPercent + 99) / 100
}

// RefundID identifies one refund of a payment.
type RefundID string

// ReleaseRefund identifies the refund of a payment that the release of its booking made owed.
func ReleaseRefund(payment HoldID) RefundID { return RefundID(payment + ".released") }
