package verify

import (
	"fmt"

	"admitone/events"
)

// seatStep returns the status that a seat must have before a fact, and its status after it. ok is
// false if the fact is not about a seat.
func seatStep(fact events.Fact) (from, to events.SeatStatus, ok bool) {
	switch f := fact.(type) {
	case *events.SeatHeld:
		return unheld(f.Label), events.SeatIsHeld, true
	case *events.SeatExtended:
		return events.SeatIsHeld, events.SeatIsHeld, true
	case *events.SeatBooked:
		return events.SeatIsHeld, events.SeatIsBooked, true
	case *events.SeatExpired:
		return events.SeatIsHeld, unheld(f.Label), true
	case *events.SeatReleased:
		if f.Was == events.SeatIsBooked {
			return events.SeatIsBooked, unheld(f.Label), true
		}
		return events.SeatIsHeld, unheld(f.Label), true
	case *events.SeatBlocked:
		return events.SeatIsFree, events.SeatIsBlocked, true
	case *events.SeatUnblocked:
		return events.SeatIsBlocked, events.SeatIsFree, true
	}
	return "", "", false
}

// unheld returns the status of a seat without a hold: blocked if it has a label, else free.
func unheld(label events.BlockLabel) events.SeatStatus {
	if label != "" {
		return events.SeatIsBlocked
	}
	return events.SeatIsFree
}

// maxSeats bounds the number of seats of a performance, so that each fits an events.SeatIndex.
const maxSeats = 1 << 30

// checkSections returns an error if the sections of a performance are invalid.
func checkSections(sections []events.Section) error {
	seats, seen := int64(0), map[events.SectionID]bool{}
	for _, s := range sections {
		if seen[s.ID] || s.Rows < 1 || s.Rows > maxSeats || s.SeatsPerRow < 1 || s.SeatsPerRow > maxSeats {
			return fmt.Errorf("the section %q is listed twice or has an invalid size: %d rows of %d seats", s.ID, s.Rows, s.SeatsPerRow)
		}
		seen[s.ID] = true
		if seats += s.Rows * s.SeatsPerRow; seats > maxSeats {
			return fmt.Errorf("at least %d seats, want at most %d", seats, maxSeats)
		}
	}
	return nil
}

// labelOf returns the label that a fact repeats from the state of the seat. ok is false for other facts, also for
// SeatBlocked, which sets it.
func labelOf(fact events.Fact) (label events.BlockLabel, ok bool) {
	switch f := fact.(type) {
	case *events.SeatHeld:
		return f.Label, true
	case *events.SeatReleased:
		return f.Label, true
	case *events.SeatExpired:
		return f.Label, true
	}
	return "", false
}
