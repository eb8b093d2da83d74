package waitingroom

import (
	"bytes"
	"fmt"
	"io"
	"runtime"
	"strconv"
	"testing"

	"admitone/actors/core"
	"admitone/events"
)

const million = 1_000_000

// BenchmarkJoin decides and applies joins.
func BenchmarkJoin(b *testing.B) {
	r := crowd(b, fifo(10, 3), 0)
	b.ReportAllocs()
	n := 0
	for b.Loop() {
		if n++; n%million == 0 {
			b.StopTimer()
			r = crowd(b, fifo(10, 3), 0)
			b.StartTimer()
		}
		facts, err := r.Decide(&Join{Holder: events.Holder("holder-" + strconv.Itoa(n))}, day)
		if err != nil {
			b.Fatal(err)
		}
		r.Evolve(facts[0])
	}
}

// BenchmarkLook looks up tickets, as polls do, while a million visitors wait.
func BenchmarkLook(b *testing.B) {
	l := crowd(b, fifo(10, 3), million).Line()
	n := int64(0)
	for b.Loop() {
		n = (n + 7919*101) % million
		if l.Look(n+1).Number != n+1 {
			b.Fatalf("ticket %d: got number %d, want %d", n+1, l.Look(n+1).Number, n+1)
		}
	}
}

// BenchmarkPublish publishes a line of a million places, after twenty changes that are spread over it.
func BenchmarkPublish(b *testing.B) {
	r := crowd(b, fifo(10, 3), million)
	b.ReportAllocs()
	n := int64(0)
	for b.Loop() {
		b.StopTimer()
		for i := range int64(20) {
			n++
			facts, _ := r.Decide(leave(1+(i*50_021+n)%million), day)
			for _, fact := range facts {
				r.Evolve(fact)
			}
		}
		b.StartTimer()
		r.Line()
	}
}

// BenchmarkLeave ends places one after the other. The line is published after every thousand, so that
// blocks are copied.
func BenchmarkLeave(b *testing.B) {
	r := crowd(b, fifo(10_000, MaxActive), million)
	n := 0
	for b.Loop() {
		if n++; n == million {
			b.StopTimer()
			r, n = crowd(b, fifo(10_000, MaxActive), million), 1
			b.StartTimer()
		}
		if n%1000 == 0 {
			r.Line()
		}
		facts, err := r.Decide(leave(int64(n)), day)
		if err != nil {
			b.Fatal(err)
		}
		r.Evolve(facts[0])
	}
}

// BenchmarkAdmit admits the maximum number of visitors of one command.
func BenchmarkAdmit(b *testing.B) {
	r := crowd(b, fifo(MaxAdmitPerSecond, MaxActive), million)
	b.ReportAllocs()
	for b.Loop() {
		if r.waiting < AdmitAtOnce {
			b.StopTimer()
			r = crowd(b, fifo(MaxAdmitPerSecond, MaxActive), million)
			b.StartTimer()
		}
		facts, _ := r.Decide(admit, day)
		if len(facts) > 0 {
			r.Evolve(facts[0])
		}
		r.recent = nil // so that the rate does not limit admissions
	}
}

// BenchmarkShuffle draws the order of a million early tickets.
func BenchmarkShuffle(b *testing.B) {
	for b.Loop() {
		b.StopTimer()
		r := play(b, crowd(b, shuffled(10, 3), million), 11*s, expire)
		b.StartTimer()
		play(b, r, 11*s, shuffle)
	}
}

// BenchmarkFreeze runs the part of a snapshot that delays commands; writing is concurrent.
func BenchmarkFreeze(b *testing.B) {
	r := crowd(b, fifo(10, 3), million)
	b.ReportAllocs()
	for b.Loop() {
		r.Freeze()
	}
}

// BenchmarkSave writes a snapshot of a million visitors.
func BenchmarkSave(b *testing.B) {
	r := crowd(b, fifo(10, 3), million)
	for b.Loop() {
		if err := r.Freeze()(io.Discard); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkRestore reads a snapshot of a million visitors.
func BenchmarkRestore(b *testing.B) {
	var saved bytes.Buffer
	if err := crowd(b, fifo(10, 3), million).Freeze()(&saved); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if err := New().Restore(bytes.NewReader(saved.Bytes())); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkMemory reports the memory of a waiting visitor in the core and in the published line, in a
// room of each order.
func BenchmarkMemory(b *testing.B) {
	for b.Loop() {
		for name, set := range map[string]*Set{"fifo": fifo(10, 3), "shuffle": shuffled(10, 3)} {
			before := heap()
			r := crowd(b, set, 0)
			for i := range million {
				facts, _ := r.Decide(&Join{Holder: events.Holder(fmt.Sprintf("holder-%024d", i))}, day)
				r.Evolve(facts[0])
			}
			if set.Settings.Order == events.RoomShuffle {
				play(b, r, 11*s, expire, core.Command(shuffle))
			}
			l := r.Line()
			b.ReportMetric(float64(heap()-before)/million, "B/"+name)
			runtime.KeepAlive(r)
			runtime.KeepAlive(l)
		}
	}
}

func heap() uint64 {
	runtime.GC()
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return stats.HeapAlloc
}
