package allowance

import (
	"testing"
	"time"

	"admitone/actors/core"
)

// TestTakeDifferentNumberOfSeats checks that requests under one idempotency key, on two nodes, that ask
// for different numbers of seats don't change what the first one has taken.
func TestTakeDifferentNumberOfSeats(t *testing.T) {
	a, now := New().(*Allowance), time.Date(2026, 5, 1, 20, 0, 0, 0, time.UTC)
	for i, row := range []struct {
		seats, taken int64
		code         string
	}{{1, 1, ""}, {1, 1, ""}, {50, 1, "not_held"}, {2, 1, "not_held"}, {1, 1, ""}} {
		facts, err := a.Decide(&Take{HoldID: "b.1", Seats: row.seats, Limit: 2, For: time.Minute}, now)
		for _, fact := range facts {
			a.Evolve(fact)
		}
		code := ""
		if refusal, ok := err.(*core.Refusal); ok {
			code = string(refusal.Code)
		}
		if code != row.code || a.Taken() != row.taken {
			t.Errorf("row %d: Take of %d seats: got code %q and %d taken, want %q and %d", i+1, row.seats, code, a.Taken(), row.code, row.taken)
		}
	}
}
