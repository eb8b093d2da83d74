package team

import (
	"bytes"
	"reflect"
	"testing"
	"time"

	"admitone/actors/core"
	"admitone/events"
)

var day = time.Date(2026, 5, 1, 20, 0, 0, 0, time.UTC)

func TestRegisteringOnceAndAgain(t *testing.T) {
	team := New().(*Team)
	for i, line := range []struct {
		name, code string
		facts      []events.Fact
	}{
		{"Lions", "", []events.Fact{&events.TeamRegistered{TeamID: "t-1", DisplayName: "Lions"}}},
		{"Lions", "", nil},
		{"Tigers", "already_exists", nil},
	} {
		facts, err := team.Decide(&Register{ID: "t-1", Name: line.name}, day)
		code := ""
		if err != nil {
			code = err.(*core.Refusal).Code
		}
		if code != line.code || !reflect.DeepEqual(facts, line.facts) {
			t.Errorf("line %d: %v, %q; want %v, %q", i+1, facts, code, line.facts, line.code)
		}
		for _, fact := range facts {
			team.Evolve(fact)
		}
	}
	if want := (Register{ID: "t-1", Name: "Lions"}); !team.Exists() || team.Registered() != want || !team.NextDeadline().IsZero() {
		t.Errorf("it is %+v, want %+v", team.Registered(), want)
	}
}

func TestASnapshotIsTheTeam(t *testing.T) {
	team := New()
	team.Evolve(&events.TeamRegistered{TeamID: "t-1", DisplayName: "Lions \"X\"\n"})
	var saved bytes.Buffer
	if err := team.Freeze()(&saved); err != nil {
		t.Fatal(err)
	}
	restored := New()
	if err := restored.Restore(bytes.NewReader(saved.Bytes())); err != nil || !reflect.DeepEqual(restored, team) {
		t.Errorf("restored %+v, %v; want %+v", restored, err, team)
	}
	if err := New().Restore(bytes.NewReader(saved.Bytes()[:saved.Len()/2])); err == nil {
		t.Error("half a snapshot was restored")
	}
}

func TestFactsThatCantBe(t *testing.T) {
	registered := &events.TeamRegistered{TeamID: "t-1", DisplayName: "Lions"}
	for name, facts := range map[string][]events.Fact{
		"registered twice":    {registered, registered},
		"a fact of a product": {&events.ProductReserved{}},
	} {
		t.Run(name, func(t *testing.T) {
			defer func() {
				if recover() == nil {
					t.Error("taken in")
				}
			}()
			team := New()
			for _, fact := range facts {
				team.Evolve(fact)
			}
		})
	}
}
