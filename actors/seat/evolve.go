package seat

import (
	"fmt"

	"admitone/events"
)

// Evolve implements [core.Core].
func (s *Seat) Evolve(fact events.Fact) {
	switch f := fact.(type) {
	case *events.SeatHeld:
		s.must(fact, s.status == events.SeatIsFree && f.HoldID != "")
		*s = Seat{status: events.SeatIsHeld, holdID: f.HoldID, holder: f.Holder,
			expires: f.ExpiresAt.UnixNano(), first: f.FirstHeldAt.UnixNano()}
	case *events.SeatExtended:
		s.must(fact, s.status == events.SeatIsHeld && s.holdID == f.HoldID)
		s.expires = f.ExpiresAt.UnixNano()
	case *events.SeatBooked:
		s.must(fact, s.status == events.SeatIsHeld && s.holdID == f.HoldID)
		s.status, s.expires = events.SeatIsBooked, 0
	case *events.SeatReleased:
		s.must(fact, s.holdID != "" && s.holdID == f.HoldID && s.status == f.Was)
		s.free(f.ReleasedAt.UnixNano())
		if f.Was == events.SeatIsBooked {
			s.holder = "" // who has paid has not kept it from anybody: the stay is over
		}
	case *events.SeatExpired:
		s.must(fact, s.status == events.SeatIsHeld && s.holdID == f.HoldID)
		s.free(f.ExpiresAt.UnixNano())
	case *events.SeatBlocked:
		s.must(fact, s.status == events.SeatIsFree)
		s.status = events.SeatIsBlocked
	case *events.SeatUnblocked:
		s.must(fact, s.status == events.SeatIsBlocked)
		s.status = events.SeatIsFree
	default:
		s.must(fact, false)
	}
}

func (s *Seat) free(at int64) {
	s.status, s.holdID, s.expires, s.freed = events.SeatIsFree, "", 0, at
}

// must stops at a fact that can't follow: a damaged log, or two owners.
func (s *Seat) must(fact events.Fact, fits bool) {
	if !fits {
		panic(
			fmt.Sprintf(
				"seat: the log goes on with %s %+v while the seat is %s under %q",
				fact.Name(),
				fact,
				s.status,
				s.holdID,
			),
		)
	}
}
