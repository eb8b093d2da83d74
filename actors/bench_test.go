package actors

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"admitone/actors/core"
	"admitone/actors/product"
	"admitone/events"
)

// BenchmarkHotEntity: 256 and 4,096 callers on one product.
func BenchmarkHotEntity(b *testing.B) {
	for _, callers := range []int{256, 4096} {
		b.Run(fmt.Sprint(callers), func(b *testing.B) {
			store := openLog(b, b.TempDir())
			d := openDesk(b, store, func(c *Config) { c.Snapshots = store })
			mustCreate(b, d, 1_000_000_000)
			b.ReportAllocs()
			b.ResetTimer()
			busy := processorTime(b)
			inParallel(b, callers, func() error {
				_, err := ask(d, one("holder-0123456789"))
				return err
			})
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "commands/s")
			b.ReportMetric(float64(processorTime(b)-busy)/float64(b.N), "cpu-ns/op")
		})
	}
}

// inParallel makes b.N calls from several concurrent callers.
func inParallel(b *testing.B, callers int, call func() error) {
	var left atomic.Int64
	left.Store(int64(b.N))
	var all sync.WaitGroup
	for range callers {
		all.Go(func() {
			for left.Add(-1) >= 0 {
				if err := call(); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	all.Wait()
}

// BenchmarkRawStore appends events like those of BenchmarkHotEntity to the same kind of store,
// 1,024 at a time: the upper bound for an entity.
func BenchmarkRawStore(b *testing.B) {
	store := openLog(b, b.TempDir())
	const batch = 1024
	next := newBatch(NewID(), 16)
	for range batch {
		p := &envelope{decided: began, request: Request{ID: NewCommandID(), Actor: "test"}}
		p.outcome.facts = []events.Fact{
			&events.ProductReserved{
				ReservationID: events.ReservationID(NewID().String()),
				Holder:        "holder-0123456789",
				Quantity:      1,
				Remaining:     999_999_999,
			},
		}
		next.encode(lamp, p, events.Hash{})
	}
	b.ResetTimer()
	busy := processorTime(b)
	for n := 0; n < b.N; n += batch {
		events := slices.Clone(next.events[:min(batch, b.N-n)]) // the store retains its arguments
		if _, err := store.Append(context.Background(), lamp, revisionBefore(n), events); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "events/s")
	b.ReportMetric(float64(processorTime(b)-busy)/float64(b.N), "cpu-ns/op")
}

// processorTime is the CPU time of this process so far, which is more telling than wall-clock time
// on a shared machine.
func processorTime(b *testing.B) time.Duration {
	b.Helper()
	var used syscall.Rusage
	must(b, syscall.Getrusage(syscall.RUSAGE_SELF, &used))
	return time.Duration(used.Utime.Nano() + used.Stime.Nano())
}

func revisionBefore(n int) events.Revision { return events.Revision(n) - 1 }

// heapInUse returns the bytes of heap and stacks in use after a garbage collection.
func heapInUse() int64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.GC()
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc + m.StackInuse)
}

// activeEntities loads entities and returns the memory in bytes that each takes, with its entry, its
// actor and its core.
func activeEntities(t testing.TB, log events.Store, streams []events.StreamID) float64 {
	t.Helper()
	d := openDesk(t, log, nil)
	before := heapInUse()
	for i := range streams {
		_, err := d.Ask(context.Background(), Request{Stream: streams[i], ID: NewCommandID(), Command: &product.Confirm{}})
		if code(err) != "not_found" {
			t.Fatal(err)
		}
	}
	each := float64(heapInUse()-before) / float64(len(streams))
	closeDesk(t, d)
	return each
}

// lamps returns a log with n products, and their streams.
func lamps(t testing.TB, n int) (events.Store, []events.StreamID) {
	t.Helper()
	log := newMemory()
	streams := make([]events.StreamID, n)
	for i := range streams {
		name := events.ProductID(fmt.Sprint("lamp", i))
		streams[i] = product.Stream(name)
		created := newBatch(NewID(), 16)
		p := &envelope{decided: began, request: Request{ID: NewCommandID()}}
		p.outcome.facts = []events.Fact{
			&events.ProductCreated{ProductID: name, DisplayName: "Lamp", Stock: 100, HoldSeconds: 60},
		}
		created.encode(streams[i], p, events.Hash{})
		_, err := log.Append(context.Background(), streams[i], events.NoStream, created.events)
		must(t, err)
	}
	return log, streams
}

// BenchmarkActiveEntity: the memory of an idle entity.
func BenchmarkActiveEntity(b *testing.B) {
	log, streams := lamps(b, 100_000)
	for b.Loop() {
		b.ReportMetric(activeEntities(b, log, streams), "B/entity")
	}
}

// TestActiveEntity: an idle entity in memory needs at most 1,200 bytes.
func TestActiveEntity(t *testing.T) {
	log, streams := lamps(t, 20_000)
	each := activeEntities(t, log, streams)
	t.Logf("%.0f bytes each", each)
	if each > 1200 {
		t.Errorf("an idle entity needs %.0f bytes, want at most 1200", each)
	}
}

// openMillionReservations opens a desk on a product with a million open reservations, half of them held, and a
// snapshot.
func openMillionReservations(b *testing.B) (*Desk, *counted, events.Snapshots) {
	b.Helper()
	store := openLog(b, b.TempDir())
	log := &counted{Store: store}
	d := openDesk(b, log, func(c *Config) {
		c.Snapshots, c.MaxPerEntity, c.SnapshotEvery = store, 1<<20, 1<<40
	})
	_, err := ask(d, &product.Create{ID: "lamp", Name: "Lamp", Stock: 1 << 29, HoldSeconds: 86_400})
	must(b, err)
	var n atomic.Int64
	var all sync.WaitGroup
	for range 2048 {
		all.Go(func() {
			for i := n.Add(1); i <= 1_000_000; i = n.Add(1) {
				_, err := ask(
					d,
					&product.Reserve{
						ReservationID: NewID(),
						Holder:        events.Holder(fmt.Sprintf("holder-%07d", i%300_000)),
						Quantity:      1,
						Hold:          i%2 == 0,
					},
				)
				must(b, err)
			}
		})
	}
	all.Wait()
	return d, log, store
}

// BenchmarkMillionReservations: the memory of a product with a million open reservations, the time to
// load it, and the longest wait of a command with and without a snapshot being written.
func BenchmarkMillionReservations(b *testing.B) {
	for range b.N {
		d, log, snapshots := openMillionReservations(b)
		delayed := maxWait(b, d, func() {
			p := &envelope{request: Request{Stream: lamp}, save: true, reply: make(chan result, 1)}
			must(b, d.submit(p))
			<-p.reply
		})
		if d.Stats().Snapshots == 0 {
			b.Fatal("no snapshot was written")
		}
		usual := maxWait(b, d, func() { sellFor(b, d, 200) })
		closeDesk(b, d)
		before := heapInUse()
		again := openDesk(b, log, func(c *Config) { c.Snapshots = snapshots })
		log.read.Store(0)
		began := time.Now()
		_, err := again.View(context.Background(), lamp, func(core.Core) {})
		must(b, err)
		b.ReportMetric(float64(time.Since(began).Milliseconds()), "ms-to-load")
		b.ReportMetric(float64(log.read.Load()), "events-read")
		used := heapInUse() - before
		b.ReportMetric(float64(used)/1e6, "MB")
		b.ReportMetric(float64(used)/1e6, "B/reservation")
		b.ReportMetric(float64(delayed.Microseconds())/1e3, "ms-longest-saving")
		b.ReportMetric(float64(usual.Microseconds())/1e3, "ms-longest-usual")
		closeDesk(b, again)
	}
}

func sellFor(b *testing.B, d *Desk, units int) {
	for range units {
		_, err := ask(d, one("bob"))
		must(b, err)
	}
}

// maxWait sells lamps while during runs, and returns the longest wait.
func maxWait(b *testing.B, d *Desk, during func()) (longest time.Duration) {
	ctx, stop := context.WithCancel(context.Background())
	var selling sync.WaitGroup
	selling.Go(func() {
		for ctx.Err() == nil {
			began := time.Now()
			_, err := ask(d, one("bob"))
			longest = max(longest, time.Since(began))
			if err != nil && !errors.Is(err, ErrOverloaded) {
				b.Error(err)
				return
			}
		}
	})
	during()
	stop()
	selling.Wait()
	return longest
}
