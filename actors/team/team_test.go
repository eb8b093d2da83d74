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

// day is the time of all commands.
var day = time.Date(2026, 5, 1, 20, 0, 0, 0, time.UTC)

// TestRegister checks the decisions of one team, in this order.
func TestRegister(t *testing.T) {
	team := New().(*Team)
	for i, row := range []struct {
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
		facts, err := team.Decide(&Register{ID: "t-1", Name: row.name, Owner: row.owner, Owned: row.owned}, day)
		code := ""
		if err != nil {
			code = string(err.(*core.Refusal).Code)
		}
		if code != row.code || !reflect.DeepEqual(facts, row.facts) {
			t.Errorf("row %d: got %v, %q; want %v, %q", i+1, facts, code, row.facts, row.code)
		}
		for _, fact := range facts {
			team.Evolve(fact)
		}
	}
	if want := (Registered{ID: "t-1", Name: "Lions", Owner: "ada"}); !team.Exists() || team.Registered() != want ||
		!team.NextDeadline().IsZero() {
		t.Errorf("got exists %t, %+v, deadline %v; want true, %+v, none", team.Exists(), team.Registered(),
			team.NextDeadline(), want)
	}
}

// TestTeamWithoutOwner checks that registering a team that has no owner again, with any owner, is a no-op.
func TestTeamWithoutOwner(t *testing.T) {
	team := New().(*Team)
	team.Evolve(&events.TeamRegistered{TeamID: "t-1", DisplayName: "Lions"})
	for _, owner := range []events.Holder{"", "ada"} {
		if facts, err := team.Decide(&Register{ID: "t-1", Name: "Lions", Owner: owner}, day); err != nil || facts != nil {
			t.Errorf("Register again by %q: got %v, %v; want no facts and no error", owner, facts, err)
		}
	}
}

func TestSnapshot(t *testing.T) {
	team := New()
	team.Evolve(&events.TeamRegistered{TeamID: "t-1", DisplayName: "Lions \"X\"\n", Owner: "ada"})
	if restored := coretest.RoundTrip(t, team.Freeze(), New); !reflect.DeepEqual(restored, team) {
		t.Errorf("got restored team %+v, want %+v", restored, team)
	}
	if err := New().Restore(strings.NewReader(`{"ID":"t-1"`)); err == nil {
		t.Error("Restore of half a snapshot: got no error, want one")
	}
}

// TestImpossibleFacts checks that the core panics on facts that contradict its state.
func TestImpossibleFacts(t *testing.T) {
	registered := &events.TeamRegistered{TeamID: "t-1", DisplayName: "Lions"}
	coretest.RequirePanic(t, New(), registered, registered)
	coretest.RequirePanic(t, New(), &events.ProductReserved{})
}
