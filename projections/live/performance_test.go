package live

import (
	"testing"

	"admitone/events"
	"admitone/projections/row"
)

// TestCausesOfFreedSeats: the cause of an expired hold is "expired", whether the hold ended at the seat's own deadline
// or was released because the booking had expired.
func TestCausesOfFreedSeats(t *testing.T) {
	for want, facts := range map[Cause][]events.Fact{
		CauseExpired: {&events.SeatExpired{}, &events.SeatReleased{Was: events.SeatIsHeld, Reason: events.ReleasedExpired}},
		CauseReleased: {&events.SeatReleased{Was: events.SeatIsHeld, Reason: events.ReleasedCancelled},
			&events.SeatReleased{Was: events.SeatIsBooked, Reason: events.ReleasedCancelled},
			&events.SeatReleased{Was: events.SeatIsHeld, Reason: events.ReleasedIncomplete}},
	} {
		for _, fact := range facts {
			if step, ok := row.StepOf(fact); !ok || SeatCause(fact) != want || step.To != row.MarkFree {
				t.Errorf("%+v has the cause %s and the step %+v, %t; want %s, freeing the seat", fact, SeatCause(fact), step,
					ok, want)
			}
		}
	}
}
