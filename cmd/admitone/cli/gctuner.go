package cli

import (
	"runtime/debug"
	"runtime/metrics"
)

// gcTuner keeps the heap of a long run close to its live size. The collector's default, to run when
// the heap has doubled, needs twice the memory for a large log, and runs every few milliseconds for
// a small one.
type gcTuner struct {
	live    []metrics.Sample
	calls   int
	percent int
}

const (
	// headroom is the number of bytes that may become garbage before a collection.
	headroom = 64 << 20
	// minPercent of the live heap exceeds headroom in a large heap, which takes longer to scan.
	minPercent = 15
	// tuneEvery is the number of calls between two measurements of the heap.
	tuneEvery = 64
)

func newGCTuner() *gcTuner {
	f := &gcTuner{live: []metrics.Sample{{Name: "/gc/heap/live:bytes"}}}
	f.tune()
	return f
}

// tune adjusts the collector. It is cheap enough to be called for every page of events.
func (f *gcTuner) tune() {
	if f.calls++; f.calls%tuneEvery != 1 {
		return
	}
	metrics.Read(f.live)
	live := max(f.live[0].Value.Uint64(), 4<<20)
	if percent := max(int(100*headroom/live), minPercent); percent != f.percent {
		f.percent = percent
		debug.SetGCPercent(percent)
	}
}
