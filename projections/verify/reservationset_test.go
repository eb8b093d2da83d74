package verify

import (
	"testing"
	"time"
)

// TestMomentRoundTrip: a moment converts back to the same time.
func TestMomentRoundTrip(t *testing.T) {
	for _, want := range []time.Time{time.Unix(0, 1), time.Unix(-1, 999999999),
		time.Date(9999, 12, 31, 23, 59, 59, 999999999, time.UTC), time.Date(1, 1, 1, 0, 0, 0, 0, time.UTC)} {
		if got := momentOf(want).time(); !got.Equal(want) {
			t.Errorf("momentOf(t).time() = %v, want %v", got, want)
		}
	}
}
