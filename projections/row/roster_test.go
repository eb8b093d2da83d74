package row

import (
	"fmt"
	"testing"

	"admitone/events"
	"admitone/projections/logtest"
)

func TestRosterAt(t *testing.T) {
	s := &logtest.Store{Log: logtest.Tournament().Log, MaxRead: 10_000}
	for upTo, want := range map[events.Position]string{
		3: "[]", 4: "[lions entered]", 6: "[lions entered tigers waits at 1 bears waits at 2 wolves waits at 3]",
		7:                  "[lions entered tigers waits at 1 bears waits at 2 wolves waits at 3]",
		8:                  "[lions entered tigers entered bears entered wolves waits at 1]",
		events.EndPosition: "[bears entered wolves entered]",
	} {
		roster, err := RosterAt(t.Context(), s, "a", upTo)
		row, errRow := TournamentAt(t.Context(), s, "a", upTo)
		if err != nil || errRow != nil || *row != roster.Tournament {
			t.Fatalf("at %d: RosterAt = %+v, %v; TournamentAt = %+v, %v; want equal rows", upTo, roster, err, row, errRow)
		}
		in, _ := roster.Entries(events.EntryEntered, 0, 99)
		wait, _ := roster.Entries(events.EntryWaitlisted, 0, 99)
		var got []string
		for _, e := range append(in, wait...) {
			if e.Status == events.EntryEntered && e.Place == 0 {
				got = append(got, string(e.TeamID)+" entered")
				continue
			}
			got = append(got, fmt.Sprintf("%s waits at %d", e.TeamID, e.Place))
		}
		if fmt.Sprint(got) != want {
			t.Errorf("at %d: %v, want %s", upTo, got, want)
		}
	}
	if roster, err := RosterAt(t.Context(), s, "a", 2); roster != nil || err != nil {
		t.Errorf("RosterAt before its creation: %+v, %v; want none", roster, err)
	}
	if lions, err := TeamAt(t.Context(), s, "lions", 1); err != nil || lions == nil || lions.Name != "The lions" {
		t.Errorf("TeamAt: %+v, %v; want The lions", lions, err)
	}
	if tigers, err := TeamAt(t.Context(), s, "tigers", 1); err != nil || tigers != nil {
		t.Errorf("TeamAt before the registration: %+v, %v; want none", tigers, err)
	}
}
