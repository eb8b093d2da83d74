package row

import (
	"admitone/events"
)

// Mark is the status of a seat, in one letter. The zero Mark is MarkUntouched.
type Mark byte

// The marks, which are also the letters of a snapshot of "seats:<id>".
const (
	MarkUntouched Mark = 0 // free, and the seat's stream has no events
	MarkFree      Mark = 'f'
	MarkHeld      Mark = 'h'
	MarkBooked    Mark = 'b'
	MarkBlocked   Mark = 'x'
)

// Status returns the status of a seat with the mark.
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

// Normalized returns the mark, with MarkFree for MarkUntouched.
func (m Mark) Normalized() Mark {
	if m == MarkUntouched {
		return MarkFree
	}
	return m
}

// SeatStep is the change of a seat's mark by a fact. From is the normalized mark that the fact requires.
type SeatStep struct{ From, To Mark }

// Change returns the change of the number of free seats: 1, 0 or -1.
func (s SeatStep) Change() int8 {
	switch {
	case s.To == MarkFree:
		return 1
	case s.From == MarkFree:
		return -1
	}
	return 0
}

// StepOf returns the step of a fact, and whether it is a fact of a seat. The step of a fact that only changes a
// deadline has equal marks.
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

// unheldMark returns the mark of a seat without a hold: blocked if it has a label, else free.
func unheldMark(label events.BlockLabel) Mark {
	if label != "" {
		return MarkBlocked
	}
	return MarkFree
}
