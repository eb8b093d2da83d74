package load

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"
)

// TestHistogram compares the percentiles with those of all durations, sorted.
func TestHistogram(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 1))
	var h histogram
	var all []time.Duration
	for range 20_000 {
		d := time.Duration(1<<random.IntN(34)) + time.Duration(random.IntN(1000))
		all = append(all, d)
		h.add(d)
	}
	slices.Sort(all)
	for _, q := range []float64{0, 0.1, 0.5, 0.9, 0.99, 0.9999, 1} {
		want := all[min(int(q*float64(len(all))), len(all)-1)]
		got := h.at(q)
		if got < want.Truncate(time.Microsecond) || got > want+want/30+time.Microsecond {
			t.Errorf("at %v: %v, want %v", q, got, want)
		}
	}
}
