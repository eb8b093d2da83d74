package row

import (
	"admitone/events"
)

// Mark is the status of a seat, in one letter. The zero Mark is MarkUntouched.
type Mark byte

// The marks, which are also the letters of a snapshot of "seats:<id>".
const (
	MarkUntouched Mark = 0 // free; its stream has no event
	MarkFree      Mark = 'f'
	MarkHeld      Mark = 'h'
	MarkBooked    Mark = 'b'
	MarkBlocked   Mark = 'x'
)

// Status is the status of a seat with the mark.
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

// Settled is the mark, or MarkFree for MarkUntouched.
func (m Mark) Settled() Mark {
	if m == MarkUntouched {
		return MarkFree
	}
	return m
}

// SeatStep is the change of a seat's mark by a fact. From is the settled mark that the fact requires.
type SeatStep struct{ From, To Mark }

// Change is the change of the number of free seats: 1, 0 or -1.
func (s SeatStep) Change() int8 {
	switch {
	case s.To == MarkFree:
		return 1
	case s.From == MarkFree:
		return -1
	}
	return 0
}

// StepOf returns the step of a fact; false if it is not a fact of a seat. A fact that only changes a deadline has
// equal marks.
func StepOf(fact events.Fact) (SeatStep, bool) {
	switch f := fact.(type) {
	case *events.SeatHeld:
		return SeatStep{unheldMark(f.Label), MarkHeld}, true
	case *events.SeatExtended:
		return SeatStep{MarkHeld, MarkHeld}, true
	case *events.SeatBooked:
		return SeatStep{MarkHeld, MarkBooked}, true
	case *events.SeatReleased:
		if f.Was == events.SeatIsBooked {
			return SeatStep{MarkBooked, unheldMark(f.Label)}, true
		}
		return SeatStep{MarkHeld, unheldMark(f.Label)}, true
	case *events.SeatExpired:
		return SeatStep{MarkHeld, unheldMark(f.Label)}, true
	case *events.SeatBlocked:
		return SeatStep{MarkFree, MarkBlocked}, true
	case *events.SeatUnblocked:
		return SeatStep{MarkBlocked, MarkFree}, true
	}
	return SeatStep{}, false
}

// unheldMark is the mark of a seat that is not held: blocked if it has a label.
func unheldMark(label events.BlockLabel) Mark {
	if label != "" {
		return MarkBlocked
	}
	return MarkFree
}
