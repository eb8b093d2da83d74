package core

import (
	"runtime"
	"testing"
)

// value40 is as large as a reservation of a product.
type value40 [40]byte

// BenchmarkTableMemory reports the bytes of an entry of 16 + 40, without and with a frozen copy of
// which every bucket has been written since.
func BenchmarkTableMemory(b *testing.B) {
	const entries = 1_000_000
	for b.Loop() {
		before := heap()
		table := NewTable[[16]byte, value40]()
		for i := range entries {
			table.Set(key16(i), value40{byte(i)})
		}
		atRest := heap()
		frozen := table.Freeze()
		for i := range entries {
			table.Set(key16(i), value40{byte(i + 1)})
		}
		withCopy := heap()
		b.ReportMetric(float64(atRest-before)/entries, "B/entry")
		b.ReportMetric(float64(withCopy-before)/entries, "B/entry-frozen")
		runtime.KeepAlive(table)
		runtime.KeepAlive(frozen)
	}
}

func heap() uint64 {
	runtime.GC()
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return stats.HeapAlloc
}

// BenchmarkTableSet writes over a million entries in turn.
func BenchmarkTableSet(b *testing.B) {
	const entries = 1_000_000
	table := NewTable[[16]byte, value40]()
	for i := range entries {
		table.Set(key16(i), value40{})
	}
	b.ReportAllocs()
	i := 0
	for b.Loop() {
		table.Set(key16(i%entries), value40{byte(i)})
		i++
	}
}

// BenchmarkTableSetFrozen writes each bucket for the first time since a freeze: the worst single
// write.
func BenchmarkTableSetFrozen(b *testing.B) {
	const entries = 1_000_000
	table := NewTable[[16]byte, value40]()
	for i := range entries {
		table.Set(key16(i), value40{})
	}
	b.ReportAllocs()
	i := 0
	for b.Loop() {
		table.gen++ // what Freeze does, without its copy of the bucket list
		table.Set(key16(i%entries), value40{byte(i)})
		i++
	}
}

// BenchmarkTableFreeze is the cost of a freeze at a million entries.
func BenchmarkTableFreeze(b *testing.B) {
	const entries = 1_000_000
	table := NewTable[[16]byte, value40]()
	for i := range entries {
		table.Set(key16(i), value40{})
	}
	b.ReportAllocs()
	for b.Loop() {
		table.Freeze()
	}
}
