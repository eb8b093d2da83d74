package main

import (
	"runtime/debug"
	"runtime/metrics"
)

// frugal keeps the heap of a long run close to what is in use. The collector's own
// rule, a new round when the heap has doubled, is twice the memory of a log that
// needs much; and it runs every few milliseconds for one that needs little.
type frugal struct {
	live    []metrics.Sample
	calls   int
	percent int
}

const (
	// headroom is how many bytes may become garbage before they are collected.
	headroom = 64 << 20
	// leastPercent of what is in use is more than that in a large heap, which takes
	// longer to look through.
	leastPercent = 15
	// lookEvery says at which calls the heap is looked at.
	lookEvery = 64
)

func newFrugal() *frugal {
	f := &frugal{live: []metrics.Sample{{Name: "/gc/heap/live:bytes"}}}
	f.look()
	return f
}

// look is called often.
func (f *frugal) look() {
	if f.calls++; f.calls%lookEvery != 1 {
		return
	}
	metrics.Read(f.live)
	live := max(f.live[0].Value.Uint64(), 4<<20)
	if percent := max(int(100*headroom/live), leastPercent); percent != f.percent {
		f.percent = percent
		debug.SetGCPercent(percent)
	}
}
