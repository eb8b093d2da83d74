package whatif

import (
	"testing"
	"time"

	"admitone/actors/core"
	"admitone/events"
)

// TestStayOfTouchedSeat: a booking that could not have its second seat released its first, and the
// longest stay of the holder at that seat counts from then, in the log and in the simulation. The
// request is decided again only if the holder had a different seat: otherwise the conflict was with its
// own allowance, which was released at once.
func TestStayOfTouchedSeat(t *testing.T) {
	for name, others := range map[string][]events.SeatName{"and has nothing else": nil, "and has another seat": {"A-2-1"}} {
		t.Run(name, func(t *testing.T) {
			s := begin(t)
			s.book("cid", "A-1-3")
			s.pass(90 * second)
			s.book("cid", "A-1-3")
			s.pass(31 * second) // the stay at A-1-3 is over
			if others != nil {
				s.book("cid", others...)
			}
			before := s.log.head()
			s.book("cid", "A-1-2", "A-1-3")
			if stays := s.late[len(s.late)-1]; stays.Code != string(core.CodeLimitExceeded) ||
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

// firstHeld returns the beginning of the stay to which a seat's hold belongs.
func firstHeld(t *testing.T, e events.Recorded) time.Time {
	t.Helper()
	fact, err := e.Decode()
	if err != nil {
		t.Fatal(err)
	}
	return fact.(*events.SeatHeld).FirstHeldAt
}
