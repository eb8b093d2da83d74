package sockets

import (
	"net/netip"
	"testing"

	"admitone/actors/core"
	"admitone/api/connections"
)

// TestSocketBounds: other sockets may be opened between the check of the bounds and their
// application.
func TestSocketBounds(t *testing.T) {
	w := newHarness(t, func(w *harness) { w.config.MaxSockets, w.config.PerNetwork = 3, 1 })
	all := w.hub
	ada, bob := connections.NetworkOf(netip.MustParseAddr("203.0.113.7")), connections.NetworkOf(
		netip.MustParseAddr("203.0.113.8"),
	)
	for i, test := range []struct {
		network netip.Prefix
		code    core.Code
	}{{ada, ""}, {ada, "rate_limited"}, {bob, ""}, {netip.Prefix{}, ""}, {netip.Prefix{}, "overloaded"}, {bob,
		"overloaded"}} {
		s := &socket{network: test.network}
		why := all.enter(s)
		if (why == nil) != (test.code == "") || why != nil && why.Code != test.code {
			t.Errorf("socket %d: %v, want %q", i, why, test.code)
		}
		if why == nil {
			defer all.leave(s)
		}
	}
}
