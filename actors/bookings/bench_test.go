package bookings

import (
	"context"
	"fmt"
	"runtime"
	"sync/atomic"
	"testing"
	"time"

	"admitone/events"
)

// withoutMap replaces the views by noViews, because reading their seat map would dominate the cost.
func (w *harness) withoutMap() {
	w.Bookings = New(w.desk, noViews{})
}

// noViews are views that show every seat as free, and have no holds or halls.
type noViews struct{}

// TakenSeats returns no taken seats.
func (noViews) TakenSeats(context.Context, events.PerformanceID) ([]byte, events.Position, error) {
	return make([]byte, 100_000), 0, nil
}

// Hall returns no hall.
func (noViews) Hall(context.Context, events.PlanID) (*events.Hall, error) {
	return nil, events.ErrNoPlan
}

// UnconfirmedHolds returns nothing.
func (noViews) UnconfirmedHolds(context.Context, events.BookingID) (map[events.HoldID][]events.StreamID, error) {
	return nil, nil
}

// CatchUp is a no-op.
func (noViews) CatchUp(context.Context) error { return nil }

// KeptAfter returns 0.
func (noViews) KeptAfter(context.Context, events.BookingID) (int64, error) { return 0, nil }

// BenchmarkBook books single seats, and groups of six, without contention, on a synced log.
func BenchmarkBook(b *testing.B) {
	for _, seats := range []int{1, 6} {
		for _, callers := range []int{1, 256} {
			b.Run(fmt.Sprintf("%d seats, %d callers", seats, callers), func(b *testing.B) {
				w := newHarness(b, 250, 400, 0)
				w.withoutMap()
				var next atomic.Int64
				b.SetParallelism(max(1, callers/runtime.GOMAXPROCS(0)))
				if callers == 1 {
					b.SetParallelism(1)
				}
				b.ResetTimer()
				b.RunParallel(func(pb *testing.PB) {
					for pb.Next() {
						first := (next.Add(1) - 1) * int64(seats)
						names := make([]events.SeatName, seats)
						for i := range names {
							at := first + int64(i)
							names[i] = events.NewSeatName("A", 1+at/400%250, 1+at%400)
						}
						if _, err := w.book("ann", names...); err != nil {
							b.Error(err)
							return
						}
					}
				})
				b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "bookings/s")
			})
		}
	}
}

// BenchmarkPay pays for two seats at a time, each from a separate wallet.
func BenchmarkPay(b *testing.B) {
	w := newHarness(b, 250, 400, 0)
	w.withoutMap()
	ids := make([]events.BookingID, b.N)
	for i := range ids {
		holder := events.Holder(fmt.Sprint("holder-", i))
		w.charge(holder, 200)
		ids[i] = w.mustBook(
			holder,
			events.NewSeatName("A", int64(1+i*2/400), int64(1+i*2%400)),
			events.NewSeatName("A", int64(1+i*2/400), int64(2+i*2%400)),
		)
	}
	var next atomic.Int64
	b.SetParallelism(128)
	b.ResetTimer()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if _, err := w.pay(ids[next.Add(1)-1], ""); err != nil {
				b.Error(err)
				return
			}
		}
	})
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "payments/s")
}

// BenchmarkContendedSeat measures the time until a hundred callers for one seat have their answers.
func BenchmarkContendedSeat(b *testing.B) {
	w := newHarness(b, 250, 400, 0)
	w.withoutMap()
	var slowest time.Duration
	for i := 0; b.Loop(); i++ {
		name := events.NewSeatName("A", int64(1+i/400), int64(1+i%400))
		began := time.Now()
		got := runConcurrently(100, func(n int) error {
			_, err := w.book(events.Holder(fmt.Sprint("holder-", n)), name)
			return err
		})
		slowest = max(slowest, time.Since(began))
		if got["ok"] != 1 || got["seat_taken"] != 99 {
			b.Fatalf("got outcomes %v, want 1 ok and 99 seat_taken", got)
		}
	}
	b.ReportMetric(float64(slowest.Microseconds())/1000, "ms/slowest")
}

// BenchmarkBookingMemory measures the memory of a booking with one seat.
func BenchmarkBookingMemory(b *testing.B) {
	const seats = 20_000
	for b.Loop() {
		w := newHarness(b, 250, 400, 0)
		w.withoutMap()
		before := heap()
		got := runConcurrently(200, func(caller int) error {
			for i := caller; i < seats; i += 200 {
				if _, err := w.book("ann", events.NewSeatName("A", int64(1+i/400), int64(1+i%400))); err != nil {
					return err
				}
			}
			return nil
		})
		if got["ok"] != 200 {
			b.Fatalf("got outcomes %v, want 200 ok", got)
		}
		b.ReportMetric(float64(heap()-before)/seats, "B/booking")
		runtime.KeepAlive(w)
	}
}

// heap returns the memory in use by the heap and the stacks, in bytes.
func heap() int64 {
	runtime.GC()
	runtime.GC()
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return int64(stats.HeapInuse + stats.StackInuse)
}
