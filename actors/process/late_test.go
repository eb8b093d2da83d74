package process_test

import (
	"errors"
	"testing"
	"time"

	"admitone/actors"
	"admitone/actors/process"
	"admitone/actors/seat"
	"admitone/actors/wallet"
	"admitone/events"
)

// TestLateSteps checks that once the caller has stopped waiting, a process takes no more steps and
// is undone, but that an announced process is completed.
func TestLateSteps(t *testing.T) {
	w := newHarness(t)
	late := from
	late.Until = time.Now().Add(-time.Second)
	runner := &process.Runner{Entities: w.desk}
	for _, announced := range []bool{false, true} {
		name := map[bool]events.PerformanceID{false: "late", true: "announced"}[announced]
		hold, holder := events.NewHoldID(events.BookingID(name), 1), events.Holder(name)
		first, second := seat.Stream(name, "A-1-1"), wallet.Stream(holder)
		w.do(second, &wallet.Charge{ID: "c", Amount: 100})
		w.do(first, &seat.Hold{HoldID: hold, Holder: holder, HoldFor: time.Hour}) // by an earlier run
		err := runner.Run(t.Context(), late, &process.Process{ID: string(name), Resumed: true, Announced: announced,
			Stages: []process.Stage{
				{Steps: []process.Step{{Name: "hold", Stream: first,
					Undo: &seat.Release{HoldID: hold, Reason: events.ReleasedCancelled}}}},
				{Steps: []process.Step{{Name: "debit", Stream: second, Do: &wallet.Debit{PaymentID: hold, Amount: 60}}}},
			}})
		_, otherHold := w.desk.Ask(t.Context(), actors.Request{Stream: first, ID: actors.NewCommandID(),
			Command: &seat.Hold{HoldID: events.NewHoldID("bob", 1), Holder: "bob", HoldFor: time.Hour}})
		switch {
		case announced && (err != nil || refusalCode(otherHold) != "seat_taken"):
			t.Errorf("announced: Run = %v, holding the seat = %v; want success, and the seat taken", err, otherHold)
		case !announced && (!errors.Is(err, actors.ErrUnavailable) || otherHold != nil):
			t.Errorf("not announced: Run = %v, holding the seat = %v; want %v, and the seat free", err, otherHold,
				actors.ErrUnavailable)
		}
	}
}
