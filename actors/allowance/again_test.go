package allowance

import (
	"testing"
	"time"

	"admitone/actors/core"
)

// TestTakingAnotherNumberUnderTheSameHold: two requests under one key, on two nodes, may want
// different numbers of seats. Neither changes what the other has taken.
func TestTakingAnotherNumberUnderTheSameHold(t *testing.T) {
	a, now := New().(*Allowance), time.Date(2026, 5, 1, 20, 0, 0, 0, time.UTC)
	for _, line := range []struct {
		seats, taken int64
		code         string
	}{{1, 1, ""}, {1, 1, ""}, {50, 1, "not_held"}, {2, 1, "not_held"}, {1, 1, ""}} {
		facts, err := a.Decide(&Take{HoldID: "b.1", Seats: line.seats, Limit: 2, For: time.Minute}, now)
		for _, fact := range facts {
			a.Evolve(fact)
		}
		code := ""
		if refusal, ok := err.(*core.Refusal); ok {
			code = string(refusal.Code)
		}
		if code != line.code || a.Taken() != line.taken {
			t.Errorf("%d seats: %q, %d taken; want %q, %d", line.seats, code, a.Taken(), line.code, line.taken)
		}
	}
}
