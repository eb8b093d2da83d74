package core

import (
	"time"

	"admitone/events"
)

// Sale is when something can be acquired, as a core keeps it.
type Sale struct {
	// Times are the bounds as they were stated last.
	Times events.SaleTimes
	// Ahead are those of them that no fact has recorded as reached. They only make a core record
	// that: what is allowed depends on Times alone.
	Ahead events.SaleTimes
}

// Stated returns the sale once a fact has stated its bounds. One that was moved lies ahead again.
func (s Sale) Stated(times events.SaleTimes) Sale {
	if !times.OpensAt.Equal(s.Times.OpensAt) {
		s.Ahead.OpensAt = times.OpensAt
	}
	if !times.ClosesAt.Equal(s.Times.ClosesAt) {
		s.Ahead.ClosesAt = times.ClosesAt
	}
	s.Times = times
	return s
}

// Due returns the bounds that have been reached by now and that no fact has recorded.
func (s Sale) Due(now time.Time) (due events.SaleTimes) {
	if at := s.Ahead.OpensAt; !at.IsZero() && !at.After(now) {
		due.OpensAt = at
	}
	if at := s.Ahead.ClosesAt; !at.IsZero() && !at.After(now) {
		due.ClosesAt = at
	}
	return due
}

// NextDeadline is that of a core, see [Core], that has no other: a deadline is let go of after its
// moment, and a bound belongs to what it begins, so it is the moment before.
func (s Sale) NextDeadline() time.Time {
	next := s.Ahead.Next()
	if next.IsZero() {
		return next
	}
	return next.Add(-1)
}

// Refuse refuses what can't be acquired at the time now: not_open with opens_at, sale_closed with
// closes_at; nil during the sale.
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

// CheckTimes refuses bounds of which the second is not after the first: invalid_field.
func CheckTimes(times events.SaleTimes) *Refusal {
	if times.Ordered() {
		return nil
	}
	return &Refusal{Code: CodeInvalidField, Detail: "a sale closes after it has opened",
		Fields: Fields{"field": "closes_at"}}
}

// Earlier returns the earlier of two deadlines, of which a zero one is none.
func Earlier(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}
