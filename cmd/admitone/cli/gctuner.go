package cli

import (
	"runtime/debug"
	"runtime/metrics"
)

// gcTuner keeps the heap of a long run close to its live size. The default of GOGC, 100, doubles the
// memory needed for a large log, and collects every few milliseconds for a small one.
type gcTuner struct {
	live    []metrics.Sample
	calls   int
	percent int
}

const (
	// headroom is the number of bytes that may become garbage before a collection.
	headroom = 64 << 20
	// minPercent is the lowest GOGC: a large heap takes long to scan, so it may grow by more than headroom.
	minPercent = 15
	// tuneEvery is the number of calls between two measurements of the heap.
	tuneEvery = 64
)

func newGCTuner() *gcTuner {
	t := &gcTuner{live: []metrics.Sample{{Name: "/gc/heap/live:bytes"}}}
	t.tune()
	return t
}

// tune adjusts the collector. It is cheap enough to be called for every page of events.
func (t *gcTuner) tune() {
	if t.calls++; t.calls%tuneEvery != 1 {
		return
	}
	metrics.Read(t.live)
	live := max(t.live[0].Value.Uint64(), 4<<20)
	if percent := max(int(100*headroom/live), minPercent); percent != t.percent {
		t.percent = percent
		debug.SetGCPercent(percent)
	}
}
