package events

import "time"

// SaleTimes are the opening and closing times of a sale, embedded in the facts that state them. A zero time is omitted
// and sets no bound. At OpensAt the sale is open, at ClosesAt it is closed.
type SaleTimes struct {
	// OpensAt is the first moment of the sale.
	OpensAt time.Time `json:"opens_at,omitzero"`
	// ClosesAt is the first moment after the sale.
	ClosesAt time.Time `json:"closes_at,omitzero"`
}

// Equal reports whether both bounds are the same moments.
func (t SaleTimes) Equal(other SaleTimes) bool {
	return t.OpensAt.Equal(other.OpensAt) && t.ClosesAt.Equal(other.ClosesAt)
}

// IsZero reports whether the sale has no bounds.
func (t SaleTimes) IsZero() bool { return t.OpensAt.IsZero() && t.ClosesAt.IsZero() }

// Ordered reports whether the sale closes after it opens, or lacks a bound.
func (t SaleTimes) Ordered() bool {
	return t.OpensAt.IsZero() || t.ClosesAt.IsZero() || t.OpensAt.Before(t.ClosesAt)
}

// AppendSaleTimes appends the bounds as JSON members, as far as the sale has some.
func (t SaleTimes) AppendSaleTimes(o *Object) {
	if !t.OpensAt.IsZero() {
		o.Time("opens_at", t.OpensAt)
	}
	if !t.ClosesAt.IsZero() {
		o.Time("closes_at", t.ClosesAt)
	}
}

// Within reports whether a time is neither before the sale opens nor after it has closed.
func (t SaleTimes) Within(at time.Time) bool { return !t.Opens(at) && !t.Closed(at) }

// Opens reports whether the sale opens after a moment.
func (t SaleTimes) Opens(at time.Time) bool { return at.Before(t.OpensAt) }

// Closed reports whether the sale is over at a moment.
func (t SaleTimes) Closed(at time.Time) bool { return !t.ClosesAt.IsZero() && !at.Before(t.ClosesAt) }

// After returns the bounds that are after a time; the others are zero.
func (t SaleTimes) After(at time.Time) SaleTimes {
	if !t.OpensAt.After(at) {
		t.OpensAt = time.Time{}
	}
	if !t.ClosesAt.After(at) {
		t.ClosesAt = time.Time{}
	}
	return t
}

// Next returns the earlier of the bounds, zero for none.
func (t SaleTimes) Next() time.Time {
	if t.OpensAt.IsZero() || !t.ClosesAt.IsZero() && t.ClosesAt.Before(t.OpensAt) {
		return t.ClosesAt
	}
	return t.OpensAt
}

// Scheduled is implemented by facts that state the bounds of a sale, or record that one of them has
// been reached. The deadline index folds them for every kind of entity.
//
// A bound that is not after the time of the fact that states it is recorded in the same append as
// that fact; one that is, when it is reached.
type Scheduled interface {
	Fact
	// Schedule returns the bounds. If reached, the fact records that the non-zero ones have been
	// reached; otherwise they replace all earlier ones.
	Schedule() (times SaleTimes, reached bool)
}
