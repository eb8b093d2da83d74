package core

import (
	"time"

	"admitone/events"
)

// Sale is the period of a sale in the state of a core.
type Sale struct {
	// Times are the bounds as last set.
	Times events.SaleTimes
	// Upcoming has the bounds that no fact has recorded as reached. It only decides when a core
	// records a bound; whether a purchase is allowed depends on Times alone.
	Upcoming events.SaleTimes
}

// WithTimes returns the sale after a fact has set its bounds. A moved bound is upcoming again.
func (s Sale) WithTimes(times events.SaleTimes) Sale {
	if !times.OpensAt.Equal(s.Times.OpensAt) {
		s.Upcoming.OpensAt = times.OpensAt
	}
	if !times.ClosesAt.Equal(s.Times.ClosesAt) {
		s.Upcoming.ClosesAt = times.ClosesAt
	}
	s.Times = times
	return s
}

// Due returns the bounds reached by now that no fact has recorded.
func (s Sale) Due(now time.Time) (due events.SaleTimes) {
	if at := s.Upcoming.OpensAt; !at.IsZero() && !at.After(now) {
		due.OpensAt = at
	}
	if at := s.Upcoming.ClosesAt; !at.IsZero() && !at.After(now) {
		due.ClosesAt = at
	}
	return due
}

// NextDeadline is the NextDeadline of a [Core] without other deadlines. A core expires strictly
// after its deadline, but a bound already applies at its own time, so the deadline is one nanosecond
// before the bound.
func (s Sale) NextDeadline() time.Time {
	next := s.Upcoming.Next()
	if next.IsZero() {
		return next
	}
	return next.Add(-1)
}

// Refuse returns not_open with opens_at before the sale, sale_closed with closes_at after it, and
// nil during it.
func (s Sale) Refuse(now time.Time) *Refusal {
	switch {
	case s.Times.Opens(now):
		return &Refusal{Code: CodeNotOpen, Detail: "the sale has not opened yet; come back when it has",
			Fields: Fields{"opens_at": s.Times.OpensAt}}
	case s.Times.Closed(now):
		return &Refusal{Code: CodeSaleClosed, Detail: "the sale has closed",
			Fields: Fields{"closes_at": s.Times.ClosesAt}}
	}
	return nil
}

// CheckTimes returns the refusal invalid_field unless the bounds are in order.
func CheckTimes(times events.SaleTimes) *Refusal {
	if times.Ordered() {
		return nil
	}
	return &Refusal{Code: CodeInvalidField, Detail: "the sale must close after it opens",
		Fields: Fields{"field": "closes_at"}}
}

// Earlier returns the earlier of two deadlines. A zero deadline means none.
func Earlier(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}
