package load

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"admitone/events"
	"admitone/projections"
)

// recordedHouse is what the log says of a performance's seats and bookings, by rules
// of its own: a seat has one hold at a time, what happens to it is about that hold,
// and no hold outlives its deadline for long.
type recordedHouse struct {
	performance string
	bookings    map[string]*projections.Booking
	seats       map[string]*recordedSeat // by name
	position    events.Position
}

// recordedSeat is one that somebody has touched.
type recordedSeat struct {
	hold  string // that has it, "" if it is free
	until time.Time
	// booked says that the hold has no end any more.
	booked bool
}

func newRecordedHouse(performance string) *recordedHouse {
	return &recordedHouse{performance: performance, bookings: map[string]*projections.Booking{}, seats: map[string]*recordedSeat{}}
}

// knows says whether an event is about the performance: one of its streams, of its
// crowd's wallets, or of its bookings.
func (h *recordedHouse) knows(e *events.Recorded) bool {
	of, _ := events.CutPerformance(e.Stream.Entity())
	switch e.Stream.Category() {
	case "performance", "seat", "allowance":
		return of == h.performance
	case "wallet":
		return strings.HasPrefix(of, h.performance+"-")
	case "booking":
		if h.bookings[of] != nil {
			return true
		}
		fact, err := e.Decode()
		made, ok := fact.(*events.BookingHeld)
		return err == nil && ok && made.PerformanceID == h.performance
	}
	return false
}

func (h *recordedHouse) take(e *events.Recorded) error {
	h.position = e.Position
	switch e.Stream.Category() {
	case "booking":
		id := e.Stream.Entity()
		if h.bookings[id] == nil {
			h.bookings[strings.Clone(id)] = &projections.Booking{}
		}
		return h.bookings[id].Apply(e)
	case "seat":
		_, name := events.CutPerformance(e.Stream.Entity())
		s := h.seats[name]
		if s == nil {
			s = &recordedSeat{}
			h.seats[strings.Clone(name)] = s
		}
		if err := s.take(e); err != nil {
			return fmt.Errorf("seat %s@%d: %w", name, e.Revision, err)
		}
	}
	return nil
}

// take moves the seat on. Its own rules, not those of the seat's core.
func (s *recordedSeat) take(e *events.Recorded) error {
	fact, err := e.Decode()
	if err != nil {
		return err
	}
	switch f := fact.(type) {
	case *events.SeatHeld:
		if s.hold != "" {
			return fmt.Errorf("given to %s while %s has it", f.HoldID, s.hold)
		}
		s.hold, s.until, s.booked = strings.Clone(f.HoldID), f.ExpiresAt, false
	case *events.SeatExtended:
		s.until = f.ExpiresAt
		return s.about(f.HoldID)
	case *events.SeatBooked:
		s.booked = true
		return s.about(f.HoldID)
	case *events.SeatReleased:
		return s.free(f.HoldID, e.Created)
	case *events.SeatExpired:
		return s.free(f.HoldID, e.Created)
	}
	return nil
}

func (s *recordedSeat) about(hold string) error {
	if s.hold != hold {
		return fmt.Errorf("something is done about %s while %q has it", hold, s.hold)
	}
	return nil
}

// free ends the hold; until is the booking's deadline and the seat's grace already.
func (s *recordedSeat) free(hold string, at time.Time) error {
	if err := s.about(hold); err != nil {
		return err
	}
	if late := at.Sub(s.until); !s.booked && late > concertOverstays {
		return fmt.Errorf("%s had it for %v longer than it should", hold, late)
	}
	s.hold = ""
	return nil
}

// standing are the names of the seats that are held or booked.
func (h *recordedHouse) standing(status events.SeatStatus) (names []string) {
	for name, s := range h.seats {
		if s.hold != "" && s.booked == (status == events.SeatIsBooked) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}
