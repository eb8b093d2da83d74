package load

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"admitone/events"
	"admitone/projections/row"
)

// recordedSeats checks the seats and bookings of a performance in the log with an independent implementation of
// their rules: a seat has one hold at a time, its facts name that hold, and no hold exceeds its deadline by more
// than seatsOverstay.
type recordedSeats struct {
	performance events.PerformanceID
	bookings    map[events.BookingID]*row.Booking
	seats       map[events.SeatName]*recordedSeat // those that have events
	position    events.Position
}

// recordedSeat is a seat that has events.
type recordedSeat struct {
	hold  events.HoldID // "" if the seat is free
	until time.Time     // the hold's deadline
	// booked means that the hold no longer has a deadline.
	booked bool
}

func newRecordedSeats(performance events.PerformanceID) *recordedSeats {
	return &recordedSeats{
		performance: performance,
		bookings:    map[events.BookingID]*row.Booking{},
		seats:       map[events.SeatName]*recordedSeat{},
	}
}

// includes reports whether an event belongs to the performance: to its streams, to the wallets of the
// crowd, or to its bookings.
func (h *recordedSeats) includes(e *events.Recorded) bool {
	id := e.Stream.Entity()
	switch e.Stream.Category() {
	case events.PerformanceCategory, events.SeatCategory, events.AllowanceCategory:
		of, _ := events.CutPerformance(id)
		return of == h.performance
	case events.WalletCategory:
		return strings.HasPrefix(id, string(h.performance)+"-")
	case events.BookingCategory:
		if h.bookings[events.BookingID(id)] != nil {
			return true
		}
		fact, err := e.Decode()
		if err != nil {
			return false
		}
		switch f := fact.(type) { // the first fact of every booking is one of these
		case *events.BookingHeld:
			return f.PerformanceID == h.performance
		case *events.BookingAbandoned:
			return f.PerformanceID == h.performance
		}
	}
	return false
}

func (h *recordedSeats) apply(e *events.Recorded) error {
	h.position = e.Position
	switch e.Stream.Category() {
	case events.BookingCategory:
		id := events.BookingID(e.Stream.Entity())
		booking := h.bookings[id]
		if booking == nil {
			booking = &row.Booking{}
		}
		if err := booking.Apply(e); err != nil {
			return err
		}
		if booking.ID != "" { // "" if the stream has only an abandoned attempt
			h.bookings[booking.ID] = booking
		}
		return nil
	case events.SeatCategory:
		_, name := events.CutPerformance(e.Stream.Entity())
		s := h.seats[events.SeatName(name)]
		if s == nil {
			s = &recordedSeat{}
			h.seats[events.SeatName(strings.Clone(name))] = s
		}
		if err := s.apply(e); err != nil {
			return fmt.Errorf("seat %s@%d: %w", name, e.Revision, err)
		}
	}
	return nil
}

// apply checks and applies an event, with rules that it does not share with the seat's core.
func (s *recordedSeat) apply(e *events.Recorded) error {
	fact, err := e.Decode()
	if err != nil {
		return err
	}
	switch f := fact.(type) {
	case *events.SeatHeld:
		if s.hold != "" {
			return fmt.Errorf("held by %s while %s holds it", f.HoldID, s.hold)
		}
		s.hold, s.until, s.booked = events.HoldID(strings.Clone(string(f.HoldID))), f.ExpiresAt, false
	case *events.SeatExtended:
		s.until = f.ExpiresAt
		return s.checkHold(f.HoldID)
	case *events.SeatBooked:
		s.booked = true
		return s.checkHold(f.HoldID)
	case *events.SeatReleased:
		return s.free(f.HoldID, e.Created)
	case *events.SeatExpired:
		return s.free(f.HoldID, e.Created)
	}
	return nil
}

// checkHold checks that a fact names the current hold.
func (s *recordedSeat) checkHold(hold events.HoldID) error {
	if s.hold != hold {
		return fmt.Errorf("the fact names the hold %s while %q holds it", hold, s.hold)
	}
	return nil
}

// free ends the hold. Its deadline already includes the grace period of seats.
func (s *recordedSeat) free(hold events.HoldID, at time.Time) error {
	if err := s.checkHold(hold); err != nil {
		return err
	}
	if late := at.Sub(s.until); !s.booked && late > seatsOverstay {
		return fmt.Errorf("%s held it for %v beyond its deadline", hold, late)
	}
	s.hold = ""
	return nil
}

// taken returns the names of the seats with the status held or booked, sorted.
func (h *recordedSeats) taken(status events.SeatStatus) (names []events.SeatName) {
	for name, s := range h.seats {
		if s.hold != "" && s.booked == (status == events.SeatIsBooked) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}
