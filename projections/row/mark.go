package row

import (
	"admitone/events"
)

// Mark is where a seat stands, in one letter. The zero Mark is MarkUntouched.
type Mark byte

// The marks. They are the letters of a snapshot of "seats:<id>" too.
const (
	MarkUntouched Mark = 0 // free; nothing ever happened to it
	MarkFree      Mark = 'f'
	MarkHeld      Mark = 'h'
	MarkBooked    Mark = 'b'
	MarkBlocked   Mark = 'x'
)

// Status is where a seat with the mark stands.
func (m Mark) Status() events.SeatStatus {
	switch m {
	case MarkHeld:
		return events.SeatIsHeld
	case MarkBooked:
		return events.SeatIsBooked
	case MarkBlocked:
		return events.SeatIsBlocked
	}
	return events.SeatIsFree
}

// Settled is the mark, MarkFree for a seat that was never touched.
func (m Mark) Settled() Mark {
	if m == MarkUntouched {
		return MarkFree
	}
	return m
}

// SeatStep is what a seat's fact does to its mark, which must be From before, settled.
type SeatStep struct{ From, To Mark }

// Change is by how much the step changes what remains: 1, 0 or -1.
func (s SeatStep) Change() int8 {
	switch {
	case s.To == MarkFree:
		return 1
	case s.From == MarkFree:
		return -1
	}
	return 0
}

// StepOf is the step of a fact, false if it is not a seat's. A fact that moves a deadline
// alone leads from a mark to the same.
func StepOf(fact events.Fact) (SeatStep, bool) {
	switch f := fact.(type) {
	case *events.SeatHeld:
		return SeatStep{MarkFree, MarkHeld}, true
	case *events.SeatExtended:
		return SeatStep{MarkHeld, MarkHeld}, true
	case *events.SeatBooked:
		return SeatStep{MarkHeld, MarkBooked}, true
	case *events.SeatReleased:
		if f.Was == events.SeatIsBooked {
			return SeatStep{MarkBooked, MarkFree}, true
		}
		return SeatStep{MarkHeld, MarkFree}, true
	case *events.SeatExpired:
		return SeatStep{MarkHeld, MarkFree}, true
	case *events.SeatBlocked:
		return SeatStep{MarkFree, MarkBlocked}, true
	case *events.SeatUnblocked:
		return SeatStep{MarkBlocked, MarkFree}, true
	}
	return SeatStep{}, false
}
