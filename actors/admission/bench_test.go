package admission

import (
	"context"
	"fmt"
	"math/rand/v2"
	"runtime"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"admitone/actors"
	"admitone/actors/core"
	"admitone/actors/product"
	"admitone/events"
	"admitone/events/embedded"
)

const million = 1_000_000

// bench starts a node, which makes its rounds by itself, on a log in dir.
func bench(b *testing.B, dir string) (*node, *embedded.Store) {
	b.Helper()
	store := openLog(b, dir)
	n := start(b, store, nil, func(desk *actors.Config, _ *Config) {
		desk.Snapshots = store
		desk.Kinds = append(desk.Kinds, product.Kind)
	})
	return n, store
}

func shutDown(b *testing.B, n *node, store *embedded.Store) {
	b.Helper()
	n.stop()
	if err := store.Close(); err != nil {
		b.Fatal(err)
	}
}

// inParallel makes count calls from several concurrent callers.
func inParallel(b *testing.B, callers, count int, call func(n int) error) {
	b.Helper()
	var left atomic.Int64
	left.Store(int64(count))
	var all sync.WaitGroup
	for range callers {
		all.Go(func() {
			for n := left.Add(-1); n >= 0; n = left.Add(-1) {
				if err := call(int(n)); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	all.Wait()
}

// slow is a room that admits one visitor per second, so that a million wait.
var slow = events.WaitingRoomSettings{
	AdmitPerSecond:   1,
	MaxActive:        100_000,
	ActiveSeconds:    3600,
	HeartbeatSeconds: 3600,
}

// crowdedRoom returns a node with a million waiting visitors. It restarts the node after they have
// joined, so that only the room is in memory. It also returns the ids of a tenth of the visitors, and
// the size of the heap before the room was loaded.
func crowdedRoom(b *testing.B) (n *node, store *embedded.Store, visitors []string, before uint64) {
	b.Helper()
	dir := b.TempDir()
	n, store = bench(b, dir)
	n.set(slow)
	visitors = make([]string, million/10)
	inParallel(b, 4096, million, func(i int) error {
		visit, _, _, err := n.rooms.Join(ctx, "sale", events.Holder("holder-"+strconv.Itoa(1_000_000+i)), by("holder"))
		if i%10 == 0 {
			visitors[i/10] = visit.Visitor
		}
		return err
	})
	shutDown(b, n, store)
	n, store = bench(b, dir)
	before = heap()
	if err := n.rooms.Resume(ctx, "sale"); err != nil {
		b.Fatal(err)
	}
	rm, err := n.rooms.find(ctx, "sale")
	if err != nil {
		b.Fatal(err)
	}
	for ticket := int64(1); ticket <= million; ticket++ {
		rm.seen.isSilent(ticket, time.Now(), time.Time{})
	}
	return n, store, visitors, before
}

// BenchmarkJoin measures joins of one room and, for comparison, reservations of one product. Every
// answer is durable.
func BenchmarkJoin(b *testing.B) {
	for _, callers := range []int{256, 4096} {
		for _, what := range []string{"join", "reserve"} {
			b.Run(fmt.Sprint(what, "/", callers), func(b *testing.B) {
				n, store := bench(b, b.TempDir())
				defer shutDown(b, n, store)
				n.set(slow)
				ask := func(cmd core.Command) error {
					request := by("holder")
					request.Stream, request.Command = product.Stream("lamp"), cmd
					_, err := n.desk.Ask(ctx, request)
					return err
				}
				if err := ask(&product.Create{ID: "lamp", Stock: product.MaxStock, HoldSeconds: 60}); err != nil {
					b.Fatal(err)
				}
				b.ReportAllocs()
				b.ResetTimer()
				busy := processorTime(b)
				inParallel(b, callers, b.N, func(i int) error {
					holder := events.Holder("holder-" + strconv.Itoa(10_000_000+i))
					if what == "reserve" {
						return ask(&product.Reserve{ReservationID: actors.NewID(), Holder: holder, Quantity: 1})
					}
					_, _, _, err := n.rooms.Join(ctx, "sale", holder, by("holder"))
					return err
				})
				b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "commands/s")
				b.ReportMetric(float64(processorTime(b)-busy)/float64(b.N), "cpu-ns/op")
			})
		}
	}
}

// BenchmarkMillion measures a room with a million waiting visitors: the memory per visitor (the room's
// entity, its line and the heartbeat table), the cost of a poll, and the age of the line while others
// join and poll as fast as they can.
func BenchmarkMillion(b *testing.B) {
	n, store, visitors, before := crowdedRoom(b)
	defer shutDown(b, n, store)
	b.Run("memory", func(b *testing.B) {
		for b.Loop() {
			b.ReportMetric(float64(heap()-before)/million, "B/visitor")
		}
	})
	b.Run("poll", func(b *testing.B) {
		b.ReportAllocs()
		busy := processorTime(b)
		b.RunParallel(func(pb *testing.PB) {
			for i := rand.IntN(len(visitors)); pb.Next(); i = (i + 7919) % len(visitors) {
				if visit, err := n.rooms.Poll(ctx, "sale", visitors[i]); err != nil || visit.Status == "" {
					b.Errorf("poll: %+v, %v; want a status", visit, err)
					return
				}
			}
		})
		b.ReportMetric(float64(processorTime(b)-busy)/float64(b.N), "cpu-ns/op")
	})
	for _, busy := range []bool{false, true} {
		b.Run(fmt.Sprintf("age/busy=%t", busy), func(b *testing.B) { ageOfLine(b, n, visitors, busy) })
	}
}

// ageOfLine samples the age of the line every millisecond.
func ageOfLine(b *testing.B, n *node, visitors []string, busy bool) {
	ended, cancel := context.WithCancel(ctx)
	var all sync.WaitGroup
	var joined atomic.Int64
	if busy {
		for part := range 64 {
			all.Go(func() {
				for i := 0; ended.Err() == nil; i++ {
					holder := events.Holder(fmt.Sprint("late-", part, "-", i))
					if _, _, _, err := n.rooms.Join(ctx, "sale", holder, by(string(holder))); err != nil {
						b.Error(err)
						return
					}
					joined.Add(1)
					_, _ = n.rooms.Poll(ctx, "sale", visitors[(i*64+part)%len(visitors)])
				}
			})
		}
	}
	var ages []time.Duration
	for b.Loop() {
		time.Sleep(time.Millisecond)
		line, err := n.rooms.Line(ctx, "sale")
		if err != nil {
			b.Fatal(err)
		}
		ages = append(ages, time.Since(line.At))
	}
	cancel()
	all.Wait()
	slices.Sort(ages)
	b.ReportMetric(float64(ages[len(ages)/2].Microseconds())/1000, "p50-ms")
	b.ReportMetric(float64(ages[len(ages)*99/100].Microseconds())/1000, "p99-ms")
	b.ReportMetric(float64(ages[len(ages)-1].Microseconds())/1000, "max-ms")
	b.ReportMetric(float64(joined.Load())/b.Elapsed().Seconds(), "joins/s")
}

// BenchmarkSilent measures a sweep of a million visitors.
func BenchmarkSilent(b *testing.B) {
	n, store, _, _ := crowdedRoom(b)
	defer shutDown(b, n, store)
	rm, err := n.rooms.find(ctx, "sale")
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if silent := rm.silentTickets(time.Now(), time.Now().Add(-time.Hour)); len(silent) > 0 {
			b.Fatalf("%d visitors are silent, want none", len(silent))
		}
	}
}

// processorTime returns the CPU time that this process has used. It varies less than wall-clock time
// on a shared machine.
func processorTime(b *testing.B) time.Duration {
	b.Helper()
	var used syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &used); err != nil {
		b.Fatal(err)
	}
	return time.Duration(used.Utime.Nano() + used.Stime.Nano())
}

func heap() uint64 {
	runtime.GC()
	runtime.GC()
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return stats.HeapAlloc
}
