package peers

import (
	"fmt"
	"testing"

	"github.com/prometheus/client_golang/prometheus"

	"admitone/actors/placement"
)

// TestDepartures: a node that drained has left, any other is lost, and one that is back is not listed; a node that
// flaps does not accumulate.
func TestDepartures(t *testing.T) {
	member := func(name string, state State) Member {
		return Member{Name: placement.Member(name), Run: "run of " + name, HTTP: "127.0.0.1:1", Hop: Protocol, State: state}
	}
	p := New(Config{Self: member("a", Cut), Secret: NewSecret([]byte("s")), Logger: discard,
		Metrics: prometheus.NewRegistry()})
	departed := func() string {
		text := ""
		for _, d := range p.Departures() {
			text += fmt.Sprintf("%s %v ", d.Name, d.Left)
		}
		return text
	}
	if p.Served() {
		t.Error("Served without a serving node")
	}
	p.SetMembers([]Member{member("b", Serving), member("c", Serving)})
	if !p.Served() {
		t.Error("not Served with two serving nodes")
	}
	p.SetMembers([]Member{member("b", Draining), member("c", Serving)})
	p.SetMembers([]Member{member("c", Serving)})
	p.SetMembers(nil)
	if got, want := departed(), "c false b true "; got != want {
		t.Errorf("departures %q, want %q", got, want)
	}
	p.SetMembers([]Member{member("b", Serving)})
	if got, want := departed(), "c false "; got != want {
		t.Errorf("departures %q after b is back, want %q", got, want)
	}
	for n := range 2 * maxDepartures {
		p.SetMembers([]Member{member(fmt.Sprint("n", n), Serving)})
		p.SetMembers(nil)
	}
	if got := len(p.Departures()); got != maxDepartures {
		t.Errorf("%d departures, want %d", got, maxDepartures)
	}
}
