package projections

import (
	"errors"
	"testing"
	"time"

	"admitone/events"
)

// TestLimitsAreCountedAnew: who gives units back or lets them expire may have others;
// and a limit that is set, lifted and set again counts everything that is owned then.
func TestLimitsAreCountedAnew(t *testing.T) {
	f := newForgery()
	f.add("product-a", create(20, 3), reserved(1, "ada", 3, 17), released(1, "ada", 3, events.ReservationConfirmed, 20), reserved(2, "ada", 1, 19), f.held(3, "ada", 2, 17))
	until := f.now.Add(holdFor)
	f.wait(holdFor + time.Nanosecond)
	f.add("product-a", expired(until, 3, "ada", 2, 19), reserved(4, "ada", 2, 17))
	edit := func(limit, remaining int64) *events.ProductEdited {
		return &events.ProductEdited{DisplayName: "A", Stock: 20, LimitPerHolder: limit, Remaining: remaining}
	}
	f.add("product-a", edit(0, 17), reserved(5, "ada", 2, 15), released(2, "ada", 1, events.ReservationConfirmed, 16), edit(5, 16), reserved(6, "ada", 1, 15))
	if err := f.verify(); err != nil {
		t.Fatal(err)
	}
	f.add("product-a", reserved(7, "bob", 5, 10), reserved(8, "ada", 1, 9))
	var broken *Violation
	if err := f.verify(); !errors.As(err, &broken) || broken.Rule != RuleLimit || int(broken.Position) != len(f.log) {
		t.Errorf("the sixth of ada: %v", err)
	}
}

// TestSmallMoments: a deadline that is kept small is the same moment.
func TestSmallMoments(t *testing.T) {
	for _, want := range []time.Time{time.Unix(0, 1), time.Unix(-1, 999999999), time.Date(9999, 12, 31, 23, 59, 59, 999999999, time.UTC), time.Date(1, 1, 1, 0, 0, 0, 0, time.UTC)} {
		if got := momentOf(want).time(); !got.Equal(want) {
			t.Errorf("%v became %v", want, got)
		}
	}
}
