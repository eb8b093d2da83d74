package sockets

import (
	"net/netip"
	"testing"

	"admitone/actors/core"
	"admitone/api/connections"
)

// TestSocketBounds: add checks the bounds again, because other sockets may have been added since Open did.
func TestSocketBounds(t *testing.T) {
	w := newHarness(t, func(w *harness) { w.config.MaxSockets, w.config.PerNetwork = 3, 1 })
	hub := w.hub
	ada, bob := connections.NetworkOf(netip.MustParseAddr("203.0.113.7")), connections.NetworkOf(
		netip.MustParseAddr("203.0.113.8"),
	)
	for i, test := range []struct {
		network netip.Prefix
		code    core.Code
	}{{ada, ""}, {ada, "rate_limited"}, {bob, ""}, {netip.Prefix{}, ""}, {netip.Prefix{}, "overloaded"}, {bob,
		"overloaded"}} {
		s := &socket{network: test.network}
		refusal := hub.add(s)
		if (refusal == nil) != (test.code == "") || refusal != nil && refusal.Code != test.code {
			t.Errorf("socket %d: refusal = %v, want %q", i, refusal, test.code)
		}
		if refusal == nil {
			defer hub.remove(s)
		}
	}
}
