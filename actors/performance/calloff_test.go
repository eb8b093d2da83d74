package performance

import (
	"testing"

	"admitone/actors/core"
	"admitone/actors/core/coretest"
	"admitone/events"
)

// TestCancel checks that a performance is cancelled once, and can't be edited afterwards.
func TestCancel(t *testing.T) {
	p := New()
	refused := func(cmd core.Command, want core.Code) {
		t.Helper()
		_, err := p.Decide(cmd, at(0))
		if refusal, ok := err.(*core.Refusal); !ok || refusal.Code != want {
			t.Errorf("%T: got %v, want %s", cmd, err, want)
		}
	}
	do := func(cmd core.Command, want int) {
		t.Helper()
		facts, err := p.Decide(cmd, at(0))
		if err != nil || len(facts) != want {
			t.Errorf("%T: got %v, %v; want %d facts", cmd, facts, err, want)
		}
		for _, fact := range facts {
			p.Evolve(fact)
		}
		p = coretest.RoundTrip(t, p.Freeze(), New)
	}
	refused(&Cancel{Reason: "ill"}, core.CodeNotFound)
	create := gala(func(*Create) {})
	do(create, 1)
	revision := p.(*Performance).EditRevision()
	do(&Cancel{Reason: "ill"}, 1)
	do(&Cancel{Reason: "other"}, 0)
	do(create, 0)
	refused(&Edit{Title: ptr("T")}, core.CodeCancelled)
	if got := p.(*Performance); !got.CalledOff() || got.EditRevision() != revision {
		t.Errorf("got cancelled %t, edit revision %d; want true, %d", got.CalledOff(), got.EditRevision(), revision)
	}
	coretest.RequirePanic(t, p, &events.PerformanceCancelled{})
}
