package team

import (
	"reflect"
	"strings"
	"testing"
	"time"

	"admitone/actors/core"
	"admitone/actors/core/coretest"
	"admitone/events"
)

var day = time.Date(2026, 5, 1, 20, 0, 0, 0, time.UTC)

func TestRegisteringOnceAndAgain(t *testing.T) {
	team := New().(*Team)
	for i, line := range []struct {
		name  string
		owner events.Holder
		owned int64
		code  string
		facts []events.Fact
	}{
		{"Lions", "ada", MaxOwned, "limit_exceeded", nil},
		{"Lions", "ada", MaxOwned - 1, "", []events.Fact{&events.TeamRegistered{TeamID: "t-1", DisplayName: "Lions", Owner: "ada"}}},
		{"Lions", "ada", MaxOwned, "", nil},
		{"Lions", "bob", 0, "already_exists", nil},
		{"Lions", "", 0, "already_exists", nil},
		{"Tigers", "ada", MaxOwned, "already_exists", nil},
	} {
		facts, err := team.Decide(&Register{ID: "t-1", Name: line.name, Owner: line.owner, Owned: line.owned}, day)
		code := ""
		if err != nil {
			code = string(err.(*core.Refusal).Code)
		}
		if code != line.code || !reflect.DeepEqual(facts, line.facts) {
			t.Errorf("line %d: %v, %q; want %v, %q", i+1, facts, code, line.facts, line.code)
		}
		for _, fact := range facts {
			team.Evolve(fact)
		}
	}
	if want := (Registered{ID: "t-1", Name: "Lions", Owner: "ada"}); !team.Exists() || team.Registered() != want ||
		!team.NextDeadline().IsZero() {
		t.Errorf("it is %+v, want %+v", team.Registered(), want)
	}
}

// TestTeamWithoutOwner: an old team has no owner. Registering the same id is a no-op.
func TestTeamWithoutOwner(t *testing.T) {
	team := New().(*Team)
	team.Evolve(&events.TeamRegistered{TeamID: "t-1", DisplayName: "Lions"})
	for _, owner := range []events.Holder{"", "ada"} {
		if facts, err := team.Decide(&Register{ID: "t-1", Name: "Lions", Owner: owner}, day); err != nil || facts != nil {
			t.Errorf("registered again by %q: %v, %v; want no facts", owner, facts, err)
		}
	}
}

func TestASnapshotIsTheTeam(t *testing.T) {
	team := New()
	team.Evolve(&events.TeamRegistered{TeamID: "t-1", DisplayName: "Lions \"X\"\n", Owner: "ada"})
	if restored := coretest.RoundTrip(t, team.Freeze(), New); !reflect.DeepEqual(restored, team) {
		t.Errorf("restored %+v, want %+v", restored, team)
	}
	if err := New().Restore(strings.NewReader(`{"ID":"t-1"`)); err == nil {
		t.Error("Restore accepted half a snapshot")
	}
}

func TestImpossibleFacts(t *testing.T) {
	registered := &events.TeamRegistered{TeamID: "t-1", DisplayName: "Lions"}
	coretest.RequirePanic(t, New(), registered, registered)
	coretest.RequirePanic(t, New(), &events.ProductReserved{})
}
