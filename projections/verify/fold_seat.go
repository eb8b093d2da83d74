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
		return events.SeatIsFree, events.SeatIsHeld, true
	case *events.SeatExtended:
		return events.SeatIsHeld, events.SeatIsHeld, true
	case *events.SeatBooked:
		return events.SeatIsHeld, events.SeatIsBooked, true
	case *events.SeatExpired:
		return events.SeatIsHeld, events.SeatIsFree, true
	case *events.SeatReleased:
		if f.Was == events.SeatIsBooked {
			return events.SeatIsBooked, events.SeatIsFree, true
		}
		return events.SeatIsHeld, events.SeatIsFree, true
	case *events.SeatBlocked:
		return events.SeatIsFree, events.SeatIsBlocked, true
	case *events.SeatUnblocked:
		return events.SeatIsBlocked, events.SeatIsFree, true
	}
	return "", "", false
}

// maxSeats bounds the seats of a performance, so that a seat's number fits events.SeatIndex.
const maxSeats = 1 << 30

// checkSections returns an error if the sections of a performance are invalid.
func checkSections(sections []events.Section) error {
	seats, seen := int64(0), map[events.SectionID]bool{}
	for _, s := range sections {
		if seen[s.ID] || s.Rows < 1 || s.Rows > maxSeats || s.SeatsPerRow < 1 || s.SeatsPerRow > maxSeats {
			return fmt.Errorf("a section %q of %d rows of %d", s.ID, s.Rows, s.SeatsPerRow)
		}
		seen[s.ID] = true
		if seats += s.Rows * s.SeatsPerRow; seats > maxSeats {
			return fmt.Errorf("%d seats or more", seats)
		}
	}
	return nil
}
