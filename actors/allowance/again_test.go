package allowance

import (
	"testing"
	"time"

	"admitone/actors/core"
)

// TestTakingMoreUnderTheSameHold: a request that died half-way and comes again under its
// key, for more seats, does not get them for what it had taken.
func TestTakingMoreUnderTheSameHold(t *testing.T) {
	a, now := New().(*Allowance), time.Date(2026, 5, 1, 20, 0, 0, 0, time.UTC)
	for _, line := range []struct {
		seats, taken int64
		code         string
	}{{1, 1, ""}, {1, 1, ""}, {50, 1, "limit_exceeded"}, {2, 2, ""}, {1, 1, ""}} {
		facts, err := a.Decide(&Take{HoldID: "b.1", Seats: line.seats, Limit: 2, For: time.Minute}, now)
		for _, fact := range facts {
			a.Evolve(fact)
		}
		code := ""
		if refusal, ok := err.(*core.Refusal); ok {
			code = refusal.Code
		}
		if code != line.code || a.Taken() != line.taken {
			t.Errorf("%d seats: %q, %d taken; want %q, %d", line.seats, code, a.Taken(), line.code, line.taken)
		}
	}
}
