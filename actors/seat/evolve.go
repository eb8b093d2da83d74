package seat

import (
	"fmt"

	"admitone/events"
)

// Evolve implements [core.Core].
func (s *Seat) Evolve(fact events.Fact) {
	switch f := fact.(type) {
	case *events.SeatHeld:
		before := events.SeatIsFree
		if f.Label != "" {
			before = events.SeatIsBlocked
		}
		s.must(fact, s.status == before && s.Label() == f.Label && f.HoldID != "")
		*s = Seat{status: events.SeatIsHeld, holdID: f.HoldID, holder: f.Holder,
			expires: f.ExpiresAt.UnixNano(), first: f.FirstHeldAt.UnixNano(), block: s.block}
	case *events.SeatExtended:
		s.must(fact, s.status == events.SeatIsHeld && s.holdID == f.HoldID)
		s.expires = f.ExpiresAt.UnixNano()
	case *events.SeatBooked:
		s.must(fact, s.status == events.SeatIsHeld && s.holdID == f.HoldID)
		s.status, s.expires = events.SeatIsBooked, 0
	case *events.SeatReleased:
		s.must(fact, s.holdID != "" && s.holdID == f.HoldID && s.status == f.Was && s.Label() == f.Label)
		s.applyFree(f.ReleasedAt.UnixNano())
		if f.Was == events.SeatIsBooked {
			s.holder = "" // booking the seat has ended the stay
		}
	case *events.SeatExpired:
		s.must(fact, s.status == events.SeatIsHeld && s.holdID == f.HoldID && s.Label() == f.Label)
		s.applyFree(f.ExpiresAt.UnixNano())
	case *events.SeatBlocked:
		s.must(fact, s.status == events.SeatIsFree)
		s.status = events.SeatIsBlocked
		s.setBlock(f.Label, f.Change, s.latest())
	case *events.SeatUnblocked:
		s.must(fact, s.status == events.SeatIsBlocked)
		s.status = events.SeatIsFree
		s.setBlock("", 0, s.latest())
	default:
		s.must(fact, false)
	}
}

// applyFree ends a hold: the seat is free, or blocked as before.
func (s *Seat) applyFree(at int64) {
	s.status, s.holdID, s.expires, s.freed = events.SeatIsFree, "", 0, at
	if s.Label() != "" {
		s.status = events.SeatIsBlocked
	}
}

// must panics if the fact is not valid: the log is damaged, or the seat has two owners.
func (s *Seat) must(fact events.Fact, valid bool) {
	if !valid {
		panic(fmt.Sprintf("seat: unexpected fact %s %+v in status %s under hold %q", fact.Name(), fact, s.status, s.holdID))
	}
}
