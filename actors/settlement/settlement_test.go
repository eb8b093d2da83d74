package settlement

import (
	"testing"
	"time"

	"admitone/actors/core/coretest"
	"admitone/events"
)

// TestAReferenceCountsOnce: a reference counts for the refund that claims it first.
func TestAReferenceCountsOnce(t *testing.T) {
	s := New().(*Settlement)
	for i, line := range []struct {
		refund events.RefundID
		want   string
	}{
		{"r1", "settlement.claimed.v1"},
		{"r1", "nothing"},
		{"r2", "payment_reference_used [resource:/v1/refunds/r1]"},
	} {
		got := coretest.Do(s, &Claim{Provider: "bank", Reference: "re", RefundID: line.refund}, time.Time{},
			func(f events.Fact) string { return f.Name() })
		if got != line.want || s.RefundID() != "r1" {
			t.Errorf("line %d: %s, want %s", i+1, got, line.want)
		}
		s = coretest.RoundTrip(t, s.Freeze(), New).(*Settlement)
	}
}
