package tournament

import (
	"testing"
	"time"

	"admitone/actors/core"
	"admitone/actors/core/coretest"
	"admitone/events"
)

// TestCallOff checks that in a cancelled tournament no team can enter, and a withdrawal promotes no team.
func TestCallOff(t *testing.T) {
	now := time.Unix(2_000_000_000, 0)
	cup := New()
	do := func(cmd core.Command, want string) {
		t.Helper()
		got := coretest.Do(cup, cmd, now, events.Fact.Name)
		if got != want {
			t.Errorf("%T: got %s, want %s", cmd, got, want)
		}
		cup = coretest.RoundTrip(t, cup.Freeze(), New)
	}
	do(&Cancel{Reason: "storm"}, "not_found [resource:tournament]")
	create := &Create{ID: "c", Name: "Cup", TeamLimit: 1, RegisterDeadline: now.Add(time.Hour), Waitlist: true,
		Rule: events.WaitlistStrict, WaitingRoom: "door"}
	do(create, "tournament.created.v2")
	do(&Enter{TeamIDs: []events.TeamID{"a"}, Room: "door"}, "tournament.entered.v1")
	do(&Enter{TeamIDs: []events.TeamID{"b"}, Room: "door"}, "tournament.waitlisted.v1")
	do(&Cancel{Reason: "storm"}, "tournament.cancelled.v1")
	do(&Cancel{Reason: "other"}, "nothing")
	do(create, "nothing")
	do(&Enter{TeamIDs: []events.TeamID{"c"}}, "pass_required [waiting_room:door]")
	do(&Enter{TeamIDs: []events.TeamID{"a"}, Room: "door"}, "cancelled")
	name := "n"
	do(&Edit{Name: &name}, "cancelled")
	do(&Withdraw{TeamID: "a"}, "tournament.withdrawn.v1")
	cancelled := cup.(*Tournament)
	if status, in := cancelled.Entry("b"); !in || status != events.EntryWaitlisted {
		t.Errorf("got status %q of team b, want waitlisted", status)
	}
	if !cancelled.CalledOff() || cancelled.Status() != events.TournamentIsCancelled {
		t.Errorf("got called off %t, status %s; want true, cancelled", cancelled.CalledOff(), cancelled.Status())
	}
}
