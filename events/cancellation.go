package events

import "time"

// Cancellation is the cancellation policy of a performance, a product or a sale. The zero value means that none is
// stated: a performance then has [DefaultCancellation]; anything else is refunded in full, without a deadline.
type Cancellation struct {
	// RefundPercent is the part of the price that is refunded, from 0 to 100; the rest is withheld as a fee.
	RefundPercent int64 `json:"refund_percent"`
	// Until is the deadline for releases, zero for the start of the performance.
	Until time.Time `json:"until,omitzero"`
}

// DefaultCancellation is the policy of a performance that states none: full refunds until it starts.
var DefaultCancellation = Cancellation{RefundPercent: 100}

// IsZero reports whether no policy is stated.
func (c Cancellation) IsZero() bool { return c.Until.IsZero() && c.RefundPercent == 0 }

// Equal reports whether both policies are the same.
func (c Cancellation) Equal(other Cancellation) bool {
	return c.Until.Equal(other.Until) && c.RefundPercent == other.RefundPercent
}

// Ends returns the deadline for releases of an entity that has no start, zero for none.
func (c Cancellation) Ends() time.Time { return c.Until }

// Closes returns the deadline for releases of a performance that starts at startsAt, zero for none.
func (c Cancellation) Closes(startsAt time.Time) time.Time {
	switch {
	case c.IsZero():
		return time.Time{}
	case c.Until.IsZero() || startsAt.Before(c.Until):
		return startsAt
	}
	return c.Until
}

// Refund returns the refund for a price, rounded up to a minor unit.
func (c Cancellation) Refund(price int64) int64 {
	if c.IsZero() {
		return price
	}
	return (price*c.RefundPercent + 99) / 100
}

// RefundID identifies one refund of a payment.
type RefundID string

// ReleaseRefund returns the id of the refund that is owed from a payment for the release of its booking.
func ReleaseRefund(payment HoldID) RefundID { return RefundID(payment + ".released") }
