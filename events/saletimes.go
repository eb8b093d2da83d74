package events

import "time"

// SaleTimes are the opening and closing times of a sale, embedded in the facts that state them. The sale includes
// OpensAt and excludes ClosesAt. A zero time sets no bound.
type SaleTimes struct {
	OpensAt  time.Time `json:"opens_at,omitzero"`
	ClosesAt time.Time `json:"closes_at,omitzero"`
}

// Equal reports whether t and other have equal bounds.
func (t SaleTimes) Equal(other SaleTimes) bool {
	return t.OpensAt.Equal(other.OpensAt) && t.ClosesAt.Equal(other.ClosesAt)
}

// IsZero reports whether the sale has no bounds.
func (t SaleTimes) IsZero() bool { return t.OpensAt.IsZero() && t.ClosesAt.IsZero() }

// Ordered reports whether the sale opens before it closes, or lacks a bound.
func (t SaleTimes) Ordered() bool {
	return t.OpensAt.IsZero() || t.ClosesAt.IsZero() || t.OpensAt.Before(t.ClosesAt)
}

// AppendSaleTimes adds the bounds that are not zero as JSON members.
func (t SaleTimes) AppendSaleTimes(o *Object) {
	if !t.OpensAt.IsZero() {
		o.Time("opens_at", t.OpensAt)
	}
	if !t.ClosesAt.IsZero() {
		o.Time("closes_at", t.ClosesAt)
	}
}

// Within reports whether the sale is open at a time.
func (t SaleTimes) Within(at time.Time) bool { return !t.Opens(at) && !t.Closed(at) }

// Opens reports whether the sale has yet to open at a time.
func (t SaleTimes) Opens(at time.Time) bool { return at.Before(t.OpensAt) }

// Closed reports whether the sale has closed at a time.
func (t SaleTimes) Closed(at time.Time) bool { return !t.ClosesAt.IsZero() && !at.Before(t.ClosesAt) }

// After returns the bounds that are after a time. A bound that is not becomes zero.
func (t SaleTimes) After(at time.Time) SaleTimes {
	if !t.OpensAt.After(at) {
		t.OpensAt = time.Time{}
	}
	if !t.ClosesAt.After(at) {
		t.ClosesAt = time.Time{}
	}
	return t
}

// Next returns the earliest bound, zero for none.
func (t SaleTimes) Next() time.Time {
	if t.OpensAt.IsZero() || !t.ClosesAt.IsZero() && t.ClosesAt.Before(t.OpensAt) {
		return t.ClosesAt
	}
	return t.OpensAt
}

// Scheduled is implemented by facts that state the bounds of a sale, or record that one of them has
// been reached. The deadline index folds them for every kind of entity.
//
// A bound that has already been reached when a fact states it is recorded in the same append. Others are
// recorded when they are reached.
type Scheduled interface {
	Fact
	// Schedule returns the bounds. If reached is true, the fact records that the non-zero bounds have been
	// reached; otherwise times replaces all earlier bounds.
	Schedule() (times SaleTimes, reached bool)
}
