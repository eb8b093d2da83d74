package apikey

import (
	"reflect"
	"strings"
	"testing"
	"time"

	"admitone/actors/core"
	"admitone/actors/core/coretest"
	"admitone/events"
)

var (
	day     = time.Date(2026, 5, 1, 20, 0, 0, 0, time.UTC)
	created = &events.APIKeyCreated{APIKeyID: "k", DisplayName: "shop", Role: "service", Hash: "ab", ExpiresAt: day}
	ended   = &events.APIKeyEnded{APIKeyID: "k"}
)

func TestRules(t *testing.T) {
	key := New().(*APIKey)
	create := &Create{ID: "k", Name: "shop", Role: "service", Hash: "ab", ExpiresAt: day}
	for i, line := range []struct {
		command core.Command
		code    string
		facts   []events.Fact
	}{
		{&Revoke{}, "not_found", nil},
		{create, "", []events.Fact{created}},
		{create, "already_exists", nil},
		{&Revoke{}, "", []events.Fact{ended}},
		{&Revoke{}, "", nil},
		{create, "already_exists", nil},
	} {
		facts, err := key.Decide(line.command, day.Add(time.Hour))
		code := ""
		if err != nil {
			code = string(err.(*core.Refusal).Code)
		}
		if code != line.code || !reflect.DeepEqual(facts, line.facts) {
			t.Errorf("row %d: %v, %q; want %v, %q", i+1, facts, code, line.facts, line.code)
		}
		for _, fact := range facts {
			key.Evolve(fact)
		}
	}
	want := Key{ID: "k", Name: "shop", Role: "service", ExpiresAt: day, Revoked: true}
	if key.Key() != want || !key.NextDeadline().IsZero() {
		t.Errorf("Key() = %+v, NextDeadline() = %v; want %+v, none", key.Key(), key.NextDeadline(), want)
	}
	if restored := coretest.RoundTrip(t, key.Freeze(), New); !reflect.DeepEqual(restored, core.Core(key)) {
		t.Errorf("restored = %+v, want %+v", restored, key)
	}
	if err := New().Restore(strings.NewReader(`{"ID":"k"`)); err == nil {
		t.Error("Restore accepted a truncated snapshot, want an error")
	}
}

func TestImpossibleFacts(t *testing.T) {
	coretest.RequirePanic(t, New(), created, created)
	coretest.RequirePanic(t, New(), created, ended, ended)
	coretest.RequirePanic(t, New(), ended)
	coretest.RequirePanic(t, New(), &events.ProductReserved{})
}
