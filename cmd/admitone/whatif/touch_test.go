package whatif

import (
	"testing"
	"time"

	"admitone/actors/core"
	"admitone/events"
)

// TestHoldLimitAfterRefusedBooking: a booking that could not have its second seat released its first. The
// limit on the holder's consecutive holds of that seat counts from then, in the log and in the simulation.
// The request is decided again only if the holder had a different seat. Otherwise the conflict was with
// the booking's own allowance, which was released immediately.
func TestHoldLimitAfterRefusedBooking(t *testing.T) {
	for name, others := range map[string][]events.SeatName{"no other seat": nil, "another seat": {"A-2-1"}} {
		t.Run(name, func(t *testing.T) {
			s := begin(t)
			s.book("cid", "A-1-3")
			s.pass(90 * second)
			s.book("cid", "A-1-3")
			s.pass(31 * second) // the limit on consecutive holds of A-1-3 is reached
			if others != nil {
				s.book("cid", others...)
			}
			before := s.log.head()
			s.book("cid", "A-1-2", "A-1-3")
			if stays := s.refusals[len(s.refusals)-1]; stays.Code != string(core.CodeLimitExceeded) ||
				s.log.counts["seat-gala~A-1-2"] != 2 {
				t.Fatalf("refusal = %s, want limit_exceeded; A-1-2 has %d facts, want 2", stays.Code, s.log.counts["seat-gala~A-1-2"])
			}
			s.pass(29 * second)
			s.book("cid", "A-1-2")
			if page, _ := s.log.Read(t.Context(), "seat-gala~A-1-2", 0, events.Forward, 3); len(page) < 3 ||
				firstHeld(t, page[0]) != firstHeld(t, page[2]) {
				t.Fatalf("facts of A-1-2 = %+v, want two holds of the same holder", page)
			}
			s.writeRefusals()
			s.checkUnchanged(t, 0)
			s.checkUnchanged(t, before+1)
		})
	}
}

// firstHeld returns the time of the first of the consecutive holds to which a seat's hold belongs.
func firstHeld(t *testing.T, e events.Recorded) time.Time {
	t.Helper()
	fact, err := e.Decode()
	if err != nil {
		t.Fatal(err)
	}
	return fact.(*events.SeatHeld).FirstHeldAt
}
