package verify_test

import (
	"errors"
	"testing"
	"time"

	"admitone/events"
	"admitone/projections/logtest"
	"admitone/projections/verify"
)

// TestLimitsAreRecounted: released and expired units don't count towards a limit. A limit that is set again after it
// was lifted counts all units that the holder owns.
func TestLimitsAreRecounted(t *testing.T) {
	f := logtest.NewForgery()
	f.Add("product-a", logtest.Created(20, 3), logtest.Reserved(1, "ada", 3, 17),
		logtest.Released(1, "ada", 3, events.ReservationConfirmed, 20), logtest.Reserved(2, "ada", 1, 19),
		f.Held(3, "ada", 2, 17))
	until := f.Now.Add(logtest.HoldFor)
	f.Wait(logtest.HoldFor + time.Nanosecond)
	f.Add("product-a", logtest.Expired(until, 3, "ada", 2, 19), logtest.Reserved(4, "ada", 2, 17))
	edit := func(limit, remaining int64) *events.ProductEdited {
		return &events.ProductEdited{DisplayName: "A", Stock: 20, LimitPerHolder: limit, Remaining: remaining}
	}
	f.Add("product-a", edit(0, 17), logtest.Reserved(5, "ada", 2, 15),
		logtest.Released(2, "ada", 1, events.ReservationConfirmed, 16), edit(5, 16), logtest.Reserved(6, "ada", 1, 15))
	if err := verifyAll(f.Log); err != nil {
		t.Fatal(err)
	}
	f.Add("product-a", logtest.Reserved(7, "bob", 5, 10), logtest.Reserved(8, "ada", 1, 9))
	var broken *verify.Violation
	if err := verifyAll(f.Log); !errors.As(err, &broken) || broken.Rule != verify.RuleLimit ||
		int(broken.Position) != len(f.Log) {
		t.Errorf("ada's sixth unit: %v, want a violation of %q", err, verify.RuleLimit)
	}
}
