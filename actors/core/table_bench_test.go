package core

import (
	"runtime"
	"testing"
)

// value40 has the size of a product's reservation.
type value40 [40]byte

// BenchmarkTableMemory reports the memory of an entry with a key of 16 and a value of 40 bytes: in a
// table alone, and together with a frozen copy after every bucket has been written again.
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

// BenchmarkTableSet overwrites a million entries in turn.
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

// BenchmarkTableSetFrozen measures the most expensive write: the first one to a bucket since a
// freeze.
func BenchmarkTableSetFrozen(b *testing.B) {
	const entries = 1_000_000
	table := NewTable[[16]byte, value40]()
	for i := range entries {
		table.Set(key16(i), value40{})
	}
	b.ReportAllocs()
	i := 0
	for b.Loop() {
		table.gen++ // as Freeze does, but without the copy of the list of pages
		table.Set(key16(i%entries), value40{byte(i)})
		i++
	}
}

// BenchmarkTableFreeze measures a freeze of a million entries.
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
