package settlement

import (
	"testing"
	"time"

	"admitone/actors/core/coretest"
	"admitone/events"
)

// TestReferenceSettlesOneRefund checks that a reference settles the refund that claims it first.
func TestReferenceSettlesOneRefund(t *testing.T) {
	s := New().(*Settlement)
	for i, test := range []struct {
		refund events.RefundID
		want   string
	}{
		{"r1", "settlement.claimed.v1"},
		{"r1", "nothing"},
		{"r2", "payment_reference_used [resource:/v1/refunds/r1]"},
	} {
		got := coretest.Do(s, &Claim{Provider: "bank", Reference: "re", RefundID: test.refund}, time.Time{},
			func(f events.Fact) string { return f.Name() })
		if got != test.want || s.RefundID() != "r1" {
			t.Errorf("case %d: got %q, refund %q; want %q, r1", i+1, got, s.RefundID(), test.want)
		}
		s = coretest.RoundTrip(t, s.Freeze(), New).(*Settlement)
	}
}
