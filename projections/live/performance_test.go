package live

import (
	"testing"

	"admitone/events"
	"admitone/projections/row"
)

// TestCausesOfFreedSeats: an expired hold has the cause expired, whether it ended at the seat's own deadline or was
// released because the booking's had passed.
func TestCausesOfFreedSeats(t *testing.T) {
	for want, facts := range map[Cause][]events.Fact{
		CauseExpired: {&events.SeatExpired{}, &events.SeatReleased{Was: events.SeatIsHeld, Reason: events.ReleasedExpired}},
		CauseReleased: {&events.SeatReleased{Was: events.SeatIsHeld, Reason: events.ReleasedCancelled},
			&events.SeatReleased{Was: events.SeatIsBooked, Reason: events.ReleasedCancelled},
			&events.SeatReleased{Was: events.SeatIsHeld, Reason: events.ReleasedIncomplete}},
	} {
		for _, fact := range facts {
			if step, ok := row.StepOf(fact); !ok || SeatCause(fact) != want || step.To != row.MarkFree {
				t.Errorf("%+v has %+v, %t; want %s", fact, step, ok, want)
			}
		}
	}
}
